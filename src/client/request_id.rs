//! One id for each request.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::CLIENT_REQUEST_ID;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};

use super::policy::following;

/// Removes the id that azure_core's pipeline gives every request under the name of other services,
/// `x-ms-client-request-id`. The id of a Batch request is `client-request-id`, and it has one already.
///
/// The pipeline says that it leaves its own policy out where it is given one for another header, and does not
/// (azure_core 1.1 compares the type of the `Arc` with that of the policy).
#[derive(Debug)]
pub(super) struct OneRequestId;

#[async_trait]
impl Policy for OneRequestId {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        request.headers_mut().remove(CLIENT_REQUEST_ID);
        let (following, rest) = following(next)?;
        following.send(ctx, request, rest).await
    }
}
