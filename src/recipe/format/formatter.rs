//! From a text to its canonical layout.

use std::borrow::Cow;
use std::path::Path;

use super::check::is_equivalent;
use super::read::read;
use super::write::write;
use crate::diagnostic::{Collector, Diagnostic, Report, SourceId, Sources, Span};
use crate::recipe::parse::parse;
use crate::recipe::{codes, secrets, source};

/// A file as it is, and as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// Its text.
    pub before: String,
    /// The same in the canonical layout.
    pub after: String,
}

/// The canonical layout of a file.
///
/// # Errors
/// When the file cannot be read; and as [`format()`].
pub fn format_file(path: &Path) -> Result<Formatted, Report> {
    let mut sources = Sources::default();
    let mut findings = Collector::default();
    let text = source::read(path, &mut sources, &mut findings).and_then(|id| sources.get(id));
    let Some(text) = text.map(|source| source.text().to_owned()) else {
        return Err(findings.into_report(sources));
    };
    let after = format(&path.display().to_string(), &text)?;
    Ok(Formatted { before: text, after })
}

/// The canonical layout of a text, which goes by `name` in findings. What the text means, and its comments, stay the same; a recipe
/// need not be valid, only YAML.
///
/// # Errors
/// When the text is not YAML within the limits of recipes, or there is something in it that cannot be laid out.
pub fn format(name: &str, text: &str) -> Result<String, Report> {
    let mut sources = Sources::default();
    let mut findings = Collector::default();
    let text = with_plain_line_breaks(text);
    let id = sources.add(name, text.as_ref());
    let formatted = lay_out(&text, id, &sources, &mut findings);
    formatted.ok_or_else(|| findings.into_report(sources))
}

fn lay_out(text: &str, id: SourceId, sources: &Sources, findings: &mut Collector) -> Option<String> {
    let tree = parse(id, sources, findings);
    if findings.has_errors() {
        secrets::hide_in_text(id, sources, findings);
    }
    let tree = tree.filter(|_| !findings.has_errors())?;
    let mut refuse = |message: &str, span: Span| {
        findings.push(Diagnostic::new(&codes::UNFORMATTABLE, message).at(span, ""));
        None
    };
    let whole = Span::new(id, 0, 0);
    let Some(layout) = read(text) else { return refuse("the layout is not understood", whole) };
    match write(text, &layout) {
        Ok(written) if is_equivalent(&tree, text, &layout, &written) => Some(written),
        Ok(_) => refuse("the text would not mean the same in another layout", whole),
        Err(reason) => refuse(reason.message, Span::new(id, reason.span.start, reason.span.end)),
    }
}

/// YAML knows three line breaks and makes all of them one.
fn with_plain_line_breaks(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}
