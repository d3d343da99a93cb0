//! The command line: the only module that names clap. One file for each subcommand.

use std::process::ExitCode;

/// Parses the arguments, runs the subcommand, reports its error.
pub fn main() -> ExitCode {
    todo!()
}
