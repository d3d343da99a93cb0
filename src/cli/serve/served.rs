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
    /// The version that was last taken over, or refused for good.
    version: u64,
    /// What went wrong last, which is said once.
    problem: String,
    /// How often in a row something went wrong that may be right tomorrow.
    failures: u32,
}

/// How often the time between looks is doubled at most while nothing can be had.
const DOUBLINGS: u32 = 6;

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
        let mut followed = Followed { registry: *registry, reference, version, problem: String::new(), failures: 0 };
        loop {
            std::thread::sleep(interval * 2_u32.pow(followed.failures.min(DOUBLINGS)));
            if successor.is_due() {
                self.look(&mut followed, successor);
            }
        }
    }

    fn look(&self, followed: &mut Followed, successor: &Successor) {
        let Reference { name, which } = &followed.reference;
        let done = match followed.registry.version_of(name, which) {
            Ok(version) if version == followed.version => Ok(version),
            Ok(version) => {
                let found = Served { model: format!("{name}@{version}").into(), ..self.clone() };
                let taken = successor.take_over(|| found.load().map(|(deployment, _)| deployment));
                taken.map(|()| version).map_err(|failure| (failure, version))
            }
            Err(error) => Err((Failure::Version(error), followed.version)),
        };
        match done {
            Ok(version) => (followed.version, followed.failures) = (version, 0),
            // The same bytes will not load tomorrow.
            Err((failure @ Failure::Bundle(_), version)) => {
                followed.says(&failure);
                (followed.version, followed.failures) = (version, 0);
            }
            Err((failure, _)) => {
                followed.says(&failure);
                followed.failures += 1;
            }
        }
    }
}

impl Followed {
    /// Logs what went wrong, unless it was said before.
    fn says(&mut self, failure: &Failure) {
        let problem = failure.to_string();
        if problem == self.problem {
            return;
        }
        let model = self.reference.to_string();
        tracing::error!(model, problem, "cannot follow; the version before goes on");
        self.problem = problem;
    }
}
