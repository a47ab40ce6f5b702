//! Colours: what is made is green, what changes yellow, what goes red.

use anstyle::{AnsiColor, Style};

use crate::resource::ChangeClass;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const CHANGED: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();

/// The colour of a class.
pub(super) fn of(class: ChangeClass) -> Style {
    match class {
        ChangeClass::Unchanged => DIM,
        ChangeClass::Create => GOOD,
        ChangeClass::UpdateLive
        | ChangeClass::UpdateLiveAfterReboot
        | ChangeClass::UpdateWhileDisabled
        | ChangeClass::CreateFirst
        | ChangeClass::DrainAndUpdate => CHANGED,
        ChangeClass::Replace | ChangeClass::Destroy | ChangeClass::Conflict => BAD,
    }
}
