//! How long to wait before something is tried again.

use std::time::Duration;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);

/// A number between 0 and 1: the randomness of a version 4 UUID is at hand and good enough to spread pauses.
pub(super) fn chance() -> f64 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    let bits = u32::try_from(low & u64::from(u32::MAX)).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

/// The pause after so many failures in a row: twice as long each time up to `most`, half of it left to chance, so that recipes
/// that failed together don't come back together.
pub(super) fn pause_after(failures: u32, most: Duration, chance: f64) -> Duration {
    let full = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(most);
    full / 2 + (full / 2).mul_f64(chance)
}

/// About `interval`: a twentieth more or less, so that many recipes spread out.
pub(super) fn spread(interval: Duration, chance: f64) -> Duration {
    interval.mul_f64(0.95 + chance / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_are_never_less_than_half() {
        let most = Duration::from_secs(300);
        let seconds = |failures, chance| pause_after(failures, most, chance).as_secs_f64();
        assert_eq!([seconds(1, 0.0), seconds(1, 1.0)], [0.5, 1.0]);
        assert_eq!([seconds(2, 1.0), seconds(5, 1.0)], [2.0, 16.0]);
        assert_eq!([seconds(60, 0.0), seconds(u32::MAX, 1.0)], [150.0, 300.0]);
    }

    #[test]
    fn intervals_spread_by_a_twentieth() {
        let minute = Duration::from_secs(60);
        assert_eq!([spread(minute, 0.0).as_secs(), spread(minute, 1.0).as_secs()], [57, 63]);
        assert!((0..100).map(|_| chance()).all(|chance| (0.0..=1.0).contains(&chance)));
    }
}
