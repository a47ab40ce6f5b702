//! Combinations and permutations by their number, in the order in which one would write them down.

/// `n` over `k`; `None` if that passes `u64`.
pub(super) fn binomial(n: u64, k: u64) -> Option<u64> {
    if k > n {
        return Some(0);
    }
    let k = k.min(n - k);
    let mut result = 1_u128;
    for step in 0..k {
        // The product of `step + 1` successive numbers divides by `step + 1`, so nothing is lost.
        result = result.checked_mul(u128::from(n - step))? / u128::from(step + 1);
        if result > u128::from(u64::MAX) {
            return None;
        }
    }
    u64::try_from(result).ok()
}

/// Number of combinations of `length` out of `n`.
pub(super) fn count_combinations(n: u64, length: u64, replacement: bool) -> Option<u64> {
    match (replacement, n) {
        (false, _) => binomial(n, length),
        (true, 0) => Some(u64::from(length == 0)),
        (true, _) => binomial(n.checked_add(length)? - 1, length),
    }
}

/// Number of permutations of `length` out of `n`.
pub(super) fn count_permutations(n: u64, length: u64) -> Option<u64> {
    if length > n {
        return Some(0);
    }
    (0..length).try_fold(1_u64, |product, taken| product.checked_mul(n - taken))
}

/// The positions that the combination with a number chooses, ascending.
pub(super) fn combination(n: u64, length: u64, replacement: bool, index: u64) -> Vec<u64> {
    if !replacement {
        return distinct_combination(n, length, index);
    }
    // With repetition: choose from a longer row without, then push the chosen ones together.
    let chosen = distinct_combination((n + length).saturating_sub(1), length, index);
    chosen.into_iter().zip(0..).map(|(position, before)| position - before).collect()
}

fn distinct_combination(n: u64, length: u64, mut index: u64) -> Vec<u64> {
    let count = |n, k| binomial(n, k).unwrap_or(u64::MAX);
    let mut chosen = Vec::new();
    let mut start = 0;
    for left in (1..=length).rev() {
        // Combinations that begin before `position` come before those that begin with it.
        let before = |position: u64| count(n - start, left) - count(n.saturating_sub(position), left);
        let (mut low, mut high) = (start, n);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if before(middle) <= index { low = middle } else { high = middle }
        }
        index -= before(low);
        chosen.push(low);
        start = low + 1;
    }
    chosen
}

/// The positions of the permutation with a number.
pub(super) fn permutation(n: u64, length: u64, mut index: u64) -> Vec<u64> {
    let mut taken: Vec<u64> = Vec::new();
    let mut chosen = Vec::new();
    for place in 0..length {
        let rest =
            count_permutations(n.saturating_sub(place + 1), length - place - 1).unwrap_or(u64::MAX).max(1);
        let mut position = index / rest;
        index %= rest;
        // The free position of this rank: step over those that are taken.
        for &other in &taken {
            if other <= position {
                position += 1;
            }
        }
        chosen.push(position);
        let at = taken.partition_point(|&other| other < position);
        taken.insert(at, position);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_come_in_order() {
        let all = |n, length, replacement| {
            let count = count_combinations(n, length, replacement).unwrap();
            (0..count).map(|index| combination(n, length, replacement, index)).collect::<Vec<_>>()
        };
        assert_eq!(all(4, 2, false), [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(all(3, 2, true), [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]);
        assert_eq!(all(3, 3, false), [[0, 1, 2]]);
        assert_eq!(all(2, 3, true), [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]]);
        assert_eq!(all(2, 3, false), Vec::<Vec<u64>>::new());
        let many = all(9, 4, false);
        assert_eq!(many.len(), 126);
        assert!(many.is_sorted() && many.iter().all(|one| one.is_sorted_by(|a, b| a < b)));
    }

    #[test]
    fn permutations_come_in_order() {
        let all = |n, length| {
            let count = count_permutations(n, length).unwrap();
            (0..count).map(|index| permutation(n, length, index)).collect::<Vec<_>>()
        };
        assert_eq!(all(3, 2), [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]);
        let many = all(5, 5);
        assert_eq!(many.len(), 120);
        assert!(many.is_sorted());
        for one in many {
            let mut sorted = one.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4], "{one:?}");
        }
    }

    #[test]
    fn a_combination_of_a_long_row_is_found_without_those_before_it() {
        assert_eq!(combination(4_000, 2, false, 0), [0, 1]);
        assert_eq!(combination(4_000, 2, false, 7_997_999), [3_998, 3_999]);
        assert_eq!(combination(10_000_000, 1, false, 9_999_999), [9_999_999]);
    }

    #[test]
    fn numbers_beyond_all_measure_are_none() {
        assert_eq!(binomial(200, 100), None);
        assert_eq!(binomial(u64::MAX, u64::MAX - 1), Some(u64::MAX));
        assert_eq!(count_permutations(100, 50), None);
        assert_eq!(count_combinations(u64::MAX, 2, true), None);
    }
}
