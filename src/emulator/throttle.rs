//! Too many requests: answered as the service does when an account goes beyond its rate, so that clients show how patient they are.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;
use crate::batch::ErrorCode;

/// How many seconds' worth of requests may come at once.
const BURST: SignedDuration = SignedDuration::from_secs(1);

/// A rate of requests, kept by the generic cell rate algorithm (ITU-T I.371): every request takes its share of a second, and none
/// is let in before those that were are less than a second ahead.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// What a request takes of the time.
    share: SignedDuration,
    /// Until when the time is taken.
    taken: Mutex<Timestamp>,
}

impl Throttle {
    /// So many requests a second, and as many at once.
    pub(crate) fn new(requests_per_second: NonZeroU32) -> Self {
        let share =
            SignedDuration::from_secs(1) / i32::try_from(requests_per_second.get()).unwrap_or(i32::MAX);
        Self { share, taken: Mutex::new(Timestamp::MIN) }
    }

    /// Lets a request in, or says how long it should wait.
    pub(crate) fn admit(&self, now: Timestamp) -> Result<(), Refusal> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not lock everybody out until it is where it was.
        let begin = (*taken).clamp(now, now.saturating_add(BURST).unwrap_or(now));
        let end = begin.saturating_add(self.share).unwrap_or(begin);
        let wait = end.duration_since(now) - BURST;
        if wait.is_positive() {
            let pause = Duration::try_from(wait).unwrap_or_default();
            return Err(Refusal::new(ErrorCode::TOO_MANY_REQUESTS).retry_after(pause));
        }
        *taken = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(rate: u32) -> Throttle {
        Throttle::new(NonZeroU32::new(rate).unwrap())
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn a_second_has_as_many_requests_as_it_may_and_no_more() {
        let throttle = throttle(5);
        let admitted = |milliseconds| (0..20).filter(|_| throttle.admit(at(milliseconds)).is_ok()).count();
        assert_eq!(
            [admitted(0), admitted(100), admitted(200), admitted(1_000), admitted(60_000)],
            [5, 0, 1, 4, 5]
        );
    }

    #[test]
    fn who_waits_as_long_as_told_is_let_in() {
        let throttle = throttle(1);
        throttle.admit(at(0)).unwrap();
        let refusal = throttle.admit(at(0)).unwrap_err();
        assert_eq!((refusal.status, refusal.pause()), (429, Some(1)));
        assert_eq!(
            throttle.admit(at(900)).unwrap_err().pause(),
            Some(1),
            "seconds are whole, and never none"
        );
        throttle.admit(at(1_000)).unwrap();
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let throttle = throttle(1);
        throttle.admit(at(3_600_000)).unwrap();
        assert_eq!(throttle.admit(at(0)).unwrap_err().pause(), Some(1));
        throttle.admit(at(1_000)).unwrap_err();
    }
}
