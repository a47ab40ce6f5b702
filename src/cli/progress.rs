//! Progress: bars on a terminal, a line every so often elsewhere; lines that stay everywhere.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use crate::apply::{ApplyEvent, Observer};
use crate::view::{human, json};

/// How long something goes on before a line says so, where nobody watches bars.
const FIRST_LINE: Duration = Duration::from_secs(5);
/// How long after that line comes the next.
const NEXT_LINE: Duration = Duration::from_secs(30);

/// Shows events: lines go where people read, bars to standard error while a person watches, documents to programs.
pub(super) struct Progress {
    state: Mutex<State>,
}

struct State {
    printer: Printer,
    bars: MultiProgress,
    by_subject: HashMap<String, ProgressBar>,
    beats: HashMap<String, Beat>,
}

/// When something was last told that goes on.
struct Beat {
    due: Instant,
    told: Option<String>,
}

impl Progress {
    pub(super) fn new(printer: &Printer) -> Self {
        let target =
            if printer.is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let (by_subject, beats) = (HashMap::new(), HashMap::new());
        Self { state: Mutex::new(State { printer: printer.clone(), bars, by_subject, beats }) }
    }

    /// Takes the bars away.
    pub(super) fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.by_subject.drain().for_each(|(_, bar)| bar.finish_and_clear());
    }
}

impl State {
    fn show(&mut self, progress: human::Progress) {
        if self.printer.is_json() || !self.printer.is_watched() {
            return self.beat(&progress);
        }
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

    /// A line, if it is time for one: the first after a while, later ones if there is something new, or after a long while.
    fn beat(&mut self, progress: &human::Progress) {
        let now = Instant::now();
        let beat = self
            .beats
            .entry(progress.subject.clone())
            .or_insert_with(|| Beat { due: now + FIRST_LINE, told: None });
        let is_news = beat.told.as_ref().is_some_and(|told| *told != progress.what);
        let is_due = now >= beat.due || (is_news && now + NEXT_LINE >= beat.due + FIRST_LINE);
        if !is_due || (!is_news && beat.told.is_some() && !progress.is_worth_repeating()) {
            return;
        }
        *beat = Beat { due: now + NEXT_LINE, told: Some(progress.what.clone()) };
        // Nobody can be told that the reader has gone away, and the work must go on.
        let mut out = self.printer.narration();
        let _ = human::progress_line(&mut out, progress).and_then(|()| out.flush());
        if self.printer.is_json() {
            let _ = self.printer.line(&json::progress(progress));
        }
    }

    fn write(&mut self, event: &ApplyEvent<'_>) {
        let mut out = self.printer.news(!event.is_bad());
        let _ = self.bars.suspend(|| human::event(&mut out, event).and_then(|()| out.flush()));
        if let Some(line) = json::event(event).filter(|_| self.printer.is_json()) {
            let _ = self.printer.line(&line);
        }
    }
}

impl Observer for Progress {
    fn on(&self, event: ApplyEvent<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(progress) = human::progress(&event) {
            state.show(progress);
        }
        if let ApplyEvent::StepEnded { step, .. } = &event {
            let subject = step.address.to_string();
            state.beats.remove(&subject);
            if let Some(bar) = state.by_subject.remove(&subject) {
                bar.finish_and_clear();
            }
        }
        state.write(&event);
    }
}
