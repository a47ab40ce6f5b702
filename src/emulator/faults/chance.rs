//! Chance that can be repeated.

/// Whether the `count`-th time that rule number `rule` could strike is among the `share` of times that it does: the same for the
/// same numbers, whatever happened in between.
pub(super) fn strikes(seed: u64, rule: usize, count: u64, share: f64) -> bool {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(&(rule as u64).to_le_bytes()).update(&count.to_le_bytes());
    let mut bits = [0; 8];
    hasher.finalize_xof().fill(&mut bits);
    // The 53 bits that a double holds: at least 0, less than 1.
    let number = (u64::from_le_bytes(bits) >> 11) as f64 / (1_u64 << 53) as f64;
    number < share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(seed: u64, rule: usize, share: f64) -> Vec<bool> {
        (0..2_000).map(|count| strikes(seed, rule, count, share)).collect()
    }

    #[test]
    fn the_same_seed_strikes_the_same_and_another_one_others() {
        assert_eq!(pattern(7, 0, 0.2), pattern(7, 0, 0.2));
        assert_ne!(pattern(7, 0, 0.2), pattern(8, 0, 0.2));
        assert_ne!(pattern(7, 0, 0.2), pattern(7, 1, 0.2));
    }

    #[test]
    fn a_share_is_met_and_its_ends_are_never_and_always() {
        let struck = |share| pattern(1, 0, share).into_iter().filter(|strikes| *strikes).count();
        assert_eq!((struck(0.0), struck(1.0)), (0, 2_000));
        assert!((320..480).contains(&struck(0.2)), "{}", struck(0.2));
    }
}
