//! From a bundle in a registry to a managed online endpoint: Azure's own files, checked, and the release of a version
//! beside the one that is live.
//!
//! `endpoint.yml, deployment-*.yml → files (what they say, with lines) → release (look, create or update, test, shift)`
//!
//! [`files`] reads and judges, [`release`] decides which `az` command comes next. Neither starts a process or sleeps:
//! what runs commands is passed in as [`Azure`], so that a rehearsal, a test and the real thing take the same path.

pub mod command;
pub mod files;
pub mod release;

pub use command::{Answer, Command, Target};
pub use release::{Azure, DeployError};
