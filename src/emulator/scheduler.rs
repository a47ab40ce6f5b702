//! Placement: which node a task goes to. Pure; which tasks are due and in which order is the store's to say.

use std::net::Ipv4Addr;

use super::store::{self, FreeNode, NodeRow};
use crate::batch::model::BatchNodeFillType;

/// What a task needs of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// How many slots.
    pub(crate) slots: i32,
    /// Whether the node may run nothing else.
    pub(crate) whole_node: bool,
    /// Whether the node must not be a Spot node.
    pub(crate) dedicated: bool,
    /// The node that it would rather run on than on any other.
    pub(crate) preferred: Option<NodeRow>,
}

/// The free slots of a pool, given away one task at a time.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    nodes: Vec<FreeNode>,
    /// How many slots a node has.
    capacity: i32,
    pack: bool,
    /// On how many nodes at once a task could run, if all of them were free.
    reachable: i32,
}

impl Slots {
    /// The free slots of these nodes, each of which has `capacity` in all.
    pub(crate) fn new(nodes: Vec<FreeNode>, capacity: i32, fill: &BatchNodeFillType) -> Self {
        Self { nodes, capacity, pack: *fill == BatchNodeFillType::Pack, reachable: 0 }
    }

    /// The same with room for tasks that run on several nodes at once, of which `reachable` would be there if all were free. Such
    /// tasks run alone: nodes must have one slot.
    pub(crate) fn with_reachable(self, reachable: i32) -> Self {
        Self { reachable: if self.capacity == 1 { reachable } else { 0 }, ..self }
    }

    /// On how many nodes at once a task may want to run, to be worth waiting for.
    pub(crate) fn most_instances(&self) -> i32 {
        self.reachable
    }

    /// The most slots that are free on one node: what a task may need at the most.
    pub(crate) fn largest(&self) -> i32 {
        self.nodes.iter().map(|node| node.free).max().unwrap_or_default()
    }

    /// All free slots.
    pub(crate) fn total(&self) -> i32 {
        self.nodes.iter().map(|node| node.free).sum()
    }

    /// The node of that affinity id, if it has free slots. A node's own id will do, too.
    pub(crate) fn named(&self, affinity_id: &str) -> Option<NodeRow> {
        let is_named = |node: &&FreeNode| {
            let id = node.id.as_str();
            affinity_id.eq_ignore_ascii_case(id)
                || affinity_id.eq_ignore_ascii_case(&store::affinity_id(&node.id))
        };
        self.nodes.iter().find(is_named).map(|node| node.row)
    }

    /// Takes slots on one node that is not among the `barred` ones, on the preferred one if it will do: with `spread` on the one with the most free, with `pack` on the
    /// one with the fewest that will do; the oldest of equals. Says how many slots it took: all of a node that is to run nothing
    /// else.
    pub(crate) fn take(&mut self, need: Need, barred: &[NodeRow]) -> Option<(&FreeNode, i32)> {
        let slots = if need.whole_node { self.capacity } else { need.slots };
        let suits = |node: &FreeNode| {
            node.free >= slots && (node.is_dedicated || !need.dedicated) && !barred.contains(&node.row)
        };
        let fitting = self.nodes.iter_mut().filter(|node| suits(node));
        let node = if self.pack {
            fitting.min_by_key(|node| (need.preferred != Some(node.row), node.free))
        } else {
            fitting.min_by_key(|node| (need.preferred != Some(node.row), std::cmp::Reverse(node.free)))
        }?;
        node.free -= slots;
        Some((node, slots))
    }

    /// Takes that many nodes that reach each other and are not barred, with their addresses, the oldest first; all of them or none.
    pub(crate) fn take_nodes(&mut self, count: i32, barred: &[NodeRow]) -> Option<Vec<(FreeNode, Ipv4Addr)>> {
        let count = usize::try_from(count).ok()?;
        let free: Vec<_> = self
            .nodes
            .iter()
            .filter(|node| node.free > 0 && node.free == self.capacity && !barred.contains(&node.row))
            .filter_map(|node| Some((node.clone(), node.address?)))
            .take(count)
            .collect();
        if count == 0 || free.len() < count {
            return None;
        }
        self.reserve(i32::try_from(count).ok()?, barred);
        Some(free)
    }

    /// Keeps a node from tasks that come later.
    pub(crate) fn keep(&mut self, row: NodeRow) {
        self.nodes.iter_mut().filter(|node| node.row == row).for_each(|node| node.free = 0);
    }

