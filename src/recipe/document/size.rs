//! Numbers of bytes as people write them.

/// A number of bytes: `1024`, `512MiB`, `1.5 GB`. Units of 1000 are B, kB, MB, GB, TB and PB; units of 1024 have an `i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SizeText(pub u64);

impl SizeText {
    /// What a schema accepts; [`SizeText::parse`] decides.
    pub const PATTERN: &str = r"^[0-9]+(?:\.[0-9]+)? ?(?:[kKMGTP]i?)?B?$";
    /// What to say of anything else.
    pub const EXPECTED: &str = "expected a size such as 512MiB, 1.5GB or 1024";

    /// Reads a size; what is less than a byte is dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(digits)?;
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let factor: u64 = match unit {
            "" | "B" => 1,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "PB" => 1_000_000_000_000_000,
            "KiB" | "kiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            "PiB" => 1 << 50,
            // `512M` is a thousand times a thousand to some programs, and 1024 times 1024 to others.
            _ => return None,
        };
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(factor).map(Self);
        }
        #[expect(clippy::cast_precision_loss, reason = "factors are exact in a double")]
        let bytes = number.parse::<f64>().ok()? * factor as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the number is not negative and below 2^63"
        )]
        (bytes < 9.2e18).then_some(Self(bytes as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let bytes = |text| SizeText::parse(text).map(|size| size.0);
        assert_eq!(bytes("1024"), Some(1024));
        assert_eq!(bytes("512MiB"), Some(512 << 20));
        assert_eq!(bytes("1.5 GB"), Some(1_500_000_000));
        assert_eq!(bytes("1.5GiB"), Some(3 << 29));
        assert_eq!(bytes("0.0001kB"), Some(0));
        assert_eq!(bytes("2 PiB"), Some(2 << 50));
        for wrong in ["", "MiB", "512M", "1..5GB", "-1", "1  GB", "1gb", "1 GB ", "99999999999PB", "1e3"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
