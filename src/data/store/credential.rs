//! Which credential is used: the first of a fixed order that the environment holds. None is taken from anywhere else.
//!
//! | # | variables | credential |
//! |---|---|---|
//! | 1 | `AZURE_SKIP_SIGNATURE=true` | none, for public containers |
//! | 2 | `AZURE_STORAGE_ACCOUNT_KEY` | the account's key |
//! | 3 | `AZURE_STORAGE_SAS_TOKEN` | a shared access signature |
//! | 4 | `AZURE_FEDERATED_TOKEN_FILE`, `AZURE_CLIENT_ID`, `AZURE_TENANT_ID` | workload identity |
//! | 5 | `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_ID`, `AZURE_TENANT_ID` | a service principal's secret |
//! | 6 | `MSI_ENDPOINT`, `MSI_SECRET` | managed identity of Azure Machine Learning |
//! | 7 | `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` | managed identity of App Service, Functions, Container Apps |
//! | 8 | nothing | managed identity of a virtual machine, asked at `AZURE_MSI_ENDPOINT` or its fixed address |
//!
//! That is Azure's part; for Amazon's and Google's clouds the library looks. For 6 to 8 `AZURE_CLIENT_ID` names one of several identities; for 6 `DEFAULT_IDENTITY_CLIENT_ID` does, too.

use super::Environment;

/// A credential and what it needs. Its `Debug` is not derived: values stay out of every message.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential {
    None,
    AccountKey(String),
    SharedAccess(String),
    Workload {
        file: String,
        client: String,
        tenant: String,
    },
    ClientSecret {
        secret: String,
        client: String,
        tenant: String,
    },
    MachineLearning {
        endpoint: String,
        secret: String,
        client: Option<String>,
    },
    AppService {
        endpoint: String,
        client: Option<String>,
    },
    VirtualMachine {
        endpoint: Option<String>,
        client: Option<String>,
    },
    /// The emulator's own key, which is no secret.
    Emulator,
    /// What the library finds for Amazon's and for Google's cloud.
    Amazon {
        secrets: Vec<String>,
    },
    Google,
}

impl Credential {
    /// The credential that the environment holds.
    ///
    /// # Errors
    /// When it holds a part of one.
    pub fn choose(environment: Environment) -> Result<Credential, String> {
        let first = |names: &[&str]| names.iter().find_map(|name| environment(name));
        let both = |what: &str| match (environment("AZURE_CLIENT_ID"), environment("AZURE_TENANT_ID")) {
            (Some(client), Some(tenant)) => Ok((client, tenant)),
            (None, _) => Err(format!("{what} is set but AZURE_CLIENT_ID is not")),
            (_, None) => Err(format!("{what} is set but AZURE_TENANT_ID is not")),
        };
        let client = environment("AZURE_CLIENT_ID");
        if environment("AZURE_SKIP_SIGNATURE").is_some_and(|value| is_true(&value)) {
            return Ok(Credential::None);
        }
        if let Some(key) = first(&["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"]) {
            return Ok(Credential::AccountKey(key));
        }
        if let Some(token) = first(&["AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"]) {
            return Ok(Credential::SharedAccess(token));
        }
        if let Some(file) = environment("AZURE_FEDERATED_TOKEN_FILE") {
            return both("AZURE_FEDERATED_TOKEN_FILE").map(|(client, tenant)| Credential::Workload {
                file,
                client,
                tenant,
            });
        }
        if let Some(secret) = environment("AZURE_CLIENT_SECRET") {
            return both("AZURE_CLIENT_SECRET").map(|(client, tenant)| Credential::ClientSecret {
                secret,
                client,
                tenant,
            });
        }
        if let (Some(endpoint), Some(secret)) = (environment("MSI_ENDPOINT"), environment("MSI_SECRET")) {
            let client = client.or_else(|| environment("DEFAULT_IDENTITY_CLIENT_ID"));
            return Ok(Credential::MachineLearning { endpoint, secret, client });
        }
        if let (Some(endpoint), Some(_)) = (environment("IDENTITY_ENDPOINT"), environment("IDENTITY_HEADER")) {
            return Ok(Credential::AppService { endpoint, client });
        }
        Ok(Credential::VirtualMachine { endpoint: environment("AZURE_MSI_ENDPOINT"), client })
    }

