//! The parser's events, made into a layout.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, options};

use super::layout::{Comment, Content, Item, Layout, Node, Pair};

/// Reads the layout of a text that is known to be one document within the limits of recipes. `None` if it is none after all.
pub(super) fn read(text: &str) -> Option<Layout> {
    let options = options! { emit_anchor_events: true, max_buffered_comment_events: usize::MAX };
    let mut reader = Reader { text, comments: Vec::new(), open: Vec::new(), root: None, marker: None };
    // An anchor is told after its node, and a comment of a header after its scalar: places count, not the order of events.
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.ok()?;
        reader.event(event, span)?;
    }
    reader.comments.sort_by_key(|comment| comment.span.start);
    let mut layout = Layout {
        directives: Vec::new(),
        marker: reader.marker,
        root: reader.root?,
        comments: reader.comments,
    };
    if let Some(marker) = &layout.marker {
        layout.directives = directives(text, marker.start);
    }
    let begin = layout.marker.as_ref().map_or(0, |marker| marker.end);
    Gaps { text, comments: &layout.comments }.find_signs(&mut layout.root, begin)?;
    Some(layout)
}

fn directives(text: &str, end: usize) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in text.get(..end).unwrap_or_default().split_inclusive('\n') {
        if line.starts_with('%') {
            found.push(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    found
}

/// A list or map whose end has not been seen yet. The members of maps are keys and values in turn.
struct Open {
    node: Node,
    is_sequence: bool,
    is_flow: bool,
    members: Vec<Node>,
}

struct Reader<'a> {
    text: &'a str,
    comments: Vec<Comment>,
    open: Vec<Open>,
    root: Option<Node>,
    marker: Option<Range<usize>>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let range = span.byte_range()?;
        let tag = span.tag_start().and_then(|mark| mark.byte_offset());
        let properties: Vec<Range<usize>> =
            tag.map(|start| start..self.end_of_word(start)).into_iter().collect();
        match event {
            Event::DocumentStart(true, _) => self.marker = Some(range),
            Event::Comment(..) => self.comment(range),
            Event::Scalar(text, style, ..) => {
                let is_empty = range.is_empty() && style == ScalarStyle::Plain;
                let content =
                    if is_empty { Content::Empty } else { Content::Scalar(style, text.into_owned()) };
                self.place(Node { properties, span: range, content });
            }
            Event::Alias(_) => self.place(Node { properties, span: range, content: Content::Alias }),
            Event::SequenceStart(style, ..) => self.begin(properties, range, true, style),
            Event::MappingStart(style, ..) => self.begin(properties, range, false, style),
            Event::SequenceEnd | Event::MappingEnd => self.finish(range)?,
            Event::Anchor(..) => self.anchor(range)?,
            _ => {}
        }
        Some(())
    }

    fn comment(&mut self, span: Range<usize>) {
        let line = self.text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let before = self.text.get(line..span.start).unwrap_or_default();
        let is_trailing = !before.trim_start_matches('\u{feff}').trim().is_empty();
        self.comments.push(Comment { column: span.start - line, is_trailing, span });
    }

    fn begin(
        &mut self,
        properties: Vec<Range<usize>>,
        span: Range<usize>,
        is_sequence: bool,
        style: StructureStyle,
    ) {
        let node = Node { properties, span, content: Content::Empty };
        self.open.push(Open {
            node,
            is_sequence,
            is_flow: style == StructureStyle::Flow,
            members: Vec::new(),
        });
    }

    fn finish(&mut self, end: Range<usize>) -> Option<()> {
        let Open { mut node, is_sequence, is_flow, members } = self.open.pop()?;
        node.span.end = end.end;
        node.content = match (is_sequence, is_flow) {
            (true, true) => Content::FlowSequence(members),
            (true, false) => {
                Content::Sequence(members.into_iter().map(|value| Item { dash: 0, value }).collect())
            }
            (false, true) => Content::FlowMapping(pairs(members)),
            (false, false) => Content::Mapping(pairs(members)),
        };
        self.place(node);
        Some(())
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.members.push(node),
            None => self.root = Some(node),
        }
    }

    /// An anchor belongs to the node whose event came right before.
    fn anchor(&mut self, range: Range<usize>) -> Option<()> {
        let open = self.open.last_mut();
        let node = match open {
            Some(open) => open.members.last_mut().unwrap_or(&mut open.node),
            None => self.root.as_mut()?,
        };
        node.properties.push(range);
        node.properties.sort_by_key(|property| property.start);
        Some(())
    }

    fn end_of_word(&self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let is_verbatim = rest.starts_with("!<");
        let ends = |c: char| {
            if is_verbatim { c == '>' } else { c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}') }
        };
        start + rest.find(ends).map_or(rest.len(), |at| at + usize::from(is_verbatim))
    }
}

