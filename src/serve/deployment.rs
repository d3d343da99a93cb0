//! A model being served: the function that scores, and the texts that are made from it once.

use super::openapi::{self, ApiInfo, Service, SpecVersion};
use super::pages;
use crate::score::{Form, ScoreError, Scorer, Stats};
use crate::telemetry::ModelLabels;
use bytes::Bytes;

/// Request bytes to reply bytes. Called from any thread, by several at once.
pub type ScoreFn = Box<dyn Fn(Form, &[u8], &mut Vec<u8>) -> Result<Stats, ScoreError> + Send + Sync>;

/// A model that is loaded. Its texts are computed when it is made, not when they are asked for.
pub struct Deployment {
    score: ScoreFn,
    pub(super) labels: ModelLabels,
    pub(super) api: ApiInfo,
    pub(super) docs: Bytes,
    specs: [Bytes; 3],
    warm_up: Vec<u8>,
}

impl Deployment {
    /// Prepares to serve `scorer` under `name`, with bodies of up to `max_body` bytes.
    pub fn new(scorer: Scorer, name: &str, max_body: usize) -> Self {
        let bundle = scorer.bundle().clone();
        let version = scorer.model_version().to_owned();
        let service = Service { model_name: name.to_owned(), model_version: version.clone(), max_body };
        let api = ApiInfo::new(&scorer, service);
        let labels = ModelLabels {
            name: name.to_owned(),
            version,
            estimator: bundle.estimator_name.clone(),
            trained_at: bundle.metadata.trained_at.clone().unwrap_or_default(),
        };
        Deployment {
            labels,
            docs: pages::docs(&api).into(),
            specs: [SpecVersion::V2, SpecVersion::V3, SpecVersion::V31].map(|v| openapi::document(&api, v).into()),
            warm_up: api.example_request().to_string().into(),
            api,
            score: Box::new(move |form, body, out| scorer.score(form, body, out)),
        }
    }

    /// The same deployment with another function in place of its model: for tests that decide when a score ends.
    pub fn with_score(self, score: ScoreFn) -> Self {
        Deployment { score, ..self }
    }

    /// Scores the example of the description, so that the first request meets warm caches. That a model refuses its
    /// values is no fault.
    pub fn warm_up(&self) {
        let _ = self.score(Form::Json, &self.warm_up, &mut Vec::new());
    }

    /// Scores one request and appends the reply to `out`.
    ///
    /// # Errors
    /// When the request cannot be scored.
    pub(super) fn score(&self, form: Form, body: &[u8], out: &mut Vec<u8>) -> Result<Stats, ScoreError> {
        (self.score)(form, body, out)
    }

    pub(super) fn spec(&self, version: SpecVersion) -> Bytes {
        let [v2, v3, v31] = &self.specs;
        match version {
            SpecVersion::V2 => v2.clone(),
            SpecVersion::V3 => v3.clone(),
            SpecVersion::V31 => v31.clone(),
        }
    }
}
