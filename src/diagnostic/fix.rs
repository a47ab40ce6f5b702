//! Changes of a text that correct it.

use super::Span;

/// A change of the text that corrects a finding: so certain that it may be made without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The part of the text that is replaced.
    pub span: Span,
    /// What takes its place.
    pub replacement: String,
}

/// The text with fixes applied, and those that were. Of fixes that overlap only the first is: the others may be made once the text
/// has been looked at again.
pub fn apply_fixes<'a>(text: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> (String, Vec<&'a Fix>) {
    let mut fixes: Vec<&Fix> = fixes.into_iter().collect();
    fixes.sort_by_key(|fix| fix.span);
    let mut fixed = String::with_capacity(text.len());
    let mut applied: Vec<&Fix> = Vec::new();
    let mut position = 0;
    for fix in fixes {
        let (start, end) = (fix.span.start as usize, fix.span.end as usize);
        if applied.last().is_some_and(|last| last.span.end > fix.span.start || last.span == fix.span) {
            continue;
        }
        let (Some(kept), Some(_)) = (text.get(position..start), text.get(start..end)) else { continue };
        fixed.push_str(kept);
        fixed.push_str(&fix.replacement);
        position = end;
        applied.push(fix);
    }
    fixed.push_str(text.get(position..).unwrap_or_default());
    (fixed, applied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceId;

    fn fix(start: usize, end: usize, replacement: &str) -> Fix {
        Fix { span: Span::new(SourceId::default(), start, end), replacement: replacement.to_owned() }
    }

    #[test]
    fn fixes_are_applied_from_the_front_and_overlapping_ones_wait() {
        let fixes = [fix(4, 6, "XY"), fix(0, 2, ""), fix(5, 8, "lost"), fix(6, 6, "+")];
        let (text, applied) = apply_fixes("0123456789", &fixes);
        assert_eq!(text, "23XY+6789");
        assert_eq!(applied.len(), 3);
    }

    #[test]
    fn a_fix_outside_the_text_changes_nothing() {
        assert_eq!(apply_fixes("é", &[fix(1, 2, "x"), fix(7, 9, "y")]), ("é".to_owned(), Vec::new()));
    }
}
