//! What a URL of a table says: the account, the container, the key. It never holds a secret.

use super::Environment;
use crate::data::{DataError, shown};

/// Whose store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provider {
    Azure,
    Amazon,
    Google,
}

/// A place in an object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub provider: Provider,
    /// `None` where the environment names it.
    pub account: Option<String>,
    /// Where its blobs are served, if not where Azure's public cloud has them.
    pub endpoint: Option<String>,
    pub container: String,
    /// The path of an object or folder, or a pattern.
    pub key: String,
    /// What stands before keys when they are shown.
    pub base: String,
}

const FORMS: &str = "write az://CONTAINER/PATH, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH, \
     https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH, s3://BUCKET/PATH or gs://BUCKET/PATH";
const SECRET: &str = "a URL must not hold a token or a password, for others can see it in the list of processes\n  \
     set AZURE_STORAGE_SAS_TOKEN in the environment and give the URL without what follows the '?'";

/// Azure's clouds: the host of an account ends in `.blob.` or `.dfs.` and one of these. Tokens are sent to no other.
const CLOUDS: [&str; 4] = ["core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net", "core.cloudapi.de"];

/// Reads a URL. `https` (or `http`, for an emulator) is also understood under the endpoint that the environment names.
///
/// # Errors
/// When it has none of the forms, or holds a secret.
pub(super) fn parse(source: &str, environment: Environment) -> Result<Location, DataError> {
    let wrong = |problem| DataError::Url { place: shown(source), problem };
    if source.split_once('?').is_some_and(|(_, query)| query.contains('=')) {
        return Err(wrong(SECRET));
    }
    let (scheme, rest) = source.split_once("://").ok_or_else(|| wrong(FORMS))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let named = |provider| Location::new(provider, host, path.to_owned(), format!("{scheme}://{host}"));
    let location = match (scheme, host.split_once('@')) {
        // A password would stand before the @.
        (_, Some((user, _))) if user.contains(':') => return Err(wrong(SECRET)),
        ("az" | "azure" | "abfs" | "abfss" | "adl", Some((container, host))) => {
            account(host).map(|(name, endpoint)| {
                let base = format!("{scheme}://{container}@{host}");
                Location {
                    account: Some(name),
                    endpoint,
                    ..Location::new(Provider::Azure, container, path.to_owned(), base)
                }
            })
        }
        ("az" | "azure" | "abfs" | "abfss" | "adl", None) => Some(named(Provider::Azure)),
        ("s3" | "s3a", None) => Some(named(Provider::Amazon)),
        ("gs", None) => Some(named(Provider::Google)),
        ("https", None) if account(host).is_some() => https(scheme, host, path),
        ("http" | "https", None) => at_endpoint(source, environment),
        _ => None,
    };
    let valid = |location: &Location| {
        let odd: &[char] = if location.provider == Provider::Azure { &['*', '?', '[', '.'] } else { &['*', '?', '['] };
        !location.container.is_empty() && !location.container.contains(odd)
    };
    location.filter(valid).ok_or_else(|| wrong(FORMS))
}

impl Location {
    /// In the account and at the endpoint that the environment names.
    fn new(provider: Provider, container: &str, key: String, base: String) -> Location {
        Location { provider, account: None, endpoint: None, container: container.to_owned(), key, base }
    }
}

/// The account of a host, and where its blobs are served unless that is in the public cloud.
fn account(host: &str) -> Option<(String, Option<String>)> {
    let (account, rest) = host.split_once('.')?;
    let cloud = rest.strip_prefix("blob.").or(rest.strip_prefix("dfs."))?;
    let known = CLOUDS.iter().position(|known| *known == cloud)?;
    Some((account.to_owned(), (known > 0).then(|| format!("https://{account}.blob.{cloud}"))))
}

fn https(scheme: &str, host: &str, path: &str) -> Option<Location> {
    let (account, endpoint) = account(host)?;
    let (container, key) = path.split_once('/').unwrap_or((path, ""));
    let base = format!("{scheme}://{host}/{container}");
    let location = Location::new(Provider::Azure, container, unescaped(key)?, base);
    Some(Location { account: Some(account), endpoint, ..location })
}

