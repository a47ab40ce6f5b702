//! Durations as people write them.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::batch::WireDuration;

/// A length of time: `90s`, `15m`, `2h`, `1d`, `1h30m`, or as ISO 8601 writes it: `PT1H30M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationText(pub Duration);

impl DurationText {
    /// What the schema accepts; [`DurationText::parse`] decides.
    pub const PATTERN: &str = r"^(?:(?:[0-9]+(?:\.[0-9]+)?(?:ms|w|d|h|m|s))+|P[0-9.WDTHMS]+)$";
    /// What to say of anything else.
    pub const EXPECTED: &str = "expected a duration such as 90s, 15m, 2h, 1d or 1h30m";

    /// Reads a duration.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text).map(Self)
    }
}

/// Every unit may appear once, from the longest to the shortest.
fn parse(text: &str) -> Option<Duration> {
    if text.starts_with('P') {
        return text.parse::<WireDuration>().ok()?.limit();
    }
    let mut units =
        [("w", 604_800.0), ("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001)].iter();
    let mut rest = text;
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * length;
        rest = tail;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok() }
}

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(Self::EXPECTED))
    }
}

impl Serialize for DurationText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireDuration::from(self.0).serialize(serializer)
    }
}

impl JsonSchema for DurationText {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time: `90s`, `15m`, `2h`, `1d`, `1h30m`, or as ISO 8601 writes it: `PT1H30M`.",
            "pattern": Self::PATTERN,
            "patternErrorMessage": Self::EXPECTED,
            "examples": ["90s", "2h", "1h30m", "PT2H"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs_f64());
        assert_eq!(seconds("90s"), Some(90.0));
        assert_eq!(seconds("1h30m"), Some(5_400.0));
        assert_eq!(seconds("1d"), Some(86_400.0));
        assert_eq!(seconds("1.5h"), Some(5_400.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("PT2H"), Some(7_200.0));
        for wrong in ["", "h", "90", "1m1h", "1h1h", "1y", "-1h", "PT", "1..5h", "99999999999999999999w"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
