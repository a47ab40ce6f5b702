//! How much of a disk images may take, for the runtime that keeps them itself.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// How much of a disk images may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageBudget {
    /// So many hundredths of the disk.
    Share(u8),
    /// So many bytes.
    Bytes(u64),
}

impl Default for ImageBudget {
    fn default() -> Self {
        Self::Share(50)
    }
}

impl ImageBudget {
    /// How many bytes that is on the disk of the folder `path`. A disk that does not say how large it is sets no limit.
    pub(super) fn on(self, path: &Path) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Share(percent) => rustix::fs::statvfs(path).map_or(u64::MAX, |disk| {
                disk.f_blocks.saturating_mul(disk.f_frsize) / 100 * u64::from(percent)
            }),
        }
    }
}

/// What is no budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part of a disk; it is written like `50%` or `20GiB`")]
pub struct InvalidImageBudget(String);

impl FromStr for ImageBudget {
    type Err = InvalidImageBudget;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidImageBudget(text.to_owned());
        if let Some(percent) = text.trim().strip_suffix('%') {
            let percent = percent.trim_end().parse().map_err(|_| invalid())?;
            return if (1..=100).contains(&percent) { Ok(Self::Share(percent)) } else { Err(invalid()) };
        }
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
        let (number, unit) = lower.split_at_checked(digits).ok_or_else(invalid)?;
        let shift = match unit.trim_start() {
            "m" | "mib" | "mb" => 20,
            "g" | "gib" | "gb" => 30,
            "t" | "tib" | "tb" => 40,
            _ => return Err(invalid()),
        };
        let number: u64 = number.parse().map_err(|_| invalid())?;
        number.checked_mul(1 << shift).filter(|bytes| *bytes > 0).map(Self::Bytes).ok_or_else(invalid)
    }
}

impl fmt::Display for ImageBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(percent) => write!(f, "{percent}%"),
            Self::Bytes(bytes) => write!(f, "{} MiB", bytes >> 20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_disks_are_shares_or_sizes() {
        for (text, expected) in [
            ("50%", ImageBudget::Share(50)),
            ("100 %", ImageBudget::Share(100)),
            ("20GiB", ImageBudget::Bytes(20 << 30)),
            ("500m", ImageBudget::Bytes(500 << 20)),
            ("1 TB", ImageBudget::Bytes(1 << 40)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for bad in ["", "0%", "101%", "-1%", "20", "1.5g", "0g", "99999999999t", "much"] {
            assert!(bad.parse::<ImageBudget>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_is_of_the_disk_that_the_folder_is_on() {
        let folder = tempfile::tempdir().unwrap();
        let disk = rustix::fs::statvfs(folder.path()).unwrap();
        let whole = ImageBudget::Share(100).on(folder.path());
        assert!(whole <= disk.f_blocks * disk.f_frsize && whole > ImageBudget::Share(50).on(folder.path()));
        assert_eq!(ImageBudget::Bytes(7).on(folder.path()), 7);
        assert_eq!(ImageBudget::default().on(Path::new("/no/such/folder")), u64::MAX);
    }
}
