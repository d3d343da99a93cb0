//! `scorelet convert`: writes any readable bundle as a native bundle, or as a pickle that scikit-learn loads.
//!
//! The new file is written beside its place, read back, compared with the input, and only then moved there: whoever
//! opens OUT finds the old file or the whole new one.

use super::{Failure, model, output};
use crate::load::{self, ExportError, LoadOptions};
use std::path::{Path, PathBuf};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The bundle to read: a file, a folder that holds one, or a version of a registry: NAME, NAME@7, NAME@champion
    input: PathBuf,
    #[command(flatten)]
    from: model::From,
    /// The native bundle to write, or a pickle for Python where the name ends in .pkl or .pickle; an older native bundle
    /// there is replaced
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// Replace OUT also if it is no native bundle
    #[arg(long, env = "SCORELET_FORCE", value_parser = clap::builder::FalseyValueParser::new())]
    force: bool,
}

/// Converts one bundle.
///
/// # Errors
/// When the input cannot be loaded or the output cannot be written.
pub fn run(args: Args) -> Result<(), Failure> {
    let options = LoadOptions { features: args.features.as_deref().map(super::names).transpose()? };
    let place = output::bundle_place(&args.output, args.force)?;
    output::clean_up_when_interrupted();
    let (input, options) = model::find(&args.input, &args.from)?.read(options)?;
    let (bytes, bundle) = if is_pickle(&args.output) {
        let pickled = load::pickled(&input, &options).map_err(|error| match error {
            ExportError::Load(error) => Failure::Bundle(error),
            other => Failure::Work(other.into()),
        })?;
        (pickled.bytes, pickled.bundle)
    } else {
        let converted = load::convert(&input, &options)?;
        (converted.bytes, converted.bundle)
    };
    output::write_bundle(&place, &bytes, &bundle)?;
    let (from, to) = (input.len(), bytes.len());
    super::print(&format!("wrote {}: {to} bytes (from {from}), read back and equal\n", args.output.display()))
}

/// What is read is told by its content; what is to be written only its name can tell.
fn is_pickle(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pkl") || ending.eq_ignore_ascii_case("pickle"))
}
