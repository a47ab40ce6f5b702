//! The ten distributions.

use libm::{cos, exp, log, pow, sqrt};

use super::stream::RandomStream;

/// A distribution, with its parameters as Python's `random` module has them, which people know.
///
/// Logarithms and powers come from `libm`, not from the machine: mathematical libraries differ in the last digit, and a
/// task's command must not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Distribution {
    /// Whole numbers: `start`, `start + step`, …; `count` of them, all alike.
    Integer { start: i64, step: i64, count: u64 },
    /// From `low` up to `high`, all alike.
    Uniform { low: f64, high: f64 },
    /// From `low` to `high`, most around `mode`.
    Triangular { low: f64, high: f64, mode: f64 },
    /// Between 0 and 1.
    Beta { alpha: f64, beta: f64 },
    /// Times between events of the rate `lambda`.
    Exponential { lambda: f64 },
    /// The shape `alpha` and the scale `beta`.
    Gamma { alpha: f64, beta: f64 },
    /// The mean `mu` and the standard deviation `sigma`.
    Gauss { mu: f64, sigma: f64 },
    /// As `Gauss`, for the logarithm.
    Lognormal { mu: f64, sigma: f64 },
    /// The shape `alpha`, the scale 1.
    Pareto { alpha: f64 },
    /// The scale `alpha` and the shape `beta`.
    Weibull { alpha: f64, beta: f64 },
}

/// A random number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Draw {
    /// A whole one.
    Integer(i64),
    /// Any other.
    Number(f64),
}

impl Distribution {
    /// Takes a number out of a stream of bits.
    pub(in super::super) fn draw(&self, stream: &mut RandomStream) -> Draw {
        let number = match *self {
            Self::Integer { start, step, count } => {
                let position = i128::from(stream.below(count));
                let value = i128::from(start) + position * i128::from(step);
                return Draw::Integer(i64::try_from(value).unwrap_or(i64::MAX));
            }
            Self::Uniform { low, high } => low + (high - low) * stream.unit(),
            Self::Triangular { low, high, mode } => triangular(low, high, mode, stream.unit()),
            Self::Beta { alpha, beta } => {
                let (first, second) = (gamma(alpha, stream), gamma(beta, stream));
                if first + second > 0.0 { first / (first + second) } else { 0.0 }
            }
            Self::Exponential { lambda } => -log(stream.positive_unit()) / lambda,
            Self::Gamma { alpha, beta } => gamma(alpha, stream) * beta,
            Self::Gauss { mu, sigma } => mu + sigma * normal(stream),
            Self::Lognormal { mu, sigma } => exp(mu + sigma * normal(stream)),
            Self::Pareto { alpha } => pow(stream.positive_unit(), -1.0 / alpha),
            Self::Weibull { alpha, beta } => alpha * pow(-log(stream.positive_unit()), 1.0 / beta),
        };
        Draw::Number(number)
    }
}

/// By the inverse of the distribution function.
fn triangular(low: f64, high: f64, mode: f64, unit: f64) -> f64 {
    let width = high - low;
    if width <= 0.0 {
        return low;
    }
    let rising = (mode - low) / width;
    if unit < rising {
        low + width * sqrt(unit * rising)
    } else {
        high - width * sqrt((1.0 - unit) * (1.0 - rising))
    }
}

/// A number of the standard normal distribution, as Box and Muller make it (1958).
fn normal(stream: &mut RandomStream) -> f64 {
    let radius = sqrt(-2.0 * log(stream.positive_unit()));
    radius * cos(2.0 * std::f64::consts::PI * stream.unit())
}

