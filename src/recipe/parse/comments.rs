//! The comments of a text.

use granit_parser::{Event, Options, Parser, options};

use crate::diagnostic::{SourceId, Sources, Span};

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From its `#` to the end of its line.
    pub span: Span,
    /// What follows the `#`.
    pub text: String,
}

/// All comments, in the order of the text; of a text that is no YAML, those before the first error.
pub fn comments(source: SourceId, sources: &Sources) -> Vec<Comment> {
    let Some(text) = sources.get(source).map(|source| source.text()) else { return Vec::new() };
    let events = Parser::new_from_str_with_options(text, parser_options()).map_while(Result::ok);
    let comments = events.filter_map(|(event, span)| match event {
        Event::Comment(text, _) => {
            let range = span.byte_range()?;
            Some(Comment { span: Span::new(source, range.start, range.end), text: text.into_owned() })
        }
        _ => None,
    });
    comments.collect()
}

fn parser_options() -> Options {
    options! { emit_comments: true, max_buffered_comment_events: 1_000_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_where_yaml_has_them() {
        let mut sources = Sources::default();
        let text =
            "# é one\na: 'no # comment' # two\nb: |  # three\n  # text of the block\nc: x#y\n- # never read";
        let id = sources.add("x", text);
        let found = comments(id, &sources);
        let slices: Vec<_> = found.iter().filter_map(|comment| sources.slice(comment.span)).collect();
        assert_eq!(slices, ["# é one", "# two", "# three"]);
        assert_eq!(found[1].text, " two");
    }

    #[test]
    fn many_comments_are_no_mistake() {
        let mut sources = Sources::default();
        let id = sources.add("x", format!("a: 1\n{}b: 2\n", "# more\n".repeat(500)));
        assert_eq!(comments(id, &sources).len(), 500);
    }
}
