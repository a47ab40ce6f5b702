//! Durations, as recipes write them.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads `90s`, `30m`, `1h 30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a duration such as 90s, 30m or 2h";
    let duration: SignedDuration = text.parse().map_err(|_| expected.to_owned())?;
    Duration::try_from(duration).map_err(|_| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_are_not_negative() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5_400)));
        for wrong in ["", "5", "-3s", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
