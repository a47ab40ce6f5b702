//! Points in time as the service writes them: UTC, ISO 8601, seven fractional digits.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time on the wire, for example `2026-01-01T00:00:00.0000000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(pub Timestamp);

impl DateTime {
    /// The form of HTTP headers (RFC 1123), for example `Tue, 29 Jul 2014 21:49:13 GMT`.
    pub fn to_rfc1123(self) -> String {
        self.0.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Reads the form of HTTP headers.
    pub fn from_rfc1123(text: &str) -> Option<Self> {
        jiff::fmt::rfc2822::parse(text).ok().map(|zoned| Self(zoned.timestamp()))
    }
}

impl From<Timestamp> for DateTime {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.7}", self.0)
    }
}

impl FromStr for DateTime {
    type Err = jiff::Error;

    /// Reads ISO 8601; a time without an offset is UTC, as the service takes it.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<Timestamp>()
            .or_else(|error| {
                let civil: jiff::civil::DateTime = text.parse().map_err(|_| error)?;
                civil.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp())
            })
            .map(Self)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| D::Error::custom(format!("`{text}` is not a point in time: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_seven_digits_and_survive_the_wire() {
        let time: DateTime = "2014-07-29T21:49:13Z".parse().unwrap();
        assert_eq!(time.to_string(), "2014-07-29T21:49:13.0000000Z");
        assert_eq!(time.to_rfc1123(), "Tue, 29 Jul 2014 21:49:13 GMT");
        assert_eq!(DateTime::from_rfc1123("Tue, 29 Jul 2014 21:49:13 GMT"), Some(time));
        assert_eq!("2014-07-29T21:49:13".parse::<DateTime>().unwrap(), time);
    }
}
