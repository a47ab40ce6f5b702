//! Requests with a token.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, StatusCode, Url};
use futures::FutureExt as _;

use super::chain::Chain;
use super::error::EntraError;
use super::options::EntraOptions;
use super::token::{Token, TokenSource};
use crate::client::policy::{following, refuse_foreign};
use crate::client::setup_error::SetupError;
use crate::clock::Clock;

/// Adds the token of the moment to each try of a request. One that is refused is replaced, and the request sent once more.
#[derive(Debug)]
pub(in crate::client) struct BearerPolicy {
    endpoint: Url,
    tokens: TokenSource,
}

impl BearerPolicy {
    /// Tokens for the account at `endpoint`.
    ///
    /// # Errors
    /// When they would cross the network in the clear, or the network can't be used.
    pub(in crate::client) fn new(
        options: EntraOptions,
        endpoint: &Url,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        if endpoint.scheme() != "https" {
            return Err(SetupError::TokenInTheClear { endpoint: endpoint.to_string() });
        }
        let chain = Arc::new(Chain::new(options, endpoint)?);
        let issue = move || {
            let chain = Arc::clone(&chain);
            async move { chain.issue().await }.boxed()
        };
        Ok(Self { endpoint: endpoint.clone(), tokens: TokenSource::new(clock, issue) })
    }

    async fn authorize(&self, request: &mut Request) -> azure_core::Result<Arc<Token>> {
        refuse_foreign(request, &self.endpoint)?;
        let token = self.tokens.token().await.map_err(|error: EntraError| {
            azure_core::Error::with_error(ErrorKind::Credential, error, "there is no token")
        })?;
        request.insert_header("authorization", format!("Bearer {}", token.value.expose()));
        Ok(token)
    }
}

#[async_trait]
impl Policy for BearerPolicy {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let (following, rest) = following(next)?;
        let token = self.authorize(request).await?;
        let answer = following.send(ctx, request, rest).await?;
        if answer.status() != StatusCode::Unauthorized {
            return Ok(answer);
        }
        self.tokens.reject(&token);
        self.authorize(request).await?;
        following.send(ctx, request, rest).await
    }
}
