//! Progress: bars on a terminal, lines that stay everywhere.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use crate::apply::{ApplyEvent, Observer};
use crate::view::human;

/// Shows events: lines go where people read, bars to standard error while a person watches.
pub(super) struct Progress {
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    bars: MultiProgress,
    by_subject: HashMap<String, ProgressBar>,
}

impl Progress {
    pub(super) fn new(printer: &Printer) -> Self {
        let target =
            if printer.is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        Self { state: Mutex::new(State { out: printer.narration(), bars, by_subject: HashMap::new() }) }
    }

    /// Takes the bars away.
    pub(super) fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.by_subject.drain().for_each(|(_, bar)| bar.finish_and_clear());
    }
}

impl State {
    fn show(&mut self, progress: human::Progress) {
        let bars = &self.bars;
        let bar = self.by_subject.entry(progress.subject.clone()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_prefix(progress.subject);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        let template = match progress.done {
            Some((done, total)) => {
                bar.set_length(total);
                bar.set_position(done);
                "{spinner} {prefix} {bar:24} {human_pos}/{human_len} {per_sec} eta {eta}  {msg}"
            }
            None => "{spinner} {prefix} {elapsed} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(progress.what);
    }

    fn write(&mut self, event: &ApplyEvent<'_>) {
        let out = &mut self.out;
        // Nobody can be told that the reader has gone away, and the work must go on.
        let _ = self.bars.suspend(|| human::event(out, event).and_then(|()| out.flush()));
    }
}

impl Observer for Progress {
    fn on(&self, event: ApplyEvent<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(progress) = human::progress(&event) {
            state.show(progress);
            return;
        }
        if let ApplyEvent::StepEnded { step, .. } = &event
            && let Some(bar) = state.by_subject.remove(&step.address.to_string())
        {
            bar.finish_and_clear();
        }
        state.write(&event);
    }
}
