//! What `serve` serves: a file, or a version of a registry, whose next one may take over while the server runs.

use crate::cli::{Failure, model};
use crate::load::LoadOptions;
use crate::registry::{Reference, Registry};
use crate::score::{ReplyStyle, Scorer};
use crate::serve::{Deployment, Successor};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Which model, and how it is served.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub model: PathBuf,
    pub from: model::From,
    /// The name to serve it under, in place of its own.
    pub name: Option<String>,
    pub options: LoadOptions,
    pub style: ReplyStyle,
    pub max_body: usize,
}

/// What is followed: a reference that may mean another version tomorrow.
struct Followed {
    registry: Registry,
    reference: Reference,
    /// The version that is served.
    version: u64,
    /// The version that could not take over.
    failed: Option<Failed>,
    /// What went wrong last, which is said once.
    problem: String,
}

struct Failed {
    version: u64,
    /// Looks until it is tried again; `None` where the same bytes would fail again.
    rest: Option<u32>,
    /// Looks that it rested last.
    rested: u32,
}

/// The longest that a version rests before it is tried again.
const MAX_REST: u32 = 64;

impl Served {
    /// The model, and what to follow if it is a version of a registry.
    ///
    /// # Errors
    /// When it cannot be found or loaded.
    pub fn load(&self) -> Result<(Deployment, Option<(Box<Registry>, u64)>), Failure> {
        let found = model::find(&self.model, &self.from)?;
        let deployment = self.deployment(&found)?;
        let version = match found {
            model::Model::Path(_) => None,
            model::Model::Version { registry, record } => Some((registry, record.version)),
        };
        Ok((deployment, version))
    }

    fn deployment(&self, found: &model::Model) -> Result<Deployment, Failure> {
        let (file, options) = found.read(self.options.clone())?;
        let scorer = Scorer::new(Arc::new(file.load(&options)?), self.style);
        let stem = || file.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (scorer, own) = match found {
            model::Model::Path(_) => (scorer, stem()),
            model::Model::Version { record, .. } => {
                (scorer.with_version(record.version.to_string()), record.name.clone())
            }
        };
        Ok(Deployment::new(scorer, self.name.as_ref().unwrap_or(&own), self.max_body))
    }

    /// Looks every `interval` what the reference means, and lets what is new take over. What does not load is logged
    /// and refused, and the model before goes on; what cannot be had is tried again, less and less often. Ends with
    /// the process.
    pub fn follow(self, version: Option<(Box<Registry>, u64)>, interval: Duration, successor: &Successor) {
        let reference = Reference::parse(&self.model.to_string_lossy());
        let (Some((registry, version)), Ok(reference)) = (version, reference) else { return };
        let mut followed = Followed { registry: *registry, reference, version, failed: None, problem: String::new() };
        loop {
            std::thread::sleep(interval);
            if successor.is_due() {
                self.look(&mut followed, successor);
            }
        }
    }

    fn look(&self, followed: &mut Followed, successor: &Successor) {
        let Reference { name, which } = followed.reference.clone();
        let version = match followed.registry.version_of(&name, &which) {
            Ok(version) => version,
            Err(error) => return followed.says(&Failure::Version(error)),
        };
        if version == followed.version {
            return followed.is_well(version);
        }
        if followed.rests(version) {
            return;
        }
        let found = Served { model: format!("{name}@{version}").into(), ..self.clone() };
        match successor.take_over(|| found.load().map(|(deployment, _)| deployment)) {
            Ok(()) => followed.is_well(version),
            Err(failure) => followed.refuses(version, &failure),
        }
    }
}

impl Followed {
    fn is_well(&mut self, version: u64) {
        (self.version, self.failed) = (version, None);
        self.problem.clear();
    }

    /// Whether a version that failed is left alone this time.
    fn rests(&mut self, version: u64) -> bool {
        match self.failed.as_mut().filter(|failed| failed.version == version) {
            None | Some(Failed { rest: Some(0), .. }) => false,
            Some(Failed { rest, .. }) => {
                *rest = rest.map(|looks| looks - 1);
                true
            }
        }
    }

    fn refuses(&mut self, version: u64, failure: &Failure) {
        let before = self.failed.as_ref().filter(|failed| failed.version == version);
        let rested = before.map_or(1, |failed| (failed.rested * 2).min(MAX_REST));
        let forever = matches!(failure, Failure::Bundle(_));
        self.failed = Some(Failed { version, rest: (!forever).then_some(rested), rested });
        self.says(failure);
    }

    /// Logs what went wrong, unless it was said before.
    fn says(&mut self, failure: &Failure) {
        let problem = failure.to_string();
        if problem != self.problem {
            let model = self.reference.to_string();
            tracing::error!(model, serving = self.version, problem, "cannot follow; the version before goes on");
            self.problem = problem;
        }
    }
}