    /// What it is, and which variable it came from.
    pub fn what(&self) -> &'static str {
        match self {
            Credential::None => "no credential (AZURE_SKIP_SIGNATURE)",
            Credential::AccountKey(_) => "the account key (AZURE_STORAGE_ACCOUNT_KEY)",
            Credential::SharedAccess(_) => "the shared access signature (AZURE_STORAGE_SAS_TOKEN)",
            Credential::Workload { .. } => "the workload identity (AZURE_FEDERATED_TOKEN_FILE)",
            Credential::ClientSecret { .. } => "the client secret (AZURE_CLIENT_SECRET)",
            Credential::MachineLearning { .. } => "the managed identity of Azure Machine Learning (MSI_ENDPOINT)",
            Credential::AppService { .. } => "the managed identity of the app (IDENTITY_ENDPOINT)",
            Credential::VirtualMachine { .. } => "the managed identity of this machine",
            Credential::Emulator => "the emulator's account key",
            Credential::Amazon { .. } => "the credentials of AWS (AWS_ACCESS_KEY_ID, a web identity or a role)",
            Credential::Google => "the credentials of Google (GOOGLE_APPLICATION_CREDENTIALS or the machine's)",
        }
    }

    /// What must never be shown.
    pub fn secrets(&self) -> Vec<String> {
        match self {
            Credential::AccountKey(secret) => vec![secret.clone()],
            // Its signature also comes escaped in addresses, parameter by parameter.
            Credential::SharedAccess(token) => {
                let values = token.split('&').filter_map(|pair| pair.split_once("sig=").map(|(_, value)| value));
                std::iter::once(token.as_str()).chain(values).map(str::to_owned).collect()
            }
            Credential::ClientSecret { secret, .. } | Credential::MachineLearning { secret, .. } => {
                vec![secret.clone()]
            }
            Credential::Amazon { secrets } => secrets.clone(),
            _ => Vec::new(),
        }
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what())
    }
}

/// Whether a variable that switches something on does.
pub(super) fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expected: Result<Credential, &str>) {
        let environment = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let found = Credential::choose(&environment);
        let as_text = |error: String| error;
        assert!(found.clone().map_err(as_text) == expected.map_err(str::to_owned), "{variables:?}: {found:?}");
        if let Ok(credential) = found {
            let shown = format!("{credential:?} {}", credential.what());
            assert!(credential.secrets().iter().all(|secret| !shown.contains(secret)), "{shown}");
        }
    }

    #[test]
    fn the_order_is_fixed() {
        let text = |text: &str| text.to_owned();
        let (client, tenant) = (("AZURE_CLIENT_ID", "c"), ("AZURE_TENANT_ID", "t"));
        let file = ("AZURE_FEDERATED_TOKEN_FILE", "f");
        let secret = ("AZURE_CLIENT_SECRET", "s3cret");
        let (msi, app) = (("MSI_ENDPOINT", "http://m"), ("IDENTITY_ENDPOINT", "http://i"));
        let all = [
            ("AZURE_SKIP_SIGNATURE", "true"),
            ("AZURE_STORAGE_ACCOUNT_KEY", "k3y"),
            ("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=s1g"),
            file,
            secret,
            msi,
            ("MSI_SECRET", "m5i"),
            app,
            ("IDENTITY_HEADER", "h"),
            ("AZURE_MSI_ENDPOINT", "http://v"),
            client,
            tenant,
        ];
        check(&all, Ok(Credential::None));
        check(&all[1..], Ok(Credential::AccountKey(text("k3y"))));
        check(&all[2..], Ok(Credential::SharedAccess(text("sv=1&sig=s1g"))));
        let workload = Credential::Workload { file: text("f"), client: text("c"), tenant: text("t") };
        check(&all[3..], Ok(workload));
        let principal = Credential::ClientSecret { secret: text("s3cret"), client: text("c"), tenant: text("t") };
        check(&all[4..], Ok(principal));
        let (endpoint, client) = (text("http://m"), Some(text("c")));
        check(&all[5..], Ok(Credential::MachineLearning { endpoint, secret: text("m5i"), client: client.clone() }));
        check(&all[7..], Ok(Credential::AppService { endpoint: text("http://i"), client: client.clone() }));
        check(&all[8..], Ok(Credential::VirtualMachine { endpoint: Some(text("http://v")), client }));
        check(&[], Ok(Credential::VirtualMachine { endpoint: None, client: None }));
        check(&[msi], Ok(Credential::VirtualMachine { endpoint: None, client: None }));
    }

    #[test]
    fn half_a_credential_is_an_error() {
        let file = ("AZURE_FEDERATED_TOKEN_FILE", "f");
        check(&[file], Err("AZURE_FEDERATED_TOKEN_FILE is set but AZURE_CLIENT_ID is not"));
        let half = [("AZURE_CLIENT_SECRET", "s"), ("AZURE_CLIENT_ID", "c")];
        check(&half, Err("AZURE_CLIENT_SECRET is set but AZURE_TENANT_ID is not"));
    }
}
