//! A text as its author laid it out: nodes and comments, by their places in the text.

use std::ops::Range;

use granit_parser::ScalarStyle;

/// A document.
#[derive(Debug)]
pub(super) struct Layout {
    /// The lines before the document begins: directives. Comments among them are comments like others.
    pub(super) directives: Vec<Range<usize>>,
    /// Where `---` stands, if it does.
    pub(super) marker: Option<Range<usize>>,
    pub(super) root: Node,
    /// All comments, in the order of the text.
    pub(super) comments: Vec<Comment>,
}

/// A comment.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    /// From `#` to the end of the line.
    pub(super) span: Range<usize>,
    /// Bytes between the beginning of the line and `#`.
    pub(super) column: usize,
    /// Whether something other than blanks stands before it on its line.
    pub(super) is_trailing: bool,
}

/// A value, or a key.
#[derive(Debug)]
pub(super) struct Node {
    /// Anchor and tag, in the order of the text.
    pub(super) properties: Vec<Range<usize>>,
    /// The content. For block scalars the text below their header, for blocks the first member.
    pub(super) span: Range<usize>,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Nothing: an empty value.
    Empty,
    /// A scalar, with its text after YAML has undone its notation.
    Scalar(ScalarStyle, String),
    /// `*name`
    Alias,
    /// `[a, b]`
    FlowSequence(Vec<Node>),
    /// `{ a: b }`, or the `a: b` of `[a: b]`
    FlowMapping(Vec<Pair>),
    /// Lines with a dash.
    Sequence(Vec<Item>),
    /// Lines with a key.
    Mapping(Vec<Pair>),
}

/// A line with a dash.
#[derive(Debug)]
pub(super) struct Item {
    /// Where the dash stands.
    pub(super) dash: usize,
    pub(super) value: Node,
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) key: Node,
    /// Where the colon stands; `{ a }` has none.
    pub(super) colon: Option<usize>,
    pub(super) value: Node,
}

impl Node {
    /// Where it begins, properties included.
    pub(super) fn start(&self) -> usize {
        self.properties.first().map_or(self.span.start, |first| first.start.min(self.span.start))
    }

    /// Where its content can begin at the earliest, if what comes before it ends at `from`.
    pub(super) fn after_properties(&self, from: usize) -> usize {
        self.properties.last().map_or(from, |last| last.end)
    }

    pub(super) fn is_block(&self) -> bool {
        matches!(self.content, Content::Sequence(_) | Content::Mapping(_))
    }

    pub(super) fn is_block_scalar(&self) -> bool {
        matches!(self.content, Content::Scalar(ScalarStyle::Literal | ScalarStyle::Folded, _))
    }
}
