//! Azure Blob Storage, and its emulator Azurite, with what the environment says of both.

use super::answer::Answers;
use super::credential::{Credential, is_true};
use super::machine_learning::Identity;
use super::url::Location;
use super::{DataError, Environment};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::{ClientOptions, ObjectStore};
use std::sync::Arc;

/// The account that the emulator has unless told otherwise.
const EMULATOR_ACCOUNT: &str = "devstoreaccount1";

/// The container of a location.
///
/// # Errors
/// When the environment does not name the account, or holds half of a credential or one that is malformed.
pub(super) fn open(
    location: &Location,
    environment: Environment,
) -> Result<(Arc<dyn ObjectStore>, Answers), DataError> {
    let failed = |problem: String| DataError::Credential { place: location.base.clone(), problem };
    let endpoint = location.endpoint.clone().or_else(|| environment("AZURE_STORAGE_ENDPOINT"));
    let switched = environment("AZURE_STORAGE_USE_EMULATOR");
    let url_given = environment("AZURITE_BLOB_STORAGE_URL").is_some() && endpoint.is_none();
    let emulator = switched.map_or(url_given, |value| is_true(&value));
    let own = || environment("AZURE_STORAGE_ACCOUNT_NAME").or_else(|| environment("AZURE_STORAGE_ACCOUNT"));
    let account = match emulator {
        // The emulator stands in for whatever account a URL names.
        true => own().or_else(|| Some(EMULATOR_ACCOUNT.to_owned())),
        false => location.account.clone().or_else(own),
    };
    let account = account
        .ok_or_else(|| failed("set AZURE_STORAGE_ACCOUNT_NAME, for the URL does not name the account".to_owned()))?;
    let credential = match Credential::choose(environment).map_err(failed)? {
        // The emulator's builder knows keys and signatures alone.
        Credential::AccountKey(key) => Credential::AccountKey(key),
        Credential::SharedAccess(token) => Credential::SharedAccess(token),
        _ if emulator => Credential::Emulator,
        other => other,
    };
    let authority = environment("AZURE_AUTHORITY_HOST");
    let plain = |url: &Option<String>| url.as_ref().is_some_and(|url| url.starts_with("http://"));
    let mut builder = MicrosoftAzureBuilder::new()
        .with_account(account)
        .with_container_name(location.container.as_str())
        .with_use_emulator(emulator)
        .with_retry(super::retries())
        .with_client_options(client_options(plain(&endpoint) || plain(&authority)));
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(authority) = authority {
        builder = builder.with_authority_host(authority.trim_end_matches('/'));
    }
    let builder = with_credential(builder, &credential).map_err(|error| failed(error.to_owned()))?;
    match builder.build() {
        Ok(store) => Ok((Arc::new(store), Answers::new(credential))),
        // Its own text may hold what was malformed.
        Err(_) => Err(failed(format!("{} is malformed, or AZURE_STORAGE_ENDPOINT is no URL", credential.what()))),
    }
}

fn with_credential(
    builder: MicrosoftAzureBuilder,
    credential: &Credential,
) -> Result<MicrosoftAzureBuilder, &'static str> {
    Ok(match credential.clone() {
        // The emulator has its own; the others are of other clouds.
        Credential::Emulator | Credential::Amazon { .. } | Credential::Google => builder,
        Credential::None => builder.with_skip_signature(true),
        Credential::AccountKey(key) => builder.with_access_key(key),
        Credential::SharedAccess(token) => builder.with_config(AzureConfigKey::SasKey, token),
        Credential::Workload { file, client, tenant } => {
            builder.with_federated_token_file(file).with_client_id(client).with_tenant_id(tenant)
        }
        Credential::ClientSecret { secret, client, tenant } => {
            builder.with_client_secret_authorization(client, secret, tenant)
        }
        Credential::MachineLearning { endpoint, secret, client } => {
            builder.with_credentials(Arc::new(Identity::new(&endpoint, secret, client.as_deref())?))
        }
        Credential::AppService { endpoint, client } => managed(builder, Some(endpoint), client),
        Credential::VirtualMachine { endpoint, client } => managed(builder, endpoint, client),
    })
}

fn managed(
    mut builder: MicrosoftAzureBuilder,
    endpoint: Option<String>,
    client: Option<String>,
) -> MicrosoftAzureBuilder {
    if let Some(endpoint) = endpoint {
        builder = builder.with_msi_endpoint(endpoint);
    }
    match client {
        Some(client) => builder.with_client_id(client),
        None => builder,
    }
}

/// Large answers take their time; one that stands still is given up.
fn client_options(allow_http: bool) -> ClientOptions {
    let silence = object_store::ClientConfigKey::ReadTimeout;
    ClientOptions::new().with_allow_http(allow_http).with_timeout_disabled().with_config(silence, "30 seconds")
}
