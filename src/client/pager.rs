//! Lists, page by page: constant memory, and no page is asked for before the one ahead of it is used up.

use futures::stream::{self, Stream, TryStreamExt as _};
use serde::de::DeserializeOwned;

use super::client::BatchClient;
use super::error::{Call, ClientError};
use crate::batch::Operation;
use crate::batch::page::Page;

/// Where a list goes on.
enum Next<Op> {
    First(Op),
    Link { call: Box<Call>, link: String },
    End,
}

impl BatchClient {
    /// The objects that `operation` lists, in the service's order. After an error the stream ends.
    pub fn list<Op, T>(&self, operation: Op) -> impl Stream<Item = Result<T, ClientError>> + Send + use<Op, T>
    where
        Op: Operation<Output = Page<T>> + Send,
        T: DeserializeOwned + Send,
    {
        self.pages(operation).map_ok(|page| stream::iter(page.value.into_iter().map(Ok))).try_flatten()
    }

    /// The pages of that list.
    pub fn pages<Op, T>(
        &self,
        operation: Op,
    ) -> impl Stream<Item = Result<Page<T>, ClientError>> + Send + use<Op, T>
    where
        Op: Operation<Output = Page<T>> + Send,
        T: DeserializeOwned + Send,
    {
        let start = (self.clone(), Next::First(operation));
        stream::try_unfold(start, |(client, next)| async move {
            let (outgoing, this_link) = match next {
                Next::End => return Ok(None),
                Next::First(operation) => (client.http.request(&operation)?, None),
                Next::Link { call, link } => (client.http.next_page(&Op::SPEC, &call, &link)?, Some(link)),
            };
            let answer = client.http.fetch(outgoing).await?;
            let page: Page<T> = answer.decode()?;
            let next = match page.next_link.clone() {
                None => Next::End,
                // Following it would list the same page for ever.
                Some(link) if Some(&link) == this_link.as_ref() => {
                    let link = link.split('?').next().unwrap_or_default().into();
                    let reason = "that is the same page once more";
                    return Err(ClientError::NextLink { call: answer.call, link, reason });
                }
                Some(link) => Next::Link { call: answer.call, link },
            };
            Ok(Some((page, (client, next))))
        })
    }
}
