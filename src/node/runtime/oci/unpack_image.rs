//! Unpacking the layers of an image, each checked to be the one that the image's configuration names.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::holdings::bytes_below;
use super::layer::{DigestReader, decompress};
use super::unpack::{Limits, Unpacker};

/// A layer's file, and the digest of what it holds once it is unpacked, `sha256:…`.
pub(super) type Layer<'a> = (&'a Path, &'a str);

/// Why an image was not unpacked.
#[derive(Debug)]
pub(super) enum Fault {
    /// The image itself is to blame.
    Image(String),
    /// The machine is, at this file or folder.
    Machine(PathBuf, io::Error),
}

/// Unpacks layers, lowest first, into the folder `root`, which is empty. Gives how much of the disk they take, in bytes.
pub(super) fn unpack_image<'a>(
    root: &Path,
    room: u64,
    layers: impl IntoIterator<Item = Layer<'a>>,
) -> Result<u64, Fault> {
    let limits = Limits { room, ..Limits::default() };
    let mut unpacker = Unpacker::new(root, limits).map_err(|error| Fault::Machine(root.to_owned(), error))?;
    for (file, expected) in layers {
        unpack_layer(&mut unpacker, file, expected)?;
    }
    Ok(bytes_below(root))
}

fn unpack_layer(unpacker: &mut Unpacker, file: &Path, expected: &str) -> Result<(), Fault> {
    let machine = |error| Fault::Machine(file.to_owned(), error);
    let open = File::open(file).map_err(machine)?;
    let blame = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull
        | io::ErrorKind::QuotaExceeded
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem => machine(error),
        _ => Fault::Image(format!("layer {expected}: {error}")),
    };
    let mut reader = DigestReader::new(decompress(open).map_err(blame)?);
    unpacker.unpack(&mut reader).map_err(blame)?;
    let found = reader.finish().map_err(blame)?;
    if found == expected {
        Ok(())
    } else {
        Err(Fault::Image(format!("layer {expected} holds something else: {found}")))
    }
}
