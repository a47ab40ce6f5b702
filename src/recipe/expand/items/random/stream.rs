//! Where random bits come from.

/// Tells this use of BLAKE3 from all others. Whoever changes it changes the numbers of every recipe.
const CONTEXT: &str = "batchyard recipes, random numbers of for_each, version 1";

/// The random bits of one item: BLAKE3 in its extendable-output form, over the seed, the keys that lead to the numbers in
/// `for_each` (`pair.x`; nothing at the top), and the position of the item. So an item's number needs none of those before
/// it, and two keys with one seed have numbers of their own.
///
/// A number takes as many bits as its distribution asks for, eight bytes at a time, the lowest byte first.
pub(in super::super) struct RandomStream(blake3::OutputReader);

impl RandomStream {
    /// The bits of the item at a position.
    pub(in super::super) fn new(seed: i64, path: &str, index: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&seed.to_le_bytes()).update(&index.to_le_bytes()).update(path.as_bytes());
        Self(hasher.finalize_xof())
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number of at least 0 and less than 1: a multiple of 2^-53.
    pub(super) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exactly what a double holds")]
        let numerator = (self.bits() >> 11) as f64;
        numerator * (0.5_f64 / (1_u64 << 52) as f64)
    }

    /// A number greater than 0 and at most 1, which has a logarithm.
    pub(super) fn positive_unit(&mut self) -> f64 {
        1.0 - self.unit()
    }

    /// A whole number below `bound`, all alike.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // Bits above the largest multiple of the bound would make small numbers likelier.
        let fair = u64::MAX - u64::MAX % bound.max(1);
        loop {
            let bits = self.bits();
            if bits < fair {
                return bits % bound.max(1);
            }
        }
    }
}
