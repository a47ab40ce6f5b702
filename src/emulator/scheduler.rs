//! Placement: which node a task goes to. Pure; which tasks are due and in which order is the store's to say.

use super::store::FreeNode;
use crate::batch::model::BatchNodeFillType;

/// The free slots of a pool, given away one task at a time.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    nodes: Vec<FreeNode>,
    pack: bool,
}

impl Slots {
    /// The free slots of these nodes.
    pub(crate) fn new(nodes: Vec<FreeNode>, fill: &BatchNodeFillType) -> Self {
        Self { nodes, pack: *fill == BatchNodeFillType::Pack }
    }

    /// The most slots that are free on one node: what a task may need at the most.
    pub(crate) fn largest(&self) -> i32 {
        self.nodes.iter().map(|node| node.free).max().unwrap_or_default()
    }

    /// All free slots.
    pub(crate) fn total(&self) -> i32 {
        self.nodes.iter().map(|node| node.free).sum()
    }

    /// Takes slots on one node: with `spread` on the one with the most free, with `pack` on the one with the fewest that will
    /// do; the oldest of equals.
    pub(crate) fn take(&mut self, slots: i32) -> Option<&FreeNode> {
        let fitting = self.nodes.iter_mut().filter(|node| node.free >= slots);
        let node = if self.pack {
            fitting.min_by_key(|node| node.free)
        } else {
            fitting.min_by_key(|node| std::cmp::Reverse(node.free))
        }?;
        node.free -= slots;
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::NodeId;
    use crate::emulator::store::NodeRow;

    fn slots(free: &[i32], fill: BatchNodeFillType) -> Slots {
        let node = |(row, &free): (i64, &i32)| FreeNode {
            row: NodeRow(row),
            id: NodeId::new(format!("n{row}")).unwrap(),
            is_dedicated: true,
            free,
        };
        Slots::new((1..).zip(free).map(node).collect(), &fill)
    }

    fn placements(mut slots: Slots, needs: &[i32]) -> Vec<Option<i64>> {
        needs.iter().map(|need| slots.take(*need).map(|node| node.row.0)).collect()
    }

    #[test]
    fn spread_goes_to_the_emptiest_node() {
        let placed = placements(slots(&[2, 3, 2], BatchNodeFillType::Spread), &[1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(placed, [Some(2), Some(1), Some(2), Some(3), Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn pack_fills_one_node_after_the_other() {
        let placed = placements(slots(&[4, 2, 4], BatchNodeFillType::Pack), &[1, 1, 1, 1, 2, 4, 1]);
        assert_eq!(placed, [Some(2), Some(2), Some(1), Some(1), Some(1), Some(3), None]);
    }

    #[test]
    fn a_task_needs_its_slots_on_one_node() {
        let mut slots = slots(&[2, 3], BatchNodeFillType::Spread);
        assert_eq!((slots.largest(), slots.total()), (3, 5));
        assert!(slots.take(4).is_none());
        assert_eq!(slots.take(3).map(|node| node.row.0), Some(2));
        assert_eq!((slots.largest(), slots.total()), (2, 2));
    }
}
