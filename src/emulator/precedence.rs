//! Precedence: which running tasks make way for a task of a more important job. Pure; which jobs let theirs be preempted is the
//! store's to say.

use super::scheduler::Need;
use super::store::{NodeRow, PreemptibleRun, Room, RunRow};

/// The room that a pool's nodes could make, given away one task at a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Precedence {
    rooms: Vec<Room>,
    /// The least important first, and of equals the youngest.
    runs: Vec<PreemptibleRun>,
    /// How many slots a node has.
    capacity: i32,
}

/// Where a task is to run, and what makes way for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) node: NodeRow,
    /// Empty if what is being ended there already is enough.
    pub(crate) runs: Vec<RunRow>,
}

impl Precedence {
    /// The room on these nodes, each of which has `capacity` slots in all; `runs` are sorted, the first to make way first.
    pub(crate) fn new(rooms: Vec<Room>, runs: Vec<PreemptibleRun>, capacity: i32) -> Self {
        Self { rooms, runs, capacity }
    }

    /// Whether there is anything that makes way for a job of that priority, or is making way already.
    pub(crate) fn serves(&self, priority: i32) -> bool {
        self.runs.iter().any(|run| run.priority < priority)
    }

    /// Makes way for a task of a job of that priority on a node that is not barred: where the fewest and least important runs have to
    /// go. None if even all of them would not be enough.
    pub(crate) fn take(&mut self, need: Need, priority: i32, barred: &[NodeRow]) -> Option<Way> {
        let slots = if need.whole_node { self.capacity } else { need.slots };
        let suits = |room: &&Room| (room.is_dedicated || !need.dedicated) && !barred.contains(&room.node);
        let ways = self.rooms.iter().filter(suits).filter_map(|room| self.way(room, slots, priority));
        let way = ways.min_by_key(|way| (way.runs.len(), self.importance(way)))?;
        let (going, staying): (Vec<_>, Vec<_>) =
            self.runs.iter().partition(|run| way.runs.contains(&run.row));
        let freed: i32 = going.iter().map(|run: &PreemptibleRun| run.slots).sum();
        self.runs = staying;
        if let Some(room) = self.rooms.iter_mut().find(|room| room.node == way.node) {
            room.free += freed - slots;
        }
        Some(way)
    }

    /// What has to go from a node. Where nothing has to, and nothing is going, there is another reason why a task does not run there.
    fn way(&self, room: &Room, slots: i32, priority: i32) -> Option<Way> {
        let here = self.runs.iter().filter(|run| run.node == room.node && run.priority < priority);
        let mut way = Way { node: room.node, runs: Vec::new() };
        let mut free = room.free;
        let mut is_going = false;
        for run in here {
            if run.is_ending {
                is_going = true;
            } else if free < slots {
                free += run.slots;
                way.runs.push(run.row);
            }
        }
        (free >= slots && (is_going || !way.runs.is_empty())).then_some(way)
    }

    /// The priority of the most important run that has to go.
    fn importance(&self, way: &Way) -> Option<i32> {
        self.runs.iter().filter(|run| way.runs.contains(&run.row)).map(|run| run.priority).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: i32 = 4;

    fn need(slots: i32) -> Need {
        Need { slots, whole_node: false, dedicated: false, preferred: None }
    }

    /// Nodes with these free slots, and runs `(row, node, slots, priority)`, sorted as the store does.
    fn precedence(free: &[i32], runs: &[(i64, i64, i32, i32)]) -> Precedence {
        let room = |(node, &free): (i64, &i32)| Room { node: NodeRow(node), is_dedicated: node > 1, free };
        let run = |&(row, node, slots, priority): &(i64, i64, i32, i32)| PreemptibleRun {
            row: RunRow(row),
            node: NodeRow(node),
            slots,
            priority,
            is_ending: false,
        };
        Precedence::new((1..).zip(free).map(room).collect(), runs.iter().map(run).collect(), CAPACITY)
    }

    fn way(node: i64, runs: &[i64]) -> Option<Way> {
        Some(Way { node: NodeRow(node), runs: runs.iter().map(|row| RunRow(*row)).collect() })
    }

    #[test]
    fn the_fewest_and_least_important_runs_make_way() {
        let mut two = precedence(&[0, 1], &[(9, 1, 1, 0), (8, 1, 1, 0), (7, 2, 1, 0), (6, 2, 2, 5)]);
        assert_eq!(two.take(need(2), 10, &[]), way(2, &[7]), "one on the second node, two on the first");
        assert_eq!(two.take(need(2), 10, &[]), way(2, &[6]), "one that is more important before two");
        assert_eq!(two.take(need(2), 10, &[]), way(1, &[9, 8]));
        assert_eq!(two.take(need(1), 10, &[]), None, "nothing is left that could go");
    }

    #[test]
    fn nothing_makes_way_for_an_equal_or_for_more_than_a_node_could_free() {
        let mut one = precedence(&[0], &[(9, 1, 2, 3)]);
        assert!(one.serves(4) && !one.serves(3));
        assert_eq!(one.clone().take(need(1), 3, &[]), None);
        assert_eq!(one.clone().take(need(3), 4, &[]), None);
        assert_eq!(one.clone().take(need(2), 4, &[NodeRow(1)]), None, "the node is barred");
        assert_eq!(one.clone().take(Need { dedicated: true, ..need(2) }, 4, &[]), None, "a Spot node");
        assert_eq!(one.clone().take(Need { whole_node: true, ..need(1) }, 4, &[]), None);
        assert_eq!(one.take(need(2), 4, &[]), way(1, &[9]));
    }

    #[test]
    fn what_is_going_already_is_waited_for() {
        let mut one = precedence(&[2], &[(9, 1, 2, 0), (8, 1, 2, 0)]);
        one.runs[0].is_ending = true;
        assert_eq!(one.take(need(2), 1, &[]), way(1, &[]));
        assert_eq!(one.take(need(2), 1, &[]), way(1, &[8]));
        assert_eq!(
            precedence(&[2], &[]).take(need(2), 1, &[]),
            None,
            "why it does not run is not for us to say"
        );
    }
}
