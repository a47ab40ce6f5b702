//! When a request is sent again, and after what pause.
//!
//! azure_core's own retry policy is switched off in favour of this one, for four reasons. It sleeps on its own clock, not
//! on [`Clock`](crate::clock::Clock) (and, without its `tokio` feature, on one thread per pause). It does not tell
//! whether an earlier try may have been carried out, which decides what a later `…Exists` means. It waits for as long as
//! a `Retry-After` asks, past every limit. And it retries a connection that is refused on loopback as patiently as one
//! across the world, where the user should be told at once that nothing is listening.

use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS};
use jiff::Timestamp;

use super::error::TransportErrorKind;
use crate::batch::DateTime;

const DATE: HeaderName = HeaderName::from_static("date");

/// How patient the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryOptions {
    /// How often a request is sent at most.
    pub max_tries: u32,
    /// How often a connection that is refused on this machine is tried at most: nobody is listening there, and waiting
    /// rarely changes that.
    pub max_tries_refused_locally: u32,
    /// The pause before the second try; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause that the client chooses by itself.
    pub max_pause: Duration,
    /// No try starts later than this after the first one, whatever `Retry-After` asks.
    pub max_elapsed: Duration,
    /// How often all requests of a family of operations (`Pools`, `Jobs`, …) together are sent again at most without the service
    /// asking for it by `Retry-After`. Ten answers make up for one of them.
    pub family_budget: u32,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            max_tries: 8,
            max_tries_refused_locally: 3,
            first_pause: Duration::from_millis(400),
            max_pause: Duration::from_secs(30),
            max_elapsed: Duration::from_secs(180),
            family_budget: 500,
        }
    }
}

/// Why a try did not bring a final answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// An answer with a status that may pass.
    Status { status: u16, retry_after: Option<Duration> },
    /// No answer.
    Transport { kind: TransportErrorKind, local: bool },
}

impl Obstacle {
    /// The obstacle in an answer, if it is one.
    pub(super) fn of_answer(status: u16, headers: &Headers, now: Timestamp) -> Option<Self> {
        matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
            .then(|| Self::Status { status, retry_after: retry_after(headers, now) })
    }

    /// Whether the service itself says when to try again.
    pub(super) fn names_a_time(self) -> bool {
        matches!(self, Self::Status { retry_after: Some(_), .. })
    }

    /// Whether the service may have carried the request out all the same.
    pub(super) fn may_have_been_carried_out(self) -> bool {
        match self {
            Self::Status { status, .. } => status != 429,
            Self::Transport { kind, .. } => {
                matches!(kind, TransportErrorKind::Interrupted | TransportErrorKind::TimedOut)
            }
        }
    }
}

impl RetryOptions {
    /// The pause before the next try, after `tries` of them met `obstacle`; none when it is time to give up.
    pub(super) fn pause(&self, tries: u32, elapsed: Duration, obstacle: Obstacle) -> Option<Duration> {
        let max_tries = match obstacle {
            Obstacle::Transport { kind, .. } if !kind.may_pass() => 1,
            Obstacle::Transport { kind: TransportErrorKind::Refused, local: true } => {
                self.max_tries_refused_locally.min(self.max_tries)
            }
            _ => self.max_tries,
        };
        if tries >= max_tries {
            return None;
        }
        let pause = match obstacle {
            Obstacle::Status { retry_after: Some(asked), .. } => spread_after(asked),
            _ => self.back_off(tries),
        };
        (elapsed + pause <= self.max_elapsed).then_some(pause)
    }

    /// An exponential pause after `tries` tries, half of it random, so that clients that failed together don't come back
    /// together.
    pub(super) fn back_off(&self, tries: u32) -> Duration {
        let doublings = tries.saturating_sub(1).min(16);
        let full = self.first_pause.saturating_mul(1 << doublings).min(self.max_pause);
        full / 2 + (full / 2).mul_f64(random_fraction())
    }
}

/// A pause of at least `asked`, as the service wants, spread over a tenth more.
pub(super) fn spread_after(asked: Duration) -> Duration {
    asked + (asked / 10).mul_f64(random_fraction())
}

/// A number between 0 and 1. The randomness of a version 4 UUID is at hand and good enough to spread pauses.
fn random_fraction() -> f64 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    let bits = u32::try_from(low & u64::from(u32::MAX)).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

