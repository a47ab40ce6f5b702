//! Bodies of answers, as far as they are taken into memory.

use azure_core::error::ErrorKind;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _};

/// How much of an answer that is not what was asked for is shown, in characters.
const EXCERPT_LENGTH: usize = 160;

/// An answer that is larger than any that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is larger than {} MiB, which none of Azure's is", limit / (1024 * 1024))]
pub(super) struct TooLarge {
    /// The largest that is taken, in bytes.
    limit: usize,
}

/// Takes a body whole, up to `limit` bytes.
///
/// # Errors
/// When it breaks off, or [`TooLarge`].
pub(super) async fn collect(
    body: impl Stream<Item = azure_core::Result<Bytes>>,
    limit: usize,
) -> azure_core::Result<Bytes> {
    let mut body = std::pin::pin!(body);
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if whole.len() + chunk.len() > limit {
            let error = TooLarge { limit };
            return Err(azure_core::Error::with_error(ErrorKind::DataConversion, error, error.to_string()));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// The title of a page, or the beginning of a text, on one line.
pub(super) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let title = text
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map_or(text.as_ref(), |(title, _)| title);
    let words: Vec<&str> = title.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).take(EXCERPT_LENGTH).collect();
    if line.is_empty() { "(empty)".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_taken_up_to_its_limit_and_no_further() {
        let chunks = |number: usize| stream::iter((0..number).map(|_| Ok(Bytes::from_static(&[b'x'; 1024]))));
        assert_eq!(collect(chunks(1024), 1024 * 1024).await.unwrap().len(), 1024 * 1024);
        // It would never end.
        let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[b'x'; 1024])));
        let error = collect(endless, 1024 * 1024).await.unwrap_err();
        assert_eq!(error.to_string(), "the answer is larger than 1 MiB, which none of Azure's is");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt(b"<html><title>502\n  Bad Gateway</title><p>x"), "502 Bad Gateway");
        assert_eq!(excerpt(b"plain\ntext\x1b[31m"), "plain text[31m");
        assert_eq!(excerpt(b""), "(empty)");
        assert_eq!(excerpt("é".repeat(1000).as_bytes()).chars().count(), EXCERPT_LENGTH);
    }
}