/// `ENDPOINT/CONTAINER/PATH` for an endpoint of the environment's, an emulator's with the account in front.
fn at_endpoint(source: &str, environment: Environment) -> Option<Location> {
    let under = |variable: &str| -> Option<String> {
        let endpoint = environment(variable)?;
        source.strip_prefix(endpoint.trim_end_matches('/'))?.strip_prefix('/').map(str::to_owned)
    };
    let path = under("AZURE_STORAGE_ENDPOINT").or_else(|| {
        let path = under("AZURITE_BLOB_STORAGE_URL")?;
        path.split_once('/').map(|(_account, path)| path.to_owned())
    })?;
    let (container, key) = path.split_once('/').unwrap_or((&path, ""));
    let base = source[..source.len() - key.len()].trim_end_matches('/').to_owned();
    Some(Location::new(Provider::Azure, container, unescaped(key)?, base))
}

/// Web addresses escape blanks and other characters of a key.
fn unescaped(key: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push((digit(high)? * 16 + digit(low)?) as u8);
                rest = tail;
            }
            (byte, tail) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "AZURITE_BLOB_STORAGE_URL" => Some("http://127.0.0.1:10000".to_owned()),
            "AZURE_STORAGE_ENDPOINT" => Some("https://127.0.0.1:11443/devstoreaccount1/".to_owned()),
            _ => None,
        }
    }

    /// The account, endpoint, container and key, separated by blanks; `-` for none.
    fn check(source: &str, expected: Result<&str, &str>) {
        let found = parse(source, &environment).map(|location| {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            assert!(location.key.is_empty() || source.starts_with(&location.base), "{source}");
            let (account, endpoint) = (or_none(location.account), or_none(location.endpoint));
            format!("{account} {endpoint} {} {}", location.container, location.key)
        });
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{source}"),
            (Err(error), Err(part)) => {
                let text = error.to_string();
                assert!(text.contains(part) && !text.contains("SECRET"), "{source}: {text}");
            }
            (found, expected) => panic!("{source}: {found:?} where {expected:?} was expected"),
        }
    }

    #[test]
    fn every_form_is_understood() {
        check("az://data/a/b.csv", Ok("- - data a/b.csv"));
        check("az://data", Ok("- - data "));
        check("abfs://data/a/*.csv", Ok("- - data a/*.csv"));
        check("abfs://data/a?.csv", Ok("- - data a?.csv"));
        check("abfss://data@acc.dfs.core.windows.net/a/b.csv", Ok("acc - data a/b.csv"));
        check("az://data@acc.blob.core.windows.net/a", Ok("acc - data a"));
        check("https://acc.blob.core.windows.net/data/a/b%20c.csv", Ok("acc - data a/b c.csv"));
        check("https://acc.dfs.core.windows.net/data", Ok("acc - data "));
        let china = "acc https://acc.blob.core.chinacloudapi.cn data a";
        check("https://acc.blob.core.chinacloudapi.cn/data/a", Ok(china));
        check("s3://my.bucket/a/*.csv", Ok("- - my.bucket a/*.csv"));
        check("gs://bucket", Ok("- - bucket "));
        check("http://127.0.0.1:10000/devstoreaccount1/data/a", Ok("- - data a"));
        check("https://127.0.0.1:11443/devstoreaccount1/data/a", Ok("- - data a"));
    }

    #[test]
    fn others_are_refused_and_no_secret_is_shown() {
        check("az://my.container/a", Err("write az://"));
        check("s3://buck*t/a", Err("write az://"));
        check("ftp://host/a", Err("write az://"));
        check("az://", Err("write az://"));
        check("az:///a", Err("write az://"));
        check("https://example.com/data/a.csv", Err("write az://"));
        check("https://acc.blob.core.windows.net.example.com/data/a", Err("write az://"));
        check("https://acc.blob.core.windows.net/", Err("write az://"));
        check("abfss://data@acc.example.com/a", Err("write az://"));
        check("https://acc.blob.core.windows.net/data/a?sv=2024&sig=SECRET", Err("must not hold a token"));
        check("az://data/a.csv?sig=SECRET", Err("must not hold a token"));
        check("https://user:SECRET@acc.blob.core.windows.net/data/a", Err("must not hold a token"));
        check("http://127.0.0.1:10001/devstoreaccount1/data/a", Err("write az://"));
    }
}