fn pairs(members: Vec<Node>) -> Vec<Pair> {
    let mut members = members.into_iter();
    let mut pairs = Vec::new();
    while let (Some(key), Some(value)) = (members.next(), members.next()) {
        pairs.push(Pair { key, colon: None, value });
    }
    pairs
}

/// What stands between nodes: blanks, comments and signs.
pub(super) struct Gaps<'a> {
    pub(super) text: &'a str,
    pub(super) comments: &'a [Comment],
}

impl Gaps<'_> {
    /// Finds the dashes and colons inside a node, which no event tells; the node is what comes first from `from` on. Where it
    /// ends; `None` if the text is not what the events said.
    fn find_signs(&self, node: &mut Node, from: usize) -> Option<usize> {
        let from = node.after_properties(from);
        Some(match &mut node.content {
            Content::Empty => from,
            // An empty block scalar has no place of its own.
            Content::Scalar(ScalarStyle::Literal | ScalarStyle::Folded, _) => {
                self.line_end(self.after(from)).max(node.span.end)
            }
            Content::Scalar(..) | Content::Alias => node.span.end,
            Content::Sequence(items) => {
                let mut position = from;
                for item in items.iter_mut() {
                    item.dash = Some(self.after(position)).filter(|at| self.is(*at, b'-'))?;
                    position = self.find_signs(&mut item.value, item.dash + 1)?;
                }
                node.span.start = items.first()?.dash;
                position
            }
            Content::Mapping(pairs) => self.find_colons(pairs, from)?,
            Content::FlowSequence(items) => {
                let mut position = node.span.start + 1;
                for item in items.iter_mut() {
                    position = self.find_signs(item, self.after_comma(position))?;
                }
                node.span.end
            }
            Content::FlowMapping(pairs) => {
                let has_braces = self.is(node.span.start, b'{');
                let end = self.find_colons(pairs, node.span.start + usize::from(has_braces))?;
                if has_braces { node.span.end } else { end }
            }
        })
    }

    fn find_colons(&self, pairs: &mut [Pair], from: usize) -> Option<usize> {
        let mut position = from;
        for pair in pairs.iter_mut() {
            position = self.after_comma(position);
            if self.is(position, b'?') && position < pair.key.start() {
                position += 1;
            }
            let end = self.find_signs(&mut pair.key, position)?;
            pair.colon = Some(self.after(end)).filter(|at| self.is(*at, b':'));
            position = self.find_signs(&mut pair.value, pair.colon.map_or(end, |colon| colon + 1))?;
        }
        Some(position)
    }

    /// The first byte from `position` on that is neither blank nor in a comment.
    pub(super) fn after(&self, position: usize) -> usize {
        let mut position = position;
        while let Some(byte) = self.text.as_bytes().get(position) {
            match byte {
                b' ' | b'\t' | b'\n' => position += 1,
                b'#' => {
                    let at = self.comments.partition_point(|comment| comment.span.end <= position);
                    match self.comments.get(at).filter(|comment| comment.span.start == position) {
                        Some(comment) => position = comment.span.end,
                        None => return position,
                    }
                }
                _ => return position,
            }
        }
        position
    }

    fn after_comma(&self, position: usize) -> usize {
        let position = self.after(position);
        if self.is(position, b',') { self.after(position + 1) } else { position }
    }

    fn line_end(&self, position: usize) -> usize {
        let rest = self.text.get(position..).unwrap_or_default();
        position + rest.find('\n').unwrap_or(rest.len())
    }

    fn is(&self, position: usize, byte: u8) -> bool {
        self.text.as_bytes().get(position) == Some(&byte)
    }
}
