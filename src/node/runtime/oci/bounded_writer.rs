//! A file that takes no more than it was promised.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

/// Passes on what is written, up to a number of bytes.
#[derive(Debug)]
pub(super) struct BoundedWriter<W> {
    inner: W,
    left: u64,
}

impl<W> BoundedWriter<W> {
    /// A writer that takes `most` bytes.
    pub(super) fn new(inner: W, most: u64) -> Self {
        Self { inner, left: most }
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for BoundedWriter<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.len() as u64 > self.left {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the registry sends more than its manifest says",
            )));
        }
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = &written {
            self.left = self.left.saturating_sub(*written as u64);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn no_more_is_taken_than_was_promised() {
        let mut writer = BoundedWriter::new(Vec::new(), 5);
        writer.write_all(b"abc").await.unwrap();
        writer.write_all(b"de").await.unwrap();
        assert_eq!(writer.write_all(b"f").await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(writer.inner, b"abcde");
    }
}
