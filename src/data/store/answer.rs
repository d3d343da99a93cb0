//! What a store's refusals mean to the person who has to act. Nothing of a credential gets through here.

use super::credential::Credential;
use crate::data::DataError;

/// Turns what goes wrong with one container into messages.
#[derive(Debug)]
pub(super) struct Answers {
    credential: Credential,
    secrets: Vec<String>,
}

/// What services say in `<Code>`, and what to do about it.
const CODES: [(&str, &str); 9] = [
    (
        "AuthorizationPermissionMismatch",
        "it is valid but may not: to read it needs the role Storage Blob Data Reader, to write Contributor",
    ),
    ("AuthorizationFailure", "it is wrong or has expired, or the account's firewall keeps this machine out"),
    ("AuthorizationProtocolMismatch", "the shared access signature is for https only"),
    ("AuthorizationResourceTypeMismatch", "the shared access signature does not cover this: it needs sr=c, or srt=co"),
    ("KeyBasedAuthenticationNotPermitted", "the account takes no keys: use a managed or workload identity"),
    ("PublicAccessNotPermitted", "the account has no public containers: give a credential"),
    ("InvalidAccessKeyId", "there is no such key"),
    ("SignatureDoesNotMatch", "the secret does not belong to the key"),
    ("AuthenticationFailed", "it is wrong or has expired, or this machine's clock is"),
];
const ADVICE: &str = "check that it is right, not expired, and may read and list";

const UNAUTHORIZED: &str = "401 Unauthorized";
const FORBIDDEN: &str = "403 Forbidden";

/// Characters of a store's own words that are shown.
const SHOWN: usize = 300;

impl Answers {
    pub fn new(credential: Credential) -> Answers {
        Answers { secrets: credential.secrets(), credential }
    }

    /// The error that the store gave for `place`.
    pub fn error(&self, place: String, error: object_store::Error) -> DataError {
        let text = error.to_string();
        let denied = |status: &'static str| {
            let advice = CODES.iter().find(|(code, _)| text.contains(&format!("<Code>{code}</Code>")));
            DataError::Denied {
                place: place.clone(),
                status,
                credential: self.credential.what().to_owned(),
                advice: advice.map_or(ADVICE, |(_, advice)| advice),
            }
        };
        // The library tells refusals apart where it asks for a blob, but not where it lists or fetches a token.
        let says = |status| text.contains("status code: ") && text.contains(status);
        match error {
            _ if text.contains("token re") || text.contains("federated token") => self.no_token(place, &text),
            _ if ["ContainerNotFound", "NoSuchBucket"]
                .iter()
                .any(|code| text.contains(&format!("<Code>{code}</Code>"))) =>
            {
                DataError::NotFound { place, what: "container" }
            }
            object_store::Error::NotFound { .. } => DataError::NotFound { place, what: "blob" },
            object_store::Error::Unauthenticated { .. } => denied(UNAUTHORIZED),
            object_store::Error::PermissionDenied { .. } => denied(FORBIDDEN),
            _ if says(UNAUTHORIZED) => denied(UNAUTHORIZED),
            _ if says(FORBIDDEN) => denied(FORBIDDEN),
            _ => {
                let problem = format!("the store does not answer as it should: {}", self.clean(&text));
                DataError::Store { place, problem }
            }
        }
    }

    /// The error of a credential that cannot be had. Of what the service says only the status and Microsoft's number of
    /// the reason are shown: it may repeat what it was given.
    fn no_token(&self, place: String, text: &str) -> DataError {
        let hint = match self.credential {
            Credential::VirtualMachine { endpoint: None, .. } => {
                "\n  no credential is in the environment: set AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or the \
                 variables of an identity"
            }
            _ => "\n  check its variables, and that this identity exists and is assigned here",
        };
        let why = match text.split_once("status code: ") {
            Some((_, answer)) => {
                let status = answer.split(':').next().unwrap_or_default();
                let reason = answer.find("AADSTS").map(|at| answer[at..].split(|c: char| !c.is_ascii_alphanumeric()));
                let reason = reason.and_then(|mut words| words.next()).map(|word| format!(", {word}"));
                format!("the service answers {}{}", self.clean(status), reason.unwrap_or_default())
            }
            None => self.clean(text),
        };
        let problem = format!("no token could be had for {}: {why}{hint}", self.credential.what());
        DataError::Credential { place, problem }
    }

    /// A service's words on one line: without secrets, without queries of addresses, without what is too long.
    fn clean(&self, text: &str) -> String {
        let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), "…");
        }
        let words = text.split(' ').map(|word| match word.split_once('?') {
            Some((address, _)) if address.contains("://") => format!("{address}?…"),
            _ => word.to_owned(),
        });
        let text = words.collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(SHOWN) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::Error;

    fn check(credential: Credential, error: Error, expected: &str) {
        assert_eq!(Answers::new(credential).error("az://d/a".to_owned(), error).to_string(), expected);
    }

    #[test]
    fn refusals_name_the_credential_and_not_its_value() {
        let path = || "a".to_owned();
        let source = |text: &str| Box::from(text.to_owned());
        let key = || Credential::AccountKey("k3y".to_owned());
        check(
            key(),
            Error::PermissionDenied { path: path(), source: source("<Error><Code>AuthenticationFailed</Code> k3y") },
            "az://d/a: access denied (403 Forbidden) with the account key (AZURE_STORAGE_ACCOUNT_KEY)\n  \
             it is wrong or has expired, or this machine's clock is",
        );
        check(
            Credential::SharedAccess("sv=1&sig=s1g".to_owned()),
            Error::Unauthenticated { path: path(), source: source("") },
            "az://d/a: access denied (401 Unauthorized) with the shared access signature (AZURE_STORAGE_SAS_TOKEN)\n  \
             check that it is right, not expired, and may read and list",
        );
        check(
            Credential::SharedAccess("sv=1&sig=s1g%3D".to_owned()),
            Error::Generic { store: "Azure", source: source("GET http://h/a?sv=1&sig=s1g%3D failed,\n s1g%3D") },
            "az://d/a: the store does not answer as it should: Generic Azure error: GET http://h/a?… failed, …",
        );
        check(key(), Error::NotFound { path: path(), source: source("") }, "az://d/a: there is no such blob");
        let generic = |text: &str| Error::Generic { store: "Azure", source: source(text) };
        let advice = "\n  check its variables, and that this identity exists and is assigned here";
        let identity = || Credential::AppService { endpoint: "http://h/t".to_owned(), client: None };
        let no_token = "az://d/a: no token could be had for the managed identity of the app (IDENTITY_ENDPOINT): ";
        let gone = "Error performing token request: Error performing GET http://h/t?api-version=1&x=2 in 1ms";
        let shown = "Generic Azure error: Error performing token request: Error performing GET http://h/t?… in 1ms";
        check(identity(), generic(gone), &format!("{no_token}{shown}{advice}"));
        let refused =
            "Error performing token request: status code: 400 Bad Request: {\"x\": \"AADSTS7000215: s3cret\"}";
        let shown = "the service answers 400 Bad Request, AADSTS7000215";
        check(identity(), generic(refused), &format!("{no_token}{shown}{advice}"));
        let listed =
            "Error performing list request: GET REDACTED status code: 403 Forbidden: <Code>AuthorizationFailure</Code>";
        check(
            Credential::SharedAccess("sv=1&sig=s1g".to_owned()),
            generic(listed),
            "az://d/a: access denied (403 Forbidden) with the shared access signature (AZURE_STORAGE_SAS_TOKEN)\n  \
             it is wrong or has expired, or the account's firewall keeps this machine out",
        );
    }
}
