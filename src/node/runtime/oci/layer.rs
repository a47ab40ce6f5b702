//! Reading a layer: whatever its compression, as the tar archive that it is, with its digest.

use std::io::{self, BufRead, BufReader, Read};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use flate2::bufread::MultiGzDecoder;
use ring::digest::{Context, SHA256};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use tokio::io::AsyncWrite;

/// A reader that takes the SHA-256 digest of what passes through it.
pub(super) struct DigestReader<R> {
    inner: R,
    context: Context,
}

impl<R: Read> DigestReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, context: Context::new(&SHA256) }
    }

    /// Reads what is left and returns the digest, as `sha256:…`.
    pub(super) fn finish(mut self) -> io::Result<String> {
        // A tar reader stops at the end marker, but padding belongs to the digest.
        io::copy(&mut self, &mut io::sink())?;
        Ok(format!("sha256:{}", hexadecimal(self.context.finish().as_ref())))
    }
}

impl<R: Read> Read for DigestReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.context.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// A writer that takes the SHA-256 digest of what passes through it.
pub(super) struct DigestWriter<W> {
    inner: W,
    context: Context,
}

impl<W> DigestWriter<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, context: Context::new(&SHA256) }
    }

    /// The digest of what was written, as `sha256:…`.
    pub(super) fn finish(self) -> String {
        format!("sha256:{}", hexadecimal(self.context.finish().as_ref()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for DigestWriter<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        self.context.update(bytes.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The SHA-256 digest of `content`, as `sha256:…`.
pub(super) fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hexadecimal(ring::digest::digest(&SHA256, content).as_ref()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hexadecimal part of a digest, if it is a well-formed SHA-256 one: only then may it become a file name.
pub(super) fn sha256_hex(digest: &str) -> Option<&str> {
    let hex = digest.strip_prefix("sha256:")?;
    (hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))).then_some(hex)
}

/// How many times as large as its file a compressed layer is taken to be as long as only unpacking would tell.
pub(super) const UNPACKED: u64 = 3;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Zstandard's frames that hold no data, but for their first byte.
const ZSTD_SKIPPED: &[u8] = &[0x2a, 0x4d, 0x18];

/// Whether a layer is compressed, told by its first bytes.
pub(super) fn is_compressed(reader: impl Read) -> io::Result<bool> {
    let mut start = Vec::new();
    reader.take(4).read_to_end(&mut start)?;
    Ok(start.starts_with(GZIP) || start.starts_with(ZSTD) || start.get(1..4) == Some(ZSTD_SKIPPED))
}

/// Undoes the compression of `reader`: gzip, zstd or none, told by the first bytes, since media types lie.
pub(super) fn decompress<'a>(reader: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let start = reader.fill_buf()?;
    if start.starts_with(GZIP) {
        Ok(Box::new(MultiGzDecoder::new(reader)))
    } else if start.starts_with(ZSTD) || start.get(1..4) == Some(ZSTD_SKIPPED) {
        Ok(Box::new(ZstdReader::new(reader)))
    } else {
        Ok(Box::new(reader))
    }
}

/// Zstandard, which may come in several frames with skippable ones between them.
struct ZstdReader<R: BufRead> {
    source: R,
    decoder: FrameDecoder,
    inside_frame: bool,
}

impl<R: BufRead> ZstdReader<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), inside_frame: false }
    }

    /// Goes to the next frame that holds data, if there is one.
    fn enter_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut self.source.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(broken(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside_frame && !self.enter_frame()? {
                return Ok(0);
            }
            self.inside_frame = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let wanted = BlockDecodingStrategy::UptoBytes(buffer.len());
                self.decoder.decode_blocks(&mut self.source, wanted).map_err(broken)?;
            }
            match self.decoder.read(buffer)? {
                0 => self.inside_frame = false,
                count => return Ok(count),
            }
        }
    }
}

fn broken(error: FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_all(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        decompress(io::Cursor::new(bytes))?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(content: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn every_compression_is_told_by_its_first_bytes() {
        let content = b"layer ".repeat(50_000);
        assert_eq!(read_all(content.clone()).unwrap(), content);
        assert_eq!(read_all(gzip(&content)).unwrap(), content);
        assert_eq!(read_all(zstd(&content)).unwrap(), content);
        assert_eq!(read_all(Vec::new()).unwrap(), b"");
    }

    #[test]
    fn several_members_and_frames_are_one_layer() {
        assert_eq!(read_all([gzip(b"one "), gzip(b"two")].concat()).unwrap(), b"one two");
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let frames = [skippable.clone(), zstd(b"one "), skippable.clone(), zstd(b"two"), skippable].concat();
        assert_eq!(read_all(frames).unwrap(), b"one two");
    }

    #[test]
    fn a_cut_off_layer_is_an_error() {
        let content = b"layer ".repeat(50_000);
        for compressed in [gzip(&content), zstd(&content)] {
            let cut = compressed.len() / 2;
            assert!(read_all(compressed[..cut].to_vec()).is_err());
        }
    }

    #[test]
    fn the_digest_covers_what_was_not_read() {
        let mut reader = DigestReader::new(&b"abc"[..]);
        let mut first = [0; 1];
        reader.read_exact(&mut first).unwrap();
        let expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(reader.finish().unwrap(), expected);
        assert_eq!(digest(b"abc"), expected);
    }

    #[test]
    fn only_well_formed_digests_become_file_names() {
        let good = digest(b"");
        assert_eq!(sha256_hex(&good).unwrap().len(), 64);
        for bad in
            ["sha256:../../etc/passwd", "sha256:", "sha512:00", &good.to_uppercase(), &format!("{good}0")]
        {
            assert_eq!(sha256_hex(bad), None, "{bad}");
        }
    }
}
