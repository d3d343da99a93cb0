//! Azure ML's endpoint and deployment files: read with the line of each value, checked against what the service takes
//! and what Microsoft's own offline checks let pass. Never does I/O.
//!
//! All that is wrong with a file is found in one go. A [`Problem`] stops a release, a note does not.

mod deployment;
mod endpoint;
mod section;
mod settings;
mod traffic;
mod yaml;

pub use deployment::Deployment;
pub use endpoint::Endpoint;
pub use section::{Problem, Severity};
pub use traffic::Traffic;
pub use yaml::{MAX_BYTES, Node, YamlError};

use section::Findings;

/// Where probes and requests may go: what `scorelet serve` answers with 200.
pub const PROBE_ROUTES: [&str; 4] = ["/", "/health/live", "/health/ready", "/ping"];
/// See [`PROBE_ROUTES`].
pub const SCORING_ROUTE: &str = "/score";
/// The port of the image.
pub const PORT: i64 = 5001;
/// An endpoint has at most as many deployments.
pub const MAX_DEPLOYMENTS: usize = 20;

/// What the command line says in place of a file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The endpoint's name.
    pub endpoint: Option<String>,
    /// The registered model, such as `azureml://registries/R/models/M/versions/7`.
    pub model: Option<String>,
    /// The image of the scoring server.
    pub image: Option<String>,
}

/// An endpoint and what stands behind it, as the files say.
#[derive(Debug)]
pub struct Files {
    pub endpoint: Endpoint,
    pub deployments: Vec<Deployment>,
}

/// One file: its name for messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct Text<'t> {
    pub name: &'t str,
    pub text: &'t str,
}

/// Reads and checks the files together. The notes are beside the result, problems instead of it.
///
/// # Errors
/// Everything that is wrong, file by file, line by line, notes included.
pub fn read(
    endpoint: Text,
    deployments: &[Text],
    overrides: &Overrides,
) -> Result<(Files, Vec<Problem>), Vec<Problem>> {
    let mut findings = Findings::new(endpoint.name);
    let read_endpoint = parsed(endpoint, &mut findings, |mut node, findings| {
        if let Some(name) = &overrides.endpoint {
            node.set(&["name"], name);
        }
        Endpoint::read(node, findings)
    });
    let mut read_deployments = Vec::new();
    for file in deployments {
        findings.file(file.name);
        read_deployments.extend(parsed(*file, &mut findings, |mut node, findings| {
            for (path, value) in [
                (&["endpoint_name"][..], &overrides.endpoint),
                (&["model"], &overrides.model),
                (&["environment", "image"], &overrides.image),
            ] {
                if let Some(value) = value {
                    node.set(path, value);
                }
            }
            Deployment::read(node, findings)
        }));
    }
    if let Some(endpoint) = &read_endpoint {
        together(endpoint, &read_deployments, &mut findings);
    }
    let problems = findings.into_problems();
    match read_endpoint {
        Some(endpoint) if !problems.iter().any(|problem| problem.severity == Severity::Error) => {
            Ok((Files { endpoint, deployments: read_deployments }, problems))
        }
        _ => Err(problems),
    }
}

/// The YAML of one file, its placeholders named, given to `read`.
fn parsed<T>(file: Text, findings: &mut Findings, read: impl FnOnce(Node, &mut Findings) -> Option<T>) -> Option<T> {
    match yaml::parse(file.text) {
        Ok(node) => read(node, findings),
        Err(error) => {
            findings.error(error.line, "", error.what);
            None
        }
    }
}

/// What no file can say alone.
fn together(endpoint: &Endpoint, deployments: &[Deployment], findings: &mut Findings) {
    for (at, deployment) in deployments.iter().enumerate() {
        findings.file(&deployment.file);
        if deployment.endpoint_name != endpoint.name {
            let what = format!("{:?} is not the endpoint's name, {:?}", deployment.endpoint_name, endpoint.name);
            findings.error(deployment.line_of("endpoint_name"), "endpoint_name", what);
        }
        if let Some(other) = deployments[..at].iter().find(|other| other.name == deployment.name) {
            let what = format!("{:?} is also the name in {}", deployment.name, other.file);
            findings.error(deployment.line_of("name"), "name", what);
        }
    }
    findings.file(&endpoint.file);
    if deployments.len() > MAX_DEPLOYMENTS {
        let what = format!("{} deployments; an endpoint has at most {MAX_DEPLOYMENTS}", deployments.len());
        findings.error(0, "", what);
    }
    let names: Vec<_> = deployments.iter().map(|deployment| deployment.name.as_str()).collect();
    let unknown = |name: &&String| !names.is_empty() && !names.contains(&name.as_str());
    for (field, traffic) in [("traffic", &endpoint.traffic), ("mirror_traffic", &endpoint.mirror_traffic)] {
        for name in traffic.names().filter(unknown) {
            let what = format!("{name:?} is none of the deployments given ({})", names.join(", "));
            findings.note(endpoint.line_of(field), field, what);
        }
    }
}

#[cfg(test)]
mod tests;
