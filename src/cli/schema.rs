//! `scorelet schema`: writes down what a table is, for `train --schema` to hold the next one to it.

use super::train::{delimiter, unread};
use super::{Failure, output};
use crate::data::{self, schema};
use anyhow::ensure;
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the schema of a table: types, missing values, ranges, categories; then read it, edit it, commit it
    Infer(Infer),
}

#[derive(Debug, clap::Args)]
struct Infer {
    /// The tables: files, folders, patterns or URLs; several are read as one table
    #[arg(long, env = "SCORELET_DATA", value_name = "URL", num_args = 1.., required = true)]
    data: Vec<String>,
    /// The schema file to write; without it the schema goes to stdout
    #[arg(long, env = "SCORELET_OUTPUT_PATH", value_name = "FILE")]
    output_path: Option<PathBuf>,
    /// Look at only this many rows, drawn at random
    #[arg(long, env = "SCORELET_SAMPLE", value_name = "ROWS")]
    sample: Option<usize>,
    /// What separates the values of CSV [default: ,]
    #[arg(long, env = "SCORELET_DELIMITER", value_name = "CHAR")]
    delimiter: Option<char>,
    /// Replace a file that is there
    #[arg(long, env = "SCORELET_FORCE", value_parser = clap::builder::FalseyValueParser::new())]
    force: bool,
}

/// Infers a schema.
///
/// # Errors
/// When the data cannot be read, or the file cannot be written.
pub fn run(args: Args) -> Result<(), Failure> {
    let Command::Infer(args) = args.command;
    if let Some(path) = args.output_path.as_deref().filter(|path| path.exists() && !args.force) {
        // It may hold edits that no table can give back.
        return Err(Failure::Work(anyhow::anyhow!(
            "{} exists: choose another name, or --force to replace it",
            path.display()
        )));
    }
    let options = data::ReadOptions {
        delimiter: delimiter(args.delimiter)?,
        sample: args.sample.map(|rows| data::Sample { rows, seed: 0 }),
        ..data::ReadOptions::default()
    };
    let loaded = data::read(&args.data, &options).map_err(unread)?;
    let text = schema::infer(&loaded.table).to_toml();
    let Some(path) = args.output_path else { return super::print(&text) };
    output::clean_up_when_interrupted();
    output::write(&path, text.as_bytes(), |written| {
        let read = std::fs::read_to_string(written)?;
        ensure!(schema::Schema::from_toml(&read).is_ok(), "what was written is no schema; please report this");
        Ok(())
    })?;
    super::print(&format!(
        "wrote {}: {} columns of {} rows\n",
        path.display(),
        loaded.table.columns.len(),
        loaded.table.rows
    ))
}