/// A number of the gamma distribution with the scale 1, as Marsaglia and Tsang make it (2000).
fn gamma(shape: f64, stream: &mut RandomStream) -> f64 {
    if shape < 1.0 {
        let boosted = gamma(shape + 1.0, stream);
        return boosted * pow(stream.positive_unit(), 1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / sqrt(9.0 * d);
    loop {
        let x = normal(stream);
        let base = 1.0 + c * x;
        if base <= 0.0 {
            continue;
        }
        let v = base * base * base;
        if log(stream.positive_unit()) < 0.5 * x * x + d - d * v + d * log(v) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(distribution: Distribution, count: u64) -> Vec<f64> {
        (0..count)
            .map(|index| match distribution.draw(&mut RandomStream::new(1, "", index)) {
                Draw::Integer(value) => value as f64,
                Draw::Number(value) => value,
            })
            .collect()
    }

    /// Mean and standard deviation of twenty thousand numbers, to be compared with what theory says.
    #[track_caller]
    fn assert_moments(distribution: Distribution, mean: f64, deviation: f64) {
        let numbers = numbers(distribution, 20_000);
        let n = numbers.len() as f64;
        let found_mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|x| (x - found_mean) * (x - found_mean)).sum::<f64>() / n;
        // Five standard errors of the mean; the deviation of heavy tails settles more slowly.
        assert!(
            (found_mean - mean).abs() < 5.0 * deviation / n.sqrt(),
            "{distribution:?}: mean {found_mean}"
        );
        let ratio = variance.sqrt() / deviation;
        assert!((0.9..1.1).contains(&ratio), "{distribution:?}: deviation {}", variance.sqrt());
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_distribution() {
        assert_moments(Distribution::Integer { start: 1, step: 1, count: 6 }, 3.5, (35.0_f64 / 12.0).sqrt());
        assert_moments(Distribution::Uniform { low: -1.0, high: 3.0 }, 1.0, 4.0 / 12.0_f64.sqrt());
        assert_moments(
            Distribution::Triangular { low: 0.0, high: 10.0, mode: 2.0 },
            4.0,
            (84.0_f64 / 18.0).sqrt(),
        );
        assert_moments(Distribution::Beta { alpha: 2.0, beta: 3.0 }, 0.4, 0.2);
        assert_moments(Distribution::Beta { alpha: 0.5, beta: 0.5 }, 0.5, 0.125_f64.sqrt());
        assert_moments(Distribution::Exponential { lambda: 4.0 }, 0.25, 0.25);
        assert_moments(Distribution::Gamma { alpha: 3.0, beta: 2.0 }, 6.0, 12.0_f64.sqrt());
        assert_moments(Distribution::Gamma { alpha: 0.3, beta: 1.0 }, 0.3, 0.3_f64.sqrt());
        assert_moments(Distribution::Gauss { mu: 5.0, sigma: 2.0 }, 5.0, 2.0);
        let mean = (0.125_f64).exp();
        assert_moments(
            Distribution::Lognormal { mu: 0.0, sigma: 0.5 },
            mean,
            mean * (0.25_f64.exp() - 1.0).sqrt(),
        );
        assert_moments(Distribution::Pareto { alpha: 5.0 }, 1.25, (5.0_f64 / 48.0).sqrt());
        // The shape 2 is the Rayleigh distribution.
        let pi = std::f64::consts::PI;
        assert_moments(Distribution::Weibull { alpha: 2.0, beta: 2.0 }, pi.sqrt(), (4.0 - pi).sqrt());
    }

    #[test]
    fn numbers_stay_inside_their_bounds() {
        let inside = |distribution, low: f64, high: f64| {
            numbers(distribution, 5_000).iter().all(|number| (low..=high).contains(number))
        };
        assert!(inside(Distribution::Uniform { low: 2.0, high: 3.0 }, 2.0, 3.0));
        assert!(inside(Distribution::Triangular { low: 2.0, high: 3.0, mode: 3.0 }, 2.0, 3.0));
        assert!(inside(Distribution::Triangular { low: 2.0, high: 2.0, mode: 2.0 }, 2.0, 2.0));
        assert!(inside(Distribution::Beta { alpha: 0.01, beta: 0.01 }, 0.0, 1.0));
        assert!(inside(Distribution::Integer { start: 10, step: -5, count: 3 }, 0.0, 10.0));
        assert!(inside(Distribution::Pareto { alpha: 1.0 }, 1.0, f64::MAX));
        assert!(inside(Distribution::Gauss { mu: 1.0, sigma: 0.0 }, 1.0, 1.0));
    }

    /// The numbers that recipes have had since the first version. If this fails, tasks of recipes in use would change.
    #[test]
    fn numbers_never_change() {
        let first = |distribution: Distribution| distribution.draw(&mut RandomStream::new(7, "x", 3));
        let number = Draw::Number;
        let table = [
            (Distribution::Integer { start: 1, step: 1, count: 1000 }, Draw::Integer(310)),
            (Distribution::Uniform { low: 0.0, high: 1.0 }, number(0.13377148150950435)),
            (Distribution::Triangular { low: 0.0, high: 10.0, mode: 2.0 }, number(1.635674059887876)),
            (Distribution::Beta { alpha: 2.0, beta: 3.0 }, number(0.28136835639145963)),
            (Distribution::Exponential { lambda: 4.0 }, number(0.03590163176621915)),
            (Distribution::Gamma { alpha: 0.5, beta: 2.0 }, number(0.50204100894739)),
            (Distribution::Gauss { mu: 5.0, sigma: 2.0 }, number(3.935758651358679)),
            (Distribution::Lognormal { mu: 0.0, sigma: 0.5 }, number(0.7663928841356104)),
            (Distribution::Pareto { alpha: 5.0 }, number(1.0291377393872374)),
            (Distribution::Weibull { alpha: 2.0, beta: 1.5 }, number(0.5484614598816199)),
        ];
        for (distribution, expected) in table {
            assert_eq!(first(distribution), expected, "{distribution:?}");
        }
    }
}
