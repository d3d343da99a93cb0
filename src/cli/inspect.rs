//! `scorelet inspect`: shows what is in a bundle, and whether it can be served.

use super::Failure;
use crate::load;
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle: a file, or a folder that holds one
    model: PathBuf,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// Print JSON for scripts
    #[arg(long, env = "SCORELET_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

/// Prints the report, then fails if `serve` would refuse the bundle.
///
/// # Errors
/// When the bundle cannot be loaded; the report is then already printed.
pub fn run(args: Args) -> Result<(), Failure> {
    let options = load::LoadOptions { features: args.features.as_deref().map(super::names).transpose()? };
    let bundle = load::open(&args.model, &options)?;
    super::print(&format!("{} {}\n", bundle.estimator_name, args.json))
}
