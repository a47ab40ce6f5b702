//! What the policies of the pipeline have in common.

use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::policies::Policy;
use azure_core::http::{Request, Url};

/// The next policy, and those after it.
type Following<'a> = (&'a dyn Policy, &'a [Arc<dyn Policy>]);

/// The policy that comes next, and those after it.
pub(super) fn following(next: &[Arc<dyn Policy>]) -> azure_core::Result<Following<'_>> {
    match next.split_first() {
        Some((following, rest)) => Ok((following.as_ref(), rest)),
        None => Err(azure_core::Error::with_message(ErrorKind::Other, "the pipeline has no transport")),
    }
}

/// Refuses a request that goes elsewhere than to the account at `endpoint`, before it gets a proof of who asks.
///
/// The pager refuses foreign links with a message of its own. This is the second lock on the same door.
pub(super) fn refuse_foreign(request: &Request, endpoint: &Url) -> azure_core::Result<()> {
    if request.url().origin() == endpoint.origin() {
        return Ok(());
    }
    Err(azure_core::Error::with_message(
        ErrorKind::Credential,
        "the request goes to another host than the account's, so it gets neither a signature nor a token",
    ))
}