    /// Keeps up to that many nodes from tasks that come later.
    pub(crate) fn reserve(&mut self, count: i32, barred: &[NodeRow]) {
        let count = usize::try_from(count).unwrap_or_default();
        let capacity = self.capacity;
        let is_free = |node: &&mut FreeNode| {
            node.free == capacity && node.address.is_some() && !barred.contains(&node.row)
        };
        self.nodes.iter_mut().filter(is_free).take(count).for_each(|node| node.free = 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::NodeId;

    fn need(slots: i32) -> Need {
        Need { slots, whole_node: false, dedicated: false, preferred: None }
    }

    fn slots(free: &[i32], fill: BatchNodeFillType) -> Slots {
        let node = |(row, &free): (i64, &i32)| FreeNode {
            row: NodeRow(row),
            id: NodeId::new(format!("n{row}")).unwrap(),
            is_dedicated: row > 1,
            free,
            address: (row < 4).then(|| Ipv4Addr::from([10, 0, 0, u8::try_from(row).unwrap()])),
        };
        Slots::new((1..).zip(free).map(node).collect(), 4, &fill)
    }

    fn placements(mut slots: Slots, needs: &[i32]) -> Vec<Option<i64>> {
        needs.iter().map(|slot| slots.take(need(*slot), &[]).map(|(node, _)| node.row.0)).collect()
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
        assert!(slots.take(need(4), &[]).is_none());
        assert_eq!(slots.take(need(3), &[]).map(|(node, taken)| (node.row.0, taken)), Some((2, 3)));
        assert_eq!((slots.largest(), slots.total()), (2, 2));
    }

    #[test]
    fn a_task_keeps_off_nodes_that_are_barred() {
        let mut slots = slots(&[4, 2], BatchNodeFillType::Spread);
        assert_eq!(slots.take(need(1), &[NodeRow(1)]).map(|(node, _)| node.row.0), Some(2));
        assert!(slots.take(need(1), &[NodeRow(1), NodeRow(2)]).is_none());
    }

    #[test]
    fn a_task_goes_to_the_node_that_it_prefers_if_that_has_room() {
        for fill in [BatchNodeFillType::Spread, BatchNodeFillType::Pack] {
            let mut slots = slots(&[4, 2, 3, 1], fill);
            assert_eq!(slots.named("tvm:N3"), Some(NodeRow(3)));
            assert_eq!((slots.named("n2"), slots.named("TVM:n7")), (Some(NodeRow(2)), None));
            let near = |slots| Need { preferred: Some(NodeRow(3)), ..need(slots) };
            let mut placed = |need, barred: &[NodeRow]| slots.take(need, barred).map(|(node, _)| node.row.0);
            assert_ne!(placed(near(1), &[NodeRow(3)]), Some(3), "it is barred");
            assert_eq!(placed(near(3), &[]), Some(3));
            assert!(placed(near(1), &[]).is_some_and(|row| row != 3), "it has no room");
        }
    }

    #[test]
    fn a_task_takes_all_the_nodes_that_it_needs_or_none() {
        let one_slot = |free: &[i32]| Slots { capacity: 1, ..slots(free, BatchNodeFillType::Spread) };
        let rows = |taken: Option<Vec<(FreeNode, Ipv4Addr)>>| {
            taken.map(|nodes| nodes.iter().map(|(node, _)| node.row.0).collect::<Vec<_>>())
        };
        let mut free = one_slot(&[1, 0, 1, 1]);
        assert_eq!(rows(free.take_nodes(3, &[])), None, "one runs something, one can't be reached");
        assert_eq!(free.total(), 3, "nothing was taken");
        assert_eq!(rows(free.take_nodes(2, &[NodeRow(1)])), None, "it could not be prepared");
        assert_eq!(rows(free.take_nodes(2, &[])), Some(vec![1, 3]));
        assert_eq!(free.total(), 1);
        assert_eq!(rows(free.take_nodes(0, &[])), None);
    }

    #[test]
    fn nodes_are_kept_for_a_task_that_needs_more_than_are_free() {
        let mut free = Slots { capacity: 1, ..slots(&[1, 1, 0, 1], BatchNodeFillType::Spread) };
        free.reserve(3, &[]);
        assert_eq!(
            free.take(need(1), &[]).map(|(node, _)| node.row.0),
            Some(4),
            "it can't be reached by others"
        );
        assert!(free.take(need(1), &[]).is_none());
        let of = |capacity| {
            let free = Slots { capacity, ..slots(&[1], BatchNodeFillType::Spread) };
            free.with_reachable(5).most_instances()
        };
        assert_eq!((of(1), of(2)), (5, 0));
    }

    #[test]
    fn a_task_that_wants_a_node_for_itself_takes_one_that_is_empty() {
        let alone = Need { whole_node: true, ..need(1) };
        let mut free = slots(&[3, 4], BatchNodeFillType::Pack);
        assert_eq!(free.take(alone, &[]).map(|(node, taken)| (node.row.0, taken)), Some((2, 4)));
        assert!(free.take(alone, &[]).is_none());
        let dedicated = Need { dedicated: true, ..need(1) };
        assert_eq!(
            slots(&[4, 1], BatchNodeFillType::Spread).take(dedicated, &[]).map(|(node, _)| node.row.0),
            Some(2)
        );
        assert!(slots(&[4], BatchNodeFillType::Spread).take(dedicated, &[]).is_none(), "a Spot node");
    }
}
