//! The `scorelet` program: runs a subcommand and turns its error into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    scorelet::cli::main()
}
