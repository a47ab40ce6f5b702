//! How many requests may be on the way at once: one more for every round that goes well, half as many when the service is
//! too busy.

/// The present limit.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    max: usize,
    /// How many requests went well since the limit last changed.
    credit: usize,
    /// How often the limit was halved.
    halvings: u64,
}

/// When a request was sent, in halvings of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Window {
    pub(super) fn new(first: usize, max: usize) -> Self {
        let max = max.max(1);
        Self { size: first.clamp(1, max), max, credit: 0, halvings: 0 }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// What a request that is sent now shows when it comes back.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.halvings)
    }

    /// A request went well.
    pub(super) fn widen(&mut self) {
        self.credit += 1;
        if self.credit >= self.size && self.size < self.max {
            self.size += 1;
            self.credit = 0;
        }
    }

    /// The service was too busy for the request with this ticket. Requests that were sent before the last halving tell
    /// nothing about the present limit.
    pub(super) fn narrow(&mut self, ticket: Ticket) {
        if ticket == self.ticket() {
            self.size = (self.size / 2).max(1);
            self.credit = 0;
            self.halvings += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_widens_by_one_a_round_up_to_its_limit() {
        let mut window = Window::new(2, 4);
        let sizes: Vec<usize> = std::iter::repeat_with(|| {
            window.widen();
            window.size()
        })
        .take(12)
        .collect();
        assert_eq!(sizes, [2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]);
    }

    #[test]
    fn one_busy_moment_halves_the_window_once() {
        let mut window = Window::new(16, 64);
        let before = window.ticket();
        for _ in 0..16 {
            window.narrow(before);
        }
        assert_eq!(window.size(), 8);
        window.narrow(window.ticket());
        assert_eq!(window.size(), 4);
        for _ in 0..10 {
            window.narrow(window.ticket());
        }
        assert_eq!(window.size(), 1);
    }
}