/// How long the service asks to wait: in milliseconds, in seconds, or until a point in time.
pub(super) fn retry_after(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let milliseconds = number(headers, &X_MS_RETRY_AFTER_MS).or_else(|| number(headers, &RETRY_AFTER_MS));
    if let Some(milliseconds) = milliseconds {
        return Some(Duration::from_millis(milliseconds));
    }
    if let Some(seconds) = number(headers, &RETRY_AFTER) {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::from_rfc1123(headers.get_optional_str(&RETRY_AFTER)?)?;
    // The service's own clock, if it tells the time: ours may be off by more than the pause.
    let from = date(headers).unwrap_or(now);
    Some(Duration::try_from(until.0.duration_since(from)).unwrap_or_default())
}

fn number(headers: &Headers, name: &HeaderName) -> Option<u64> {
    headers.get_optional_str(name)?.trim().parse().ok()
}

/// The time of the service that answered.
pub(super) fn date(headers: &Headers) -> Option<Timestamp> {
    DateTime::from_rfc1123(headers.get_optional_str(&DATE)?).map(|date| date.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.insert(*name, *value);
        }
        headers
    }

    const BUSY: Obstacle = Obstacle::Status { status: 503, retry_after: None };

    #[test]
    fn retry_after_is_read_in_every_form() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let read = |pairs: &[(&'static str, &'static str)]| retry_after(&headers(pairs), now);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(read(&[("retry-after", "soon")]), None);
        assert_eq!(
            read(&[("retry-after", "7"), ("x-ms-retry-after-ms", "1500")]),
            Some(Duration::from_millis(1500))
        );
        let until = ("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT");
        assert_eq!(read(&[until]), Some(Duration::from_secs(60)));
        let fast_clock = ("date", "Thu, 01 Jan 2026 00:00:50 GMT");
        assert_eq!(read(&[until, fast_clock]), Some(Duration::from_secs(10)));
        assert_eq!(read(&[("retry-after", "Wed, 31 Dec 2025 00:00:00 GMT")]), Some(Duration::ZERO));
    }

    #[test]
    fn only_statuses_that_may_pass_are_obstacles() {
        let now = Timestamp::UNIX_EPOCH;
        let obstacle = |status| Obstacle::of_answer(status, &Headers::new(), now).is_some();
        assert!([408, 429, 500, 502, 503, 504].into_iter().all(obstacle));
        assert!(![200, 201, 301, 400, 403, 404, 409, 412, 413, 501].into_iter().any(obstacle));
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_are_never_less_than_half() {
        let options = RetryOptions::default();
        for (tries, full) in [(1, 400), (2, 800), (3, 1600), (20, 30_000)] {
            for _ in 0..50 {
                let pause = options.back_off(tries);
                assert!(pause >= Duration::from_millis(full / 2), "{tries}: {pause:?}");
                assert!(pause <= Duration::from_millis(full), "{tries}: {pause:?}");
            }
        }
    }

    #[test]
    fn the_client_gives_up_by_count_and_by_time() {
        let options = RetryOptions::default();
        assert!(options.pause(7, Duration::ZERO, BUSY).is_some());
        assert!(options.pause(8, Duration::ZERO, BUSY).is_none());
        assert!(options.pause(1, Duration::from_secs(180), BUSY).is_none());
        let an_hour = Obstacle::Status { status: 503, retry_after: Some(Duration::from_secs(3600)) };
        assert!(options.pause(1, Duration::ZERO, an_hour).is_none());
        let a_while = Obstacle::Status { status: 429, retry_after: Some(Duration::from_secs(20)) };
        assert!(options.pause(1, Duration::ZERO, a_while).unwrap() >= Duration::from_secs(20));
    }

    #[test]
    fn a_refusal_on_this_machine_is_reported_soon_and_a_bad_certificate_at_once() {
        let options = RetryOptions::default();
        let after = |tries, kind, local| {
            options.pause(tries, Duration::ZERO, Obstacle::Transport { kind, local }).is_some()
        };
        assert!(after(2, TransportErrorKind::Refused, true));
        assert!(!after(3, TransportErrorKind::Refused, true));
        assert!(after(7, TransportErrorKind::Refused, false));
        assert!(!after(1, TransportErrorKind::Certificate, false));
    }

    #[test]
    fn a_throttled_request_was_not_carried_out_and_an_interrupted_one_may_have_been() {
        let transport = |kind| Obstacle::Transport { kind, local: false }.may_have_been_carried_out();
        assert!(!Obstacle::Status { status: 429, retry_after: None }.may_have_been_carried_out());
        assert!(Obstacle::Status { status: 500, retry_after: None }.may_have_been_carried_out());
        assert!(transport(TransportErrorKind::Interrupted));
        assert!(transport(TransportErrorKind::TimedOut));
        assert!(!transport(TransportErrorKind::Refused));
    }
}
