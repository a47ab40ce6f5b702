//! Which combinations of a matrix are left out.

/// Bits for the combinations of a product, with a running count so that the n-th that is left is found at once: a
/// million combinations take some 130 kB.
#[derive(Debug, Clone)]
pub(super) struct Exclusion {
    /// One bit for each combination; set if it is left out.
    words: Vec<u64>,
    /// How many are left before each word.
    before: Vec<u64>,
    left: u64,
}

impl Exclusion {
    /// Of `total` combinations none is left out yet.
    pub(super) fn none(total: u64) -> Self {
        let words = usize::try_from(total.div_ceil(64)).unwrap_or(usize::MAX);
        let mut words = vec![0_u64; words];
        if let Some(last) = words.last_mut() {
            // What lies behind the end does not exist.
            let rest = total % 64;
            *last = if rest == 0 { 0 } else { u64::MAX << rest };
        }
        let mut exclusion = Self { words, before: Vec::new(), left: 0 };
        exclusion.count();
        exclusion
    }

    /// Leaves a combination out. [`Exclusion::count`] has to follow.
    pub(super) fn exclude(&mut self, index: u64) {
        if let Some(word) = usize::try_from(index / 64).ok().and_then(|at| self.words.get_mut(at)) {
            *word |= 1 << (index % 64);
        }
    }

    /// Whether a combination is left out.
    pub(super) fn excludes(&self, index: u64) -> bool {
        let word = usize::try_from(index / 64).ok().and_then(|at| self.words.get(at));
        word.is_none_or(|word| word & (1 << (index % 64)) != 0)
    }

    /// Counts anew what is left.
    pub(super) fn count(&mut self) {
        self.left = 0;
        self.before.clear();
        for word in &self.words {
            self.before.push(self.left);
            self.left += u64::from(word.count_zeros());
        }
    }

    /// How many are left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The combination that is the n-th of those left.
    pub(super) fn nth(&self, n: u64) -> u64 {
        let at = self.before.partition_point(|before| *before <= n).saturating_sub(1);
        let mut word = self.words.get(at).copied().unwrap_or(u64::MAX);
        let skip = n - self.before.get(at).copied().unwrap_or_default();
        for _ in 0..skip {
            // Sets the lowest bit that is not set: steps over one that is left.
            word |= word.wrapping_add(1);
        }
        at as u64 * 64 + u64::from(word.trailing_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_that_is_left_is_found() {
        let mut exclusion = Exclusion::none(200);
        assert_eq!(exclusion.left(), 200);
        assert!((0..200).all(|n| exclusion.nth(n) == n));
        (0..200).filter(|index| index % 3 != 1).for_each(|index| exclusion.exclude(index));
        exclusion.count();
        let left: Vec<u64> = (0..exclusion.left()).map(|n| exclusion.nth(n)).collect();
        assert_eq!(left, (0..200).filter(|index| index % 3 == 1).collect::<Vec<_>>());
        assert!(exclusion.excludes(0) && !exclusion.excludes(1) && exclusion.excludes(200));
    }

    #[test]
    fn an_empty_product_has_nothing_left() {
        assert_eq!(Exclusion::none(0).left(), 0);
        assert_eq!(Exclusion::none(64).left(), 64);
    }
}
