//! Amazon S3 and Google Cloud Storage, as the library has them: it reads the variables that their own tools read.

use super::answer::Answers;
use super::credential::Credential;
use super::url::{Location, Provider};
use super::{DataError, Environment};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{ClientConfigKey, ObjectStore, Result};
use std::sync::Arc;

/// One answer may be large; what is slower is asked for again.
const PATIENCE: &str = "10 minutes";

/// The bucket of a location.
///
/// # Errors
/// When what the environment says of the cloud is malformed.
pub(super) fn open(
    location: &Location,
    environment: Environment,
) -> Result<(Arc<dyn ObjectStore>, Answers), DataError> {
    let bucket = location.container.as_str();
    let secrets = |names: &[&str]| names.iter().filter_map(|name| environment(name)).collect();
    let (store, credential) = match location.provider {
        Provider::Google => (google(bucket), Credential::Google),
        _ => (amazon(bucket), Credential::Amazon { secrets: secrets(&["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) }),
    };
    match store {
        Ok(store) => Ok((store, Answers::new(credential))),
        // Its own text may hold what was malformed.
        Err(_) => {
            let problem = format!("{} are malformed or not there", credential.what());
            Err(DataError::Credential { place: location.base.clone(), problem })
        }
    }
}

fn amazon(bucket: &str) -> Result<Arc<dyn ObjectStore>> {
    let timeout = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
    let builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_config(timeout, PATIENCE);
    Ok(Arc::new(builder.with_retry(super::retries()).build()?))
}

fn google(bucket: &str) -> Result<Arc<dyn ObjectStore>> {
    let timeout = GoogleConfigKey::Client(ClientConfigKey::Timeout);
    let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_config(timeout, PATIENCE);
    Ok(Arc::new(builder.with_retry(super::retries()).build()?))
}
