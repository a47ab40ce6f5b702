//! Asking before something is changed.

use std::io::{self, BufRead, IsTerminal, Write};

use super::error::CommandError;
use super::printer::Printer;
use crate::exit_code::ExitCode;

/// Asks; only `yes` is a yes.
pub(super) fn confirm(printer: &Printer, question: &str, no_input: bool) -> Result<bool, CommandError> {
    if no_input || !io::stdin().is_terminal() {
        let message = "this needs a confirmation, and there is nobody to ask";
        return Err(CommandError::new(ExitCode::BlockedByPolicy, message)
            .hint(Some("pass --auto-approve to go ahead without asking".to_owned())));
    }
    let mut stderr = printer.stderr();
    write!(stderr, "\n{question}\n  Only `yes` will be accepted: ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
