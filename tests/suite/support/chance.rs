//! Chance that can be had again: the same numbers for the same seed.

/// What the first case of a series is made from.
const SEED: &str = "BATCHYARD_TEST_SEED";
/// How many cases a series has.
const CASES: &str = "BATCHYARD_TEST_CASES";

/// Numbers by chance; the same ones for the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of that seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("a number below a usize")
    }

    /// Whether a case that happens so many times in a hundred has come.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// A series of cases, each with a seed of its own, so that any of them can be had again alone.
#[derive(Debug, Clone, Copy)]
pub struct Cases {
    first: u64,
    count: u64,
}

impl Cases {
    /// As many cases as the environment asks for, else `count`.
    pub fn or(count: u64) -> Self {
        Self { first: read(SEED).unwrap_or(1), count: read(CASES).unwrap_or(count) }
    }

    /// How many.
    pub fn count(self) -> u64 {
        self.count
    }

    /// The cases, by their seeds. One that fails says how it is had again.
    pub fn seeds(self) -> impl Iterator<Item = Seed> {
        (self.first..).take(usize::try_from(self.count).unwrap_or(usize::MAX)).map(Seed)
    }
}

/// The seed of a case. Dropped by a panic, it says so.
#[derive(Debug)]
pub struct Seed(u64);

impl Seed {
    /// Its chance.
    pub fn chance(&self) -> Chance {
        Chance::of(self.0)
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was seed {}; {SEED}={} {CASES}=1 has it again, alone", self.0, self.0);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment says how long and by which seed a test works")]
fn read(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{text}`")))
}
