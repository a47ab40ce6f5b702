//! Who the client is: credentials, as policies of the pipeline.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, Url};

use super::entra::{BearerPolicy, EntraOptions};
use super::policy::{following, refuse_foreign};
use super::setup_error::SetupError;
use crate::batch::DateTime;
use crate::batch::auth::{SharedKey, SignedRequest};
use crate::clock::Clock;

/// What the client proves its identity with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// The account's key.
    SharedKey(SharedKey),
    /// A token of Microsoft Entra.
    Entra(EntraOptions),
    /// None of its own: the transport proves it. For an account whose key may change while it is used.
    OfTransport,
}

impl Credential {
    /// The policy, if it takes one, that authorizes each try of a request to `endpoint`.
    pub(super) fn into_policy(
        self,
        endpoint: &Url,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Arc<dyn Policy>>, SetupError> {
        Ok(match self {
            Self::SharedKey(key) => {
                Some(Arc::new(SharedKeyPolicy { key, endpoint: endpoint.clone(), clock }))
            }
            Self::Entra(options) => Some(Arc::new(BearerPolicy::new(options, endpoint, clock)?)),
            Self::OfTransport => None,
        })
    }
}

/// Dates and signs a request. It runs once per try, because a signature is only valid for some minutes around its date.
#[derive(Debug)]
struct SharedKeyPolicy {
    key: SharedKey,
    endpoint: Url,
    clock: Arc<dyn Clock>,
}

impl SharedKeyPolicy {
    fn sign(&self, request: &mut Request) -> azure_core::Result<()> {
        refuse_foreign(request, &self.endpoint)?;
        request.insert_header("ocp-date", DateTime(self.clock.now()).to_rfc1123());
        request.headers_mut().remove("authorization");
        let authorization = {
            let headers: Vec<(&str, &str)> =
                request.headers().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            self.key.authorize(&SignedRequest {
                method: request.method().as_str(),
                path: request.url().path(),
                query: request.url().query().unwrap_or_default(),
                headers: &headers,
            })
        };
        request.insert_header("authorization", authorization);
        Ok(())
    }
}

#[async_trait]
impl Policy for SharedKeyPolicy {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        self.sign(request)?;
        let (following, rest) = following(next)?;
        following.send(ctx, request, rest).await
    }
}

#[cfg(test)]
mod tests {
    use azure_core::http::Method;
    use jiff::Timestamp;

    use super::*;
    use crate::clock::ManualClock;
    use crate::secret::Secret;

    fn policy() -> (SharedKeyPolicy, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let key = SharedKey::new("account", &Secret::new("YSBrZXk=")).unwrap();
        let endpoint = Url::parse("http://127.0.0.1:1/").unwrap();
        (SharedKeyPolicy { key, endpoint, clock: clock.clone() }, clock)
    }

    fn header(request: &Request, name: &'static str) -> String {
        request.headers().get_optional_string(&name.into()).unwrap_or_default()
    }

    #[test]
    fn each_try_has_a_date_and_a_signature_of_its_own() {
        let (policy, clock) = policy();
        let mut request = Request::new(Url::parse("http://127.0.0.1:1/pools?a=1").unwrap(), Method::Get);
        policy.sign(&mut request).unwrap();
        let first = header(&request, "authorization");
        assert_eq!(header(&request, "ocp-date"), "Thu, 01 Jan 1970 00:00:00 GMT");
        clock.advance(std::time::Duration::from_secs(60));
        policy.sign(&mut request).unwrap();
        assert_eq!(header(&request, "ocp-date"), "Thu, 01 Jan 1970 00:01:00 GMT");
        assert_ne!(header(&request, "authorization"), first);
    }

    #[test]
    fn a_request_to_another_origin_is_never_signed() {
        let (policy, _) = policy();
        for url in ["http://127.0.0.1:2/pools", "https://127.0.0.1:1/pools", "http://example.com:1/pools"] {
            let mut request = Request::new(Url::parse(url).unwrap(), Method::Get);
            assert!(policy.sign(&mut request).is_err(), "{url}");
            assert_eq!(header(&request, "authorization"), "");
        }
    }
}
