//! The one thing we need to know of an executable: which program loads its shared libraries.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The type of the program header that names the loader.
const PT_INTERP: u32 = 3;

/// The path of the loader that an executable asks for; `None` if it needs none, or is no 64-bit little-endian ELF file.
pub(super) fn loader(executable: &[u8]) -> Option<PathBuf> {
    // Class 64-bit, little-endian.
    if executable.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let table = usize::try_from(u64_at(executable, 32)?).ok()?;
    let entry_size = usize::from(u16_at(executable, 54)?);
    let entries = usize::from(u16_at(executable, 56)?);
    let mut headers = (0..entries).filter_map(|number| {
        let start = table.checked_add(number.checked_mul(entry_size)?)?;
        executable.get(start..start.checked_add(entry_size)?)
    });
    let header = headers.find(|header| u32_at(header, 0) == Some(PT_INTERP))?;
    let start = usize::try_from(u64_at(header, 8)?).ok()?;
    let size = usize::try_from(u64_at(header, 32)?).ok()?;
    let path = executable.get(start..start.checked_add(size)?)?;
    let path = path.split(|byte| *byte == 0).next()?;
    Some(PathBuf::from(OsStr::from_bytes(path)))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An executable with one program header that names a loader.
    fn executable(loader: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes[64] = 3;
        bytes[64 + 8] = 120;
        bytes[64 + 32] = u8::try_from(loader.len()).unwrap();
        bytes.extend(loader);
        bytes
    }

    #[test]
    fn the_loader_is_read_from_the_program_headers() {
        assert_eq!(loader(&executable(b"/lib64/ld.so\0")), Some(PathBuf::from("/lib64/ld.so")));
        let mut without = executable(b"/lib64/ld.so\0");
        without[64] = 1;
        assert_eq!(loader(&without), None);
    }

    #[test]
    fn damaged_files_have_none() {
        let good = executable(b"/lib64/ld.so\0");
        for end in 0..good.len() {
            assert_eq!(loader(&good[..end]), None, "cut at {end}");
        }
        let mut far = good;
        far[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(loader(&far), None);
        assert_eq!(loader(b"#!/bin/sh"), None);
    }
}
