//! Matrices: what `exclude` and `include` do to a product, as in a workflow of GitHub Actions.

use std::sync::Arc;

use minijinja::Value;

use super::exclusion::Exclusion;
use super::item_set::{Addition, Axis, Matrix};
use crate::diagnostic::Span;

/// Corrections may look at so many combinations together.
const MOST_LOOKS: u64 = 20_000_000;

/// A map of `include` or `exclude`.
pub(super) struct Correction {
    pub(super) members: Vec<Member>,
    pub(super) span: Span,
}

/// A key of such a map, where it stands, and its value.
pub(super) struct Member {
    pub(super) name: Arc<str>,
    pub(super) span: Span,
    pub(super) value: Value,
}

/// Why a matrix cannot be made.
#[derive(Debug, PartialEq)]
pub(super) enum MatrixError {
    /// An entry of `exclude` names no axis of the matrix.
    UnknownAxis { key: String, span: Span },
    /// The corrections concern too many combinations.
    TooLarge { span: Span },
}

/// Applies corrections to the product of the axes.
pub(super) fn matrix(
    axes: Vec<Axis>,
    total: u64,
    exclude: &[Correction],
    include: &[Correction],
) -> Result<Matrix, MatrixError> {
    let mut looks = MOST_LOOKS;
    let mut exclusion = Exclusion::none(total);
    for correction in exclude {
        if let Some(member) = correction.members.iter().find(|member| axis_of(&axes, &member.name).is_none())
        {
            return Err(MatrixError::UnknownAxis { key: member.name.to_string(), span: member.span });
        }
        let area = Area::of(correction, &axes);
        area.each(&mut looks, |index| {
            exclusion.exclude(index);
            true
        })
        .ok_or(MatrixError::TooLarge { span: correction.span })?;
    }
    exclusion.count();
    let (mut additions, mut own) = (Vec::new(), Vec::new());
    for correction in include {
        let area = Area::of(correction, &axes);
        let mut agrees = false;
        // It is enough to find one that is left.
        area.each(&mut looks, |index| {
            agrees = !exclusion.excludes(index);
            !agrees
        })
        .ok_or(MatrixError::TooLarge { span: correction.span })?;
        if agrees {
            let adds = correction.pairs().filter(|(key, _)| axis_of(&axes, key).is_none());
            additions.push(Addition { agrees: area.constraints, adds: adds.collect() });
        } else {
            own.push(correction.pairs().collect());
        }
    }
    Ok(Matrix { axes, exclusion, additions, own })
}

impl Correction {
    fn pairs(&self) -> impl Iterator<Item = (Arc<str>, Value)> {
        self.members.iter().map(|member| (member.name.clone(), member.value.clone()))
    }
}

fn axis_of(axes: &[Axis], key: &str) -> Option<usize> {
    axes.iter().position(|axis| *axis.name == *key)
}

/// The combinations that have all values of a correction.
struct Area {
    /// Axes by number, and the positions on them.
    constraints: Vec<(usize, Vec<u64>)>,
    /// Per axis: its length, and the positions, or all.
    axes: Vec<(u64, Option<Vec<u64>>)>,
}

impl Area {
    fn of(correction: &Correction, axes: &[Axis]) -> Self {
        let constraints: Vec<(usize, Vec<u64>)> = correction
            .members
            .iter()
            .filter_map(|member| {
                let number = axis_of(axes, &member.name)?;
                Some((number, axes.get(number)?.items.positions_of(&member.value)))
            })
            .collect();
        let mut lengths: Vec<(u64, Option<Vec<u64>>)> =
            axes.iter().map(|axis| (axis.items.count(), None)).collect();
        for (number, positions) in &constraints {
            if let Some((_, wanted)) = lengths.get_mut(*number) {
                *wanted = Some(positions.clone());
            }
        }
        Self { constraints, axes: lengths }
    }

    /// Calls `visit` with the numbers of the combinations until it returns false. `None` if that takes too many looks.
    fn each(&self, looks: &mut u64, mut visit: impl FnMut(u64) -> bool) -> Option<()> {
        let sizes: Vec<u64> = self
            .axes
            .iter()
            .map(|(length, wanted)| wanted.as_ref().map_or(*length, |positions| positions.len() as u64))
            .collect();
        let size = sizes.iter().try_fold(1_u64, |product, size| product.checked_mul(*size))?;
        for number in 0..size {
            *looks = looks.checked_sub(1)?;
            if !visit(self.combination(number, &sizes)) {
                break;
            }
        }
        Some(())
    }

    /// The number that a combination of the area has among all combinations.
    fn combination(&self, number: u64, sizes: &[u64]) -> u64 {
        let (mut rest, mut weight, mut index) = (number, 1, 0);
        for ((length, wanted), size) in self.axes.iter().zip(sizes).rev() {
            let at = rest % size;
            rest /= size;
            let position = match wanted {
                Some(positions) => {
                    usize::try_from(at).ok().and_then(|at| positions.get(at)).copied().unwrap_or(at)
                }
                None => at,
            };
            index += position * weight;
            weight *= length;
        }
        index
    }
}
