//! Durations as the service writes and accepts them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the service writes for "without limit": the longest `TimeSpan` of .NET.
pub const UNLIMITED: &str = "P10675199DT2H48M5.4775807S";

/// An ISO 8601 duration of weeks, days, hours, minutes and seconds. Zero-padded forms (`PT01H00M`), as the Python SDK sends
/// them, are read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WireDuration {
    /// A length of time.
    Limited(Duration),
    /// No limit; on the wire the longest `TimeSpan` of .NET.
    Unlimited,
}

impl WireDuration {
    /// The length, or `None` for no limit.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Limited(duration) => Some(duration),
            Self::Unlimited => None,
        }
    }
}

impl From<Duration> for WireDuration {
    fn from(duration: Duration) -> Self {
        Self::Limited(duration)
    }
}

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 8601 duration of days, hours, minutes and seconds, such as `PT1H30M`")]
pub struct InvalidDuration(String);

impl FromStr for WireDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        if text == UNLIMITED {
            return Ok(Self::Unlimited);
        }
        parse(text).map(Self::Limited).ok_or_else(|| InvalidDuration(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix(['P', 'p'])?;
    let (date, time) = match rest.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    if date.is_empty() && time.is_none() {
        return None;
    }
    let days = components(date, &[('W', 7 * 86_400), ('D', 86_400)])?;
    let time = components(time.unwrap_or(""), &[('H', 3_600), ('M', 60), ('S', 1)])?;
    days.checked_add(time)
}

/// Adds up `<number><unit>` pairs whose units come in the given order; only seconds may have a fraction.
fn components(mut text: &str, units: &[(char, u64)]) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = text.split_at_checked(end)?;
        let unit = tail.chars().next()?.to_ascii_uppercase();
        let (_, seconds) = units.by_ref().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || (!fraction.is_empty() && unit != 'S') || fraction.len() > 9 {
            return None;
        }
        let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
        let length = whole.parse::<u64>().ok()?.checked_mul(*seconds)?;
        total = total.checked_add(Duration::new(length, nanos))?;
        text = tail.get(1..)?;
    }
    Some(total)
}

impl fmt::Display for WireDuration {
    /// The form of the service: `P1DT2H3M4.5S`, `PT0S`, and the infinite literal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Limited(duration) = self else { return f.write_str(UNLIMITED) };
        let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
        let (days, hours, minutes, rest) =
            (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if hours + minutes + rest > 0 || nanos > 0 || days == 0 {
            f.write_str("T")?;
        }
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        if rest > 0 || nanos > 0 || seconds == 0 {
            let fraction = format!("{:07}", nanos / 100);
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { write!(f, "{rest}S")? } else { write!(f, "{rest}.{fraction}S")? }
        }
        Ok(())
    }
}

impl Serialize for WireDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WireDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_form_that_sdks_send() {
        let seconds = |text: &str| text.parse::<WireDuration>().unwrap().limit().unwrap().as_secs_f64();
        assert_eq!(seconds("PT15M"), 900.0);
        assert_eq!(seconds("PT01H00M01.5S"), 3601.5);
        assert_eq!(seconds("PT10M00S"), 600.0);
        assert_eq!(seconds("P7D"), 604_800.0);
        assert_eq!(seconds("P1W"), 604_800.0);
        assert_eq!(UNLIMITED.parse(), Ok(WireDuration::Unlimited));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "1h",
            "PT1D",
            "PT1M1H",
            "P1Y",
            "PT1.5H",
            "PT-1S",
            "PT1",
            "PT99999999999999999999S",
        ] {
            assert!(text.parse::<WireDuration>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_the_service_writes_them() {
        let shown = |seconds: f64| WireDuration::from(Duration::from_secs_f64(seconds)).to_string();
        assert_eq!(shown(0.0), "PT0S");
        assert_eq!(shown(900.0), "PT15M");
        assert_eq!(shown(604_800.0), "P7D");
        assert_eq!(shown(93_784.5), "P1DT2H3M4.5S");
        assert_eq!(WireDuration::Unlimited.to_string(), UNLIMITED);
    }
}
