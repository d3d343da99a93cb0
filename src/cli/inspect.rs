//! `scorelet inspect`: shows what is in a bundle, and whether it can be served.

mod text;

use super::{Failure, model};
use crate::load::{self, LoadOptions};
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = KEYS)]
pub struct Args {
    /// The bundle: a file, a folder that holds one, or a version of a registry: NAME, NAME@7, NAME@champion
    model: PathBuf,
    #[command(flatten)]
    from: model::From,
    /// Column names in the order of the model's features, for a model fitted without names
    #[arg(long, env = "SCORELET_FEATURES", value_name = "A,B,...")]
    features: Option<String>,
    /// Print JSON for scripts
    #[arg(long, env = "SCORELET_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

const KEYS: &str = "\
Exits with 3, after the report, if `serve` would refuse the bundle.

Keys of --json (later versions only add to them; a key whose value is not known is null):
  path, bytes, sha256   the file itself
  format                such as `pickle protocol 4`, `joblib (zlib)`, `scorelet bundle 1`
  servable, problems    whether `serve` takes it, and every reason why not
  model, scaler         class, version, parameters, trees {count, nodes, max_depth}, count, and parts of the same form
  feature_order         column names in the order the model expects
  outputs               what a request may ask for; the first is the default
  classes               labels of a classifier, in the order of predict_proba
  inputs                missing, infinite: whether such values are accepted; text_columns: those that take text
  metadata, extra       what the bundle says about itself; its other keys
  content               bytes (decompressed), arrays, array_bytes, opcodes, classes {name: number of objects},
                        unsupported (estimators that are not computed), refused [{name, uses, offset}]";

/// Prints the report, then fails if `serve` would refuse the bundle.
///
/// # Errors
/// When the bundle cannot be loaded; the report is then already printed.
pub fn run(args: Args) -> Result<(), Failure> {
    let options = LoadOptions { features: args.features.as_deref().map(super::names).transpose()? };
    let (file, options) = model::find(&args.model, &args.from)?.read(options)?;
    let (report, loaded) = load::report(&file, &options);
    let shown = if args.json {
        serde_json::to_string_pretty(&report).map_err(anyhow::Error::from)? + "\n"
    } else {
        text::text(&report)
    };
    super::print(&shown)?;
    loaded.map(|_| ()).map_err(Failure::from)
}
