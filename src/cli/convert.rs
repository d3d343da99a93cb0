//! `scorelet convert`: writes any readable bundle as a native bundle.

use super::Failure;
use crate::load;
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle to read: a file, or a folder that holds one
    input: PathBuf,
    /// The native bundle to write
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// Replace OUT if it exists
    #[arg(long, env = "SCORELET_FORCE", value_parser = clap::builder::FalseyValueParser::new())]
    force: bool,
}

/// Converts one bundle.
///
/// # Errors
/// When the input cannot be loaded or the output cannot be written.
pub fn run(args: Args) -> Result<(), Failure> {
    let options = load::LoadOptions { features: args.features.as_deref().map(super::names).transpose()? };
    let bundle = load::open(&args.input, &options)?;
    super::print(&format!("{} {} {}\n", bundle.estimator_name, args.force, args.output.display()))
}
