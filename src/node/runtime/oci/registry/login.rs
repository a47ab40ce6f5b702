//! Logging in to a registry: it says what it wants, and may send us to another server for a token.

use http_auth::{ChallengeRef, parse_challenges};
use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;
use url::Url;

use super::answer::RegistryError;
use super::connection::Connection;
use crate::loopback::is_loopback;
use crate::node::runtime::RegistryCredential;
use crate::secret::Secret;

/// How large the answer with a token may be, in bytes. Tokens have some thousands.
const MAX_TOKEN: usize = 1 << 20;

/// What is shown to the registry with every request.
#[derive(Debug)]
pub(super) enum Login {
    /// Nothing.
    Anonymous,
    /// User and password.
    Basic,
    /// What the token server gave.
    Bearer(Secret),
}

/// What the token server answers; it may use either name, or both.
#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

/// Where a registry sends us for a token.
#[derive(Debug, PartialEq, Eq)]
struct TokenServer {
    realm: String,
    service: Option<String>,
}

impl Login {
    /// Asks the registry what it wants, and gets it for fetching from `repository`.
    pub(super) async fn obtain(
        connection: &Connection,
        repository: &str,
        credential: Option<&RegistryCredential>,
    ) -> Result<Self, RegistryError> {
        let (status, headers) = connection.head(connection.get("")).await?;
        match token_server(&headers) {
            _ if status != reqwest::StatusCode::UNAUTHORIZED => Ok(Self::Anonymous),
            Some(server) => server.token(connection, repository, credential).await.map(Self::Bearer),
            None if credential.is_some() => Ok(Self::Basic),
            None => Ok(Self::Anonymous),
        }
    }

    /// Puts the login into a request.
    pub(super) fn show(
        &self,
        request: RequestBuilder,
        credential: Option<&RegistryCredential>,
    ) -> RequestBuilder {
        match self {
            Self::Anonymous => request,
            Self::Basic => with_password(request, credential),
            Self::Bearer(token) => request.bearer_auth(token.expose()),
        }
    }
}

fn with_password(request: RequestBuilder, credential: Option<&RegistryCredential>) -> RequestBuilder {
    match credential {
        Some(credential) => request.basic_auth(&credential.username, Some(credential.password.expose())),
        None => request,
    }
}

/// The token server of the first challenge that names one.
fn token_server(headers: &HeaderMap) -> Option<TokenServer> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let mut challenges = texts.filter_map(|text| parse_challenges(text).ok()).flatten();
    challenges.find_map(|challenge| TokenServer::of(&challenge))
}

impl TokenServer {
    fn of(challenge: &ChallengeRef<'_>) -> Option<Self> {
        let parameter = |name: &str| {
            let mut parameters = challenge.params.iter();
            let found = parameters.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        let is_bearer = challenge.scheme.eq_ignore_ascii_case("bearer");
        let realm = parameter("realm").filter(|_| is_bearer)?;
        Some(Self { realm, service: parameter("service") })
    }

    /// Its URL, if a password may be sent there: where others listen, none may.
    fn url(&self, registry_is_plain: bool) -> Result<Url, RegistryError> {
        let refuse =
            |why: &str| Err(RegistryError::Failed(format!("it sends logins to `{}`, {why}", self.realm)));
        match Url::parse(&self.realm) {
            Err(_) => refuse("which is no URL"),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                refuse("which brings a login of its own")
            }
            Ok(url) if url.scheme() == "https" => Ok(url),
            Ok(url) if url.scheme() == "http" && registry_is_plain && is_loopback(&url) => Ok(url),
            Ok(_) => refuse("which is not https"),
        }
    }

    async fn token(
        &self,
        connection: &Connection,
        repository: &str,
        credential: Option<&RegistryCredential>,
    ) -> Result<Secret, RegistryError> {
        let mut url = self.url(connection.is_plain())?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("scope", &format!("repository:{repository}:pull"));
            if let Some(service) = &self.service {
                query.append_pair("service", service);
            }
        }
        let request = with_password(connection.get_token(url), credential);
        let answer = connection.fetch(request, MAX_TOKEN).await?;
        if !answer.status.is_success() {
            return Err(RegistryError::of(answer.status, &answer.body));
        }
        let parsed = serde_json::from_slice::<TokenAnswer>(&answer.body).ok();
        let token = parsed.and_then(|answer| answer.token.or(answer.access_token));
        // What was sent instead is not repeated: it may be a token under another name.
        token
            .filter(|token| !token.is_empty() && HeaderValue::from_str(token).is_ok())
            .map(Secret::new)
            .ok_or_else(|| {
                RegistryError::Failed("the server that it sends logins to gave no token".to_owned())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(challenges: &[&str]) -> Option<TokenServer> {
        let values = challenges.iter().map(|text| (WWW_AUTHENTICATE, HeaderValue::from_str(text).unwrap()));
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(name, value);
        }
        token_server(&headers)
    }

    #[test]
    fn the_token_server_is_found_among_the_challenges() {
        let realm = |server: Option<TokenServer>| server.map(|server| server.realm);
        let docker = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#;
        let found = server(&[docker]).unwrap();
        assert_eq!(found.service.as_deref(), Some("registry.docker.io"));
        assert_eq!(found.realm, "https://auth.docker.io/token");
        let several = r#"Basic realm="r", bearer Realm="https://a/t?x=1,2""#;
        assert_eq!(realm(server(&[several])).as_deref(), Some("https://a/t?x=1,2"));
        assert_eq!(realm(server(&["Basic realm=\"r\"", docker])).unwrap(), found.realm);
        for none in ["Basic realm=\"r\"", "Bearer service=\"s\"", "nonsense, \"", ""] {
            assert_eq!(server(&[none]), None, "{none}");
        }
    }

    #[test]
    fn passwords_go_where_nobody_listens() {
        let url = |realm: &str, plain| TokenServer { realm: realm.to_owned(), service: None }.url(plain);
        assert!(url("https://auth.example.com/token", false).is_ok());
        assert!(url("http://127.0.0.1:5001/token", true).is_ok());
        for (realm, plain, why) in [
            ("http://auth.example.com/token", false, "not https"),
            ("http://auth.example.com/token", true, "not https"),
            ("http://127.0.0.1:5001/token", false, "not https"),
            ("file:///etc/passwd", true, "not https"),
            ("https://me:pw@auth.example.com/", false, "a login of its own"),
            ("/token", true, "no URL"),
        ] {
            let error = url(realm, plain).unwrap_err();
            assert!(
                matches!(&error, RegistryError::Failed(text) if text.contains(why)),
                "{realm}: {error:?}"
            );
        }
    }
}
