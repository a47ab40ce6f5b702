//! Points in time: how they are written, and their parts.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use crate::batch::autoscale::TimestampMember;

/// The point in time that a text names, in the W3C's profile of ISO 8601 or as RFC 1123 has it. Without an offset it is UTC.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    if let Ok(moment) = jiff::fmt::rfc2822::parse(text) {
        return Some(moment.timestamp());
    }
    let civil = |text: &str| {
        let local: civil::DateTime = text.parse().ok()?;
        local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    let digits = |length: usize| text.len() == length && text.starts_with(|c: char| c.is_ascii_digit());
    match text {
        _ if digits("2030".len()) => civil(&format!("{text}-01-01")),
        _ if digits("2030-01".len()) => civil(&format!("{text}-01")),
        _ => civil(text),
    }
}

/// A part of a point in time, by UTC.
pub(super) fn member(moment: Timestamp, member: TimestampMember) -> f64 {
    let local = moment.to_zoned(TimeZone::UTC);
    match member {
        TimestampMember::Year => f64::from(local.year()),
        TimestampMember::Month => f64::from(local.month()),
        TimestampMember::Day => f64::from(local.day()),
        // The article names Monday, which is 1, and counts up to Friday; Sunday is 0 as in .NET.
        TimestampMember::Weekday => f64::from(local.weekday().to_sunday_zero_offset()),
        TimestampMember::Hour => f64::from(local.hour()),
        TimestampMember::Minute => f64::from(local.minute()),
        TimestampMember::Second => f64::from(local.second()),
    }
}
