//! An estimate of pi by throwing darts: each seed is one task's part of the work, and one task merges them all.

use std::fs;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Why an estimate failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PiError {
    #[error("`{}` can't be written", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` can't be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` holds no estimate", path.display())]
    Malformed { path: PathBuf, source: serde_json::Error },
    #[error("there is nothing to merge: no `pi-<seed>.json` in `{}`", folder.display())]
    Nothing { folder: PathBuf },
}

/// What one seed found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Estimate {
    seed: u64,
    samples: u64,
    inside: u64,
    pi: f64,
}

impl Estimate {
    /// Throws `samples` darts at a square and counts those within the quarter circle.
    pub(super) fn throw(seed: u64, samples: u64) -> Self {
        let mut random = SplitMix64 { state: seed };
        let inside = (0..samples).map(|_| u64::from(random.dart_is_inside())).sum();
        Self { seed, samples, inside, pi: ratio(inside, samples) * 4.0 }
    }

    /// Writes the estimate to `pi-<seed>.json` in a folder, whole or not at all.
    pub(super) fn save(&self, folder: &Path) -> Result<(), PiError> {
        let path = Self::path(folder, self.seed);
        let temporary = folder.join(format!(".pi-{}.new", self.seed));
        let save = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            fs::write(&temporary, serde_json::to_vec(self)?)?;
            fs::rename(&temporary, &path)
        };
        save().map_err(|source| PiError::Write { path: path.clone(), source })
    }

    fn path(folder: &Path, seed: u64) -> PathBuf {
        folder.join(format!("pi-{seed}.json"))
    }

    fn read(path: &Path) -> Result<Self, PiError> {
        let content = fs::read(path).map_err(|source| PiError::Read { path: path.to_owned(), source })?;
        serde_json::from_slice(&content)
            .map_err(|source| PiError::Malformed { path: path.to_owned(), source })
    }

    /// Says what was found.
    pub(super) fn write(&self, output: &mut dyn Write) -> io::Result<()> {
        writeln!(output, "seed {}: pi ≈ {:.5} ({} samples)", self.seed, self.pi, self.samples)
    }
}

/// What all seeds found together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merged {
    seeds: usize,
    samples: u64,
    pi: f64,
    standard_error: f64,
}

impl Merged {
    /// Merges every `pi-<seed>.json` in a folder.
    pub(super) fn of_all(folder: &Path) -> Result<Self, PiError> {
        let unreadable = |source| PiError::Read { path: folder.to_owned(), source };
        let mut estimates = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("pi-") && name.ends_with(".json") {
                estimates.push(Estimate::read(&path)?);
            }
        }
        if estimates.is_empty() {
            return Err(PiError::Nothing { folder: folder.to_owned() });
        }
        Ok(Self::merge(&estimates))
    }

    /// Merges the `pi-<seed>.json` of these seeds, and none of the others that earlier runs may have left in the folder.
    pub(super) fn of_seeds(folder: &Path, seeds: RangeInclusive<u64>) -> Result<Self, PiError> {
        let estimates = seeds.map(|seed| Estimate::read(&Estimate::path(folder, seed)));
        Ok(Self::merge(&estimates.collect::<Result<Vec<_>, _>>()?))
    }

    fn merge(estimates: &[Estimate]) -> Self {
        let samples = estimates.iter().map(|estimate| estimate.samples).sum();
        let inside = estimates.iter().map(|estimate| estimate.inside).sum();
        let share = ratio(inside, samples);
        Self {
            seeds: estimates.len(),
            samples,
            pi: share * 4.0,
            standard_error: 4.0 * (share * (1.0 - share) / as_float(samples)).sqrt(),
        }
    }

    /// Says what was found.
    pub(super) fn write(&self, output: &mut dyn Write) -> io::Result<()> {
        let Self { seeds, samples, pi, standard_error } = self;
        writeln!(output, "{seeds} seeds, {samples} samples: pi ≈ {pi:.5} ± {standard_error:.5}")
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { as_float(part) / as_float(whole) }
}

#[expect(clippy::cast_precision_loss, reason = "the last digits of a count don't matter to an estimate")]
fn as_float(count: u64) -> f64 {
    count as f64
}

/// Steele, Lea and Flood's generator: tiny, and the same everywhere for the same seed.
#[derive(Debug)]
struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Both coordinates from one number, 32 bits each: whole numbers, so that every machine counts the same.
    fn dart_is_inside(&mut self) -> bool {
        let both = self.next();
        let (x, y) = (u128::from(both >> 32), u128::from(both & 0xffff_ffff));
        x * x + y * y < 1 << 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = SplitMix64 { state: 1_234_567 };
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_estimate_is_close_and_always_the_same() {
        let estimate = Estimate::throw(3, 100_000);
        assert!((estimate.pi - std::f64::consts::PI).abs() < 0.02, "{estimate:?}");
        assert_eq!(Estimate::throw(3, 100_000), estimate);
        assert_ne!(Estimate::throw(4, 100_000).inside, estimate.inside);
        assert_eq!(Estimate::throw(1, 0).pi, 0.0);
    }

    #[test]
    fn merged_estimates_are_better_than_each() {
        let folder = tempfile::tempdir().unwrap();
        for seed in 1..=8 {
            Estimate::throw(seed, 20_000).save(&folder.path().join("out")).unwrap();
        }
        fs::write(folder.path().join("out/other.json"), "not ours").unwrap();
        let merged = Merged::of_all(&folder.path().join("out")).unwrap();
        assert_eq!((merged.seeds, merged.samples), (8, 160_000));
        assert!((merged.pi - std::f64::consts::PI).abs() < 4.0 * merged.standard_error, "{merged:?}");
        let mut output = Vec::new();
        merged.write(&mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        assert!(text.starts_with("8 seeds, 160000 samples: pi ≈ 3.1"), "{text}");
    }

    #[test]
    fn seeds_of_earlier_runs_are_left_out_and_missing_ones_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for seed in 1..=4 {
            Estimate::throw(seed, 100).save(folder.path()).unwrap();
        }
        let merged = Merged::of_seeds(folder.path(), 1..=3).unwrap();
        assert_eq!((merged.seeds, merged.samples), (3, 300));
        let missing = Merged::of_seeds(folder.path(), 1..=5).unwrap_err();
        assert!(missing.to_string().ends_with("pi-5.json` can't be read"), "{missing}");
    }

    #[test]
    fn what_cannot_be_merged_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Merged::of_all(folder.path()).unwrap_err().to_string().contains("nothing to merge"));
        fs::write(folder.path().join("pi-1.json"), "{").unwrap();
        assert!(Merged::of_all(folder.path()).unwrap_err().to_string().contains("pi-1.json"));
        assert!(matches!(Merged::of_all(Path::new("/no/such")).unwrap_err(), PiError::Read { .. }));
    }
}
