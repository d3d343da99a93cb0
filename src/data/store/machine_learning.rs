//! The managed identity of an Azure Machine Learning endpoint or compute, which `object_store` does not know: a token
//! service beside the container, found by `MSI_ENDPOINT` and told `MSI_SECRET`.
//!
//! The exchange is that of `AzureMLCredential` in Microsoft's azure-identity for Python.

use object_store::azure::AzureCredential;
use object_store::{CredentialProvider, Error, Result};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Mutex;

/// Gives tokens, and keeps the last one while it lasts.
pub(super) struct Identity {
    client: Client,
    url: Url,
    secret: String,
    token: Mutex<Option<Token>>,
}

struct Token {
    credential: Arc<AzureCredential>,
    until: Instant,
}

/// A token that ends sooner is renewed.
const MARGIN: Duration = Duration::from_secs(300);
/// How long a token is kept whose end is not understood.
const UNKNOWN: Duration = Duration::from_secs(600);
const TRIES: u32 = 4;

impl Identity {
    /// Of the service at `endpoint`; `identity` is the client id of one of several.
    ///
    /// # Errors
    /// When the endpoint is no address.
    pub fn new(endpoint: &str, secret: String, identity: Option<&str>) -> Result<Identity, &'static str> {
        let mut url = Url::parse(endpoint).map_err(|_| "MSI_ENDPOINT is no URL")?;
        let mut query = url.query_pairs_mut();
        query.append_pair("api-version", "2017-09-01").append_pair("resource", "https://storage.azure.com/");
        if let Some(identity) = identity {
            query.append_pair("clientid", identity);
        }
        drop(query);
        // It stands beside this process: a proxy has no part in it.
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build();
        Ok(Identity { client: client.map_err(|_| "no HTTP client can be made")?, url, secret, token: Mutex::default() })
    }

    async fn fetch(&self) -> Result<Token> {
        let mut wait = Duration::from_millis(200);
        for left in (0..TRIES).rev() {
            let answer = self.client.get(self.url.clone()).header("secret", &self.secret).send().await;
            match answer {
                Ok(answer) if answer.status() == StatusCode::OK => return token(answer).await,
                Ok(answer) if left == 0 || !is_passing(answer.status()) => {
                    return Err(failed(format!("status code: {}", answer.status())));
                }
                Err(error) if left == 0 || !error.is_connect() && !error.is_timeout() => {
                    return Err(failed(error.without_url().to_string()));
                }
                _ => {}
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(failed("no answer".to_owned()))
    }
}

/// Whether the same request may succeed a little later.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || [StatusCode::NOT_FOUND, StatusCode::GONE, StatusCode::TOO_MANY_REQUESTS].contains(&status)
}

fn failed(problem: String) -> Error {
    Error::Generic { store: "Azure", source: format!("Error performing token request: {problem}").into() }
}

async fn token(answer: Response) -> Result<Token> {
    let body = answer.bytes().await.map_err(|error| failed(error.without_url().to_string()))?;
    // The body may hold a token, so that nothing of it is shown.
    let body: Body = serde_json::from_slice(&body).map_err(|_| failed("the answer has no token".to_owned()))?;
    let credential = Arc::new(AzureCredential::BearerToken(body.access_token));
    let lasts = body.expires_on.and_then(|end| end.left()).unwrap_or(UNKNOWN);
    Ok(Token { credential, until: Instant::now() + lasts })
}

#[derive(Deserialize)]
struct Body {
    access_token: String,
    expires_on: Option<End>,
}

/// Seconds since 1970, as a number or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum End {
    Seconds(u64),
    Text(String),
}

impl End {
    fn left(&self) -> Option<Duration> {
        let seconds = match self {
            End::Seconds(seconds) => *seconds,
            End::Text(text) => text.parse().ok()?,
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Duration::from_secs(seconds).saturating_sub(now).min(Duration::from_secs(86_400)))
    }
}

impl CredentialProvider for Identity {
    type Credential = AzureCredential;

    fn get_credential<'a, 'f>(
        &'a self,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Arc<AzureCredential>>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(async {
            let mut kept = self.token.lock().await;
            if let Some(token) = kept.as_ref().filter(|token| token.until > Instant::now() + MARGIN) {
                return Ok(Arc::clone(&token.credential));
            }
            let token = self.fetch().await?;
            let credential = Arc::clone(&token.credential);
            *kept = Some(token);
            Ok(credential)
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}
