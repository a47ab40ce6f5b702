//! Whether recipes that are missing in a folder have gone, or are just being moved or written: a file that is replaced may not be there
//! for a moment, and nothing must be destroyed because of that.

use std::time::Duration;

use tokio::time::Instant;

/// How long a folder has to stay as it is before a recipe that is missing in it counts as gone.
pub(super) const SETTLE: Duration = Duration::from_secs(2);
/// How often a folder is looked at that does not stay as it is, before that is left to the next interval.
const LOOKS: u32 = 10;

/// What it means that recipes are missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Absence {
    /// They have gone, or none is missing.
    #[default]
    Settled,
    /// Nobody knows yet: it is to be looked at again soon.
    Recent,
    /// Nobody knows, because the folder was changed between all looks.
    Restless,
}

/// What is known of a folder in which recipes are missing.
#[derive(Debug, Default)]
pub(super) struct Settling {
    /// How the folder is, and since when.
    since: Option<(blake3::Hash, Instant)>,
    /// How often it was looked at since recipes are missing.
    looks: u32,
}

impl Settling {
    /// What it means that recipes are missing, if any is. `arrangement` is how the folder was at that time, before the recipes
    /// were looked for; a source without one changes as a whole.
    pub(super) fn judge(
        &mut self,
        is_any_missing: bool,
        (arrangement, at): (Option<blake3::Hash>, Instant),
    ) -> Absence {
        let Some(arrangement) = arrangement.filter(|_| is_any_missing) else {
            *self = Self::default();
            return Absence::Settled;
        };
        match self.since {
            Some((known, since)) if known == arrangement => {
                if at.saturating_duration_since(since) >= SETTLE {
                    self.looks = 0;
                    return Absence::Settled;
                }
            }
            _ => self.since = Some((arrangement, at)),
        }
        self.looks = self.looks.saturating_add(1);
        if self.looks > LOOKS { Absence::Restless } else { Absence::Recent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_has_gone_once_the_folder_has_stayed_as_it_is_for_a_while() {
        let (start, mut settling) = (Instant::now(), Settling::default());
        let mut look = |missing, how: &[u8], seconds| {
            settling.judge(missing, (Some(blake3::hash(how)), start + Duration::from_secs(seconds)))
        };
        assert_eq!(look(false, b"a", 0), Absence::Settled);
        assert_eq!(look(true, b"b", 1), Absence::Recent);
        assert_eq!(look(true, b"c", 3), Absence::Recent, "it came back meanwhile, and has gone again");
        assert_eq!(look(true, b"c", 4), Absence::Recent);
        assert_eq!(look(true, b"c", 5), Absence::Settled);
        assert_eq!(look(true, b"c", 9), Absence::Settled);
        assert_eq!(look(false, b"d", 9), Absence::Settled);
        assert_eq!(look(true, b"d", 30), Absence::Recent, "what was known has ended with its return");
    }

    #[test]
    fn a_folder_that_never_rests_is_left_to_the_next_interval() {
        let (now, mut settling) = (Instant::now(), Settling::default());
        let mut judged = (0..12_u8).map(|n| settling.judge(true, (Some(blake3::hash(&[n])), now)));
        assert!(judged.by_ref().take(10).all(|absence| absence == Absence::Recent));
        assert!(judged.all(|absence| absence == Absence::Restless));
    }

    #[test]
    fn what_changes_as_a_whole_needs_no_time() {
        assert_eq!(Settling::default().judge(true, (None, Instant::now())), Absence::Settled);
    }
}
