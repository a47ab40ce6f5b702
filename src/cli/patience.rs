//! Saying that something takes its time, so that no command is ever silent for long.

use std::io::Write as _;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::printer::Printer;
use crate::view::words::duration;

/// How long something takes before a line says so, and how long until the next line.
const FIRST_LINE: Duration = Duration::from_secs(5);
const NEXT_LINE: Duration = Duration::from_secs(30);

/// Says now and then what is still going on, for as long as it lives.
#[derive(Debug)]
pub(super) struct Patience(JoinHandle<()>);

impl Patience {
    /// Begins to watch over `what`, as in "still reading the account".
    pub(super) fn with(printer: &Printer, what: &'static str) -> Self {
        let printer = printer.clone();
        let started = Instant::now();
        Self(tokio::spawn(async move {
            tokio::time::sleep(FIRST_LINE).await;
            loop {
                // Nobody can be told that the reader has gone away, and the work must go on.
                let mut out = printer.narration();
                let _ = writeln!(out, "… still {what} ({})", duration(started.elapsed()));
                let _ = out.flush();
                tokio::time::sleep(NEXT_LINE).await;
            }
        }))
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        self.0.abort();
    }
}
