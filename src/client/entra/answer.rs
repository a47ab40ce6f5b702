//! Answers to requests for tokens: bounded, and readable when they hold no token.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::CONTENT_TYPE;
use azure_core::http::{AsyncRawResponse, HttpClient, Method, Request};
use serde_json::{Value, json};

use super::secrets::Secrets;
use crate::client::body;

/// The largest answer that is taken, in bytes. A token has some thousands.
const MAX_ANSWER: usize = 1024 * 1024;

/// Sends requests for tokens, and says who answered with what when that is neither a token nor an error of Microsoft Entra.
#[derive(Debug)]
pub(super) struct TokenClient {
    pub(super) network: Arc<dyn HttpClient>,
    pub(super) secrets: Arc<Secrets>,
}

#[async_trait]
impl HttpClient for TokenClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.secrets.learn(request);
        let (status, headers, answer) = self.network.execute_request(request).await?.deconstruct();
        let answer = body::collect(answer, MAX_ANSWER).await?;
        let json: Option<Value> = serde_json::from_slice(&answer).ok();
        let has = |name: &str| {
            json.as_ref().is_some_and(|json| json[name].as_str().is_some_and(|text| !text.is_empty()))
        };
        let is_post = request.method() == Method::Post;
        let expected = match (status.is_success(), is_post) {
            (true, _) => has("access_token"),
            (false, true) => has("error_description"),
            // Machines' identities have no common form of errors.
            (false, false) => json.is_some(),
        };
        if expected {
            return Ok(AsyncRawResponse::from_bytes(status, headers, answer));
        }
        let content_type = headers.get_optional_str(&CONTENT_TYPE);
        // Before anything is cut off, so that no half of a secret is left.
        let shown = self.secrets.redact(&String::from_utf8_lossy(&answer));
        let from = request.url().origin().ascii_serialization();
        let text = describe(&from, u16::from(status), content_type, json.as_ref(), &shown);
        if status.is_success() {
            return Err(azure_core::Error::with_message(ErrorKind::DataConversion, text));
        }
        let body = if is_post {
            json!({ "error": "unreadable", "error_description": text, "error_codes": [] }).to_string()
        } else {
            text
        };
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// Who answered, and with what.
fn describe(from: &str, status: u16, content_type: Option<&str>, json: Option<&Value>, text: &str) -> String {
    let what = match json {
        _ if text.trim().is_empty() => "nothing".to_owned(),
        // A successful answer may hold a token under another name.
        Some(_) if status < 300 => "JSON that has no `access_token`".to_owned(),
        _ => {
            let kind = content_type.unwrap_or("an answer of no type");
            format!("{kind}: {}", body::excerpt(text.as_bytes()))
        }
    };
    format!("{from} answered HTTP {status} with {what}")
}

#[cfg(test)]
mod tests {
    use azure_core::http::headers::Headers;
    use azure_core::http::{StatusCode, Url};

    use super::*;

    #[derive(Debug)]
    struct Fixed(u16, &'static str, String);

    #[async_trait]
    impl HttpClient for Fixed {
        async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
            let mut headers = Headers::new();
            headers.insert(CONTENT_TYPE, self.1);
            Ok(AsyncRawResponse::from_bytes(StatusCode::from(self.0), headers, self.2.clone()))
        }
    }

    async fn ask(status: u16, content_type: &'static str, answer: &str) -> String {
        let network = Arc::new(Fixed(status, content_type, answer.to_owned()));
        let client = TokenClient { network, secrets: Arc::default() };
        let mut request = Request::new(Url::parse("https://login.example/t/token").unwrap(), Method::Post);
        request.set_body("client_secret=hunter2%2Fx");
        match client.execute_request(&request).await {
            Ok(response) => {
                let (_, _, answer) = response.deconstruct();
                String::from_utf8(answer.collect().await.unwrap().to_vec()).unwrap()
            }
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_no_token_says_who_gave_what() {
        let token = r#"{"access_token":"t","expires_in":3600,"token_type":"Bearer"}"#;
        assert_eq!(ask(200, "application/json", token).await, token);
        let error = r#"{"error":"invalid_client","error_description":"AADSTS1: no"}"#;
        assert_eq!(ask(401, "application/json", error).await, error);
        let html = "<html><title>Sign in to the network</title>";
        assert_eq!(
            ask(200, "text/html", html).await,
            "https://login.example answered HTTP 200 with text/html: Sign in to the network"
        );
        assert_eq!(ask(200, "text/html", "").await, "https://login.example answered HTTP 200 with nothing");
        let other = ask(200, "application/json", r#"{"token":"secret"}"#).await;
        assert_eq!(other, "https://login.example answered HTTP 200 with JSON that has no `access_token`");
        let bare = ask(400, "application/json", r#"{"error":"invalid_request"}"#).await;
        assert!(bare.contains("answered HTTP 400 with application/json"), "{bare}");
        let echo = format!("<title>{} hunter2/x hunter2%2Fx</title>", "x".repeat(130));
        let echo = ask(502, "text/html", &echo).await;
        assert!(echo.contains("[redacted]") && !echo.contains("hunter2"), "{echo}");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_not_taken() {
        let error = ask(200, "application/json", &"x".repeat(MAX_ANSWER + 1)).await;
        assert_eq!(error, "the answer is larger than 1 MiB, which none of Azure's is");
    }
}
