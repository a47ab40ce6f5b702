//! Builds the tree from the parser's events, without recursion.

use std::collections::HashMap;
use std::ops::ControlFlow;

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag, options};

use super::syntax_error;
use crate::diagnostic::{Collector, Diagnostic, SourceId, Sources, Span, quote};
use crate::recipe::codes;
use crate::recipe::node::{EXPRESSION_START, Entry, Node, NodeKind, Scalar, Style, Value};

/// The longest text, in bytes. A hundred thousand tasks written out by hand take about eleven million.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The deepest nesting. Later passes recurse, so this also bounds their stacks.
const MAX_DEPTH: usize = 64;
/// The most values in one document: with this many, reading it takes a second and a few hundred megabytes.
const MAX_NODES: usize = 1_000_000;
/// The most values that aliases may add.
const MAX_ALIASED_NODES: usize = 100_000;

/// Reads one document. `None` if there is no tree to go on with; the reason has been pushed then.
pub fn parse(source: SourceId, sources: &Sources, findings: &mut Collector) -> Option<Node> {
    let length = sources.get(source)?.text().len();
    parse_part(Span::new(source, 0, length), sources, findings)
}

/// Reads one document that is a part of a text.
pub fn parse_part(part: Span, sources: &Sources, findings: &mut Collector) -> Option<Node> {
    let source = part.source;
    let text = sources.slice(part)?;
    let base = part.start as usize;
    if text.len() > MAX_BYTES {
        findings.push(
            Diagnostic::new(&codes::TOO_LARGE, format!("the text is larger than {} MiB", MAX_BYTES >> 20))
                .at(Span::new(source, 0, 0), "")
                .help("generate many similar tasks with `for_each` instead of writing them out"),
        );
        return None;
    }
    let mut builder = Builder {
        findings,
        open: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        nodes: 0,
        aliased: 0,
        documents: 0,
    };
    for event in Parser::new_from_str_with_options(text, parser_options()) {
        match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                if builder.event(event, Span::new(source, base + range.start, base + range.end)).is_break() {
                    return None;
                }
            }
            Err(error) => {
                builder.findings.push(syntax_error::describe(&error, part, text));
                return None;
            }
        }
    }
    let root = builder.root.take();
    if root.is_none() {
        findings.push(
            Diagnostic::new(&codes::SYNTAX, "the document is empty")
                .at(Span { end: part.start, ..part }, "nothing but comments and blank lines"),
        );
    }
    root
}

fn parser_options() -> Options {
    options! { emit_comments: false, emit_unresolved_aliases: true, flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH }
}

/// A list or map whose end has not been seen yet.
struct Open {
    span: Span,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, keys: HashMap<String, Span>, key: PendingKey },
}

enum PendingKey {
    /// The next node is a key.
    Awaited,
    /// The next node is the value of this key.
    Read(String, Span),
    /// The next node is the value of a key that has been refused.
    Refused,
}

struct Anchored {
    node: Node,
    size: usize,
    depth: usize,
}

struct Builder<'a> {
    findings: &'a mut Collector,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    aliased: usize,
    documents: usize,
}

impl Builder<'_> {
    /// Takes one event; breaks when a limit says that reading on is dangerous.
    fn event(&mut self, event: Event<'_>, span: Span) -> ControlFlow<()> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.error(
                        &codes::SYNTAX,
                        "more than one document",
                        span,
                        "a second document begins here",
                    );
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text.into_owned(), style, tag.as_deref(), span);
                self.count(1, span)?;
                self.remember(anchor, &node);
                self.place(node);
                ControlFlow::Continue(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", span);
                self.begin(span, anchor, OpenKind::Sequence(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", span);
                let kind =
                    OpenKind::Mapping { entries: Vec::new(), keys: HashMap::new(), key: PendingKey::Awaited };
                self.begin(span, anchor, kind)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.finish(span);
                ControlFlow::Continue(())
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(_) => {
                self.error(
                    &codes::SYNTAX,
                    "no anchor before this alias",
                    span,
                    "a value that begins with `*` needs quotes",
                );
                self.place(Node::damaged(span));
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, kind: OpenKind) -> ControlFlow<()> {
        if self.open.len() >= MAX_DEPTH {
            self.too_deep(span);
            return ControlFlow::Break(());
        }
        self.open.push(Open { span, anchor, kind });
        self.count(1, span)
    }

    fn finish(&mut self, end: Span) {
        let Some(Open { span, anchor, kind }) = self.open.pop() else { return };
        let (kind, last) = match kind {
            OpenKind::Sequence(items) => {
                let last = items.last().map(|item| item.span.end);
                (NodeKind::Sequence(items), last)
            }
            OpenKind::Mapping { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                (NodeKind::Mapping(entries), last)
            }
        };
        // The end of a block collection is reported at the next token; the last value ends where a reader sees the end.
        let end = if end.end > end.start { end.end } else { last.unwrap_or(span.end).max(span.end) };
        let node = Node { span: Span { end, ..span }, kind, computed: false };
        self.remember(anchor, &node);
        self.place(node);
    }

    /// Puts a finished node where it belongs: into the open collection, or at the root.
    fn place(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut open.kind {
            OpenKind::Sequence(items) => items.push(node),
            OpenKind::Mapping { entries, keys, key } => match std::mem::replace(key, PendingKey::Awaited) {
                PendingKey::Awaited => match accept_key(&node, keys) {
                    Ok(text) => {
                        keys.insert(text.clone(), node.span);
                        *key = PendingKey::Read(text, node.span);
                    }
                    Err(complaint) => {
                        self.findings.push(*complaint);
                        *key = PendingKey::Refused;
                    }
                },
                PendingKey::Read(text, key_span) => entries.push(Entry { key: text, key_span, value: node }),
                PendingKey::Refused => {}
            },
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Node {
        // The parser gives an empty value the text `~` and an empty place.
        let written =
            if span.start == span.end && style == ScalarStyle::Plain { String::new() } else { text };
        let mut scalar = match style {
            ScalarStyle::Plain => Scalar::plain(written),
            ScalarStyle::Literal => Scalar { value: Value::Text, text: written, style: Style::Literal },
            ScalarStyle::Folded => Scalar { value: Value::Text, text: written, style: Style::Folded },
            _ => Scalar { value: Value::Text, text: written, style: Style::Quoted },
        };
        if let Some(tag) = tag {
            scalar = self.tagged(scalar, tag, span);
        }
        Node { span, kind: NodeKind::Scalar(scalar), computed: false }
    }

    fn tagged(&mut self, scalar: Scalar, tag: &Tag, span: Span) -> Scalar {
        let suffix = tag.core_suffix().unwrap_or_default().to_owned();
        let meaning = Scalar::plain(scalar.text.clone()).value;
        let value = match (suffix.as_str(), meaning) {
            ("str", _) => Some(Value::Text),
            ("int", Value::Integer(_))
            | ("float", Value::Float(_))
            | ("bool", Value::Bool(_))
            | ("null", Value::Null) => Some(meaning),
            #[expect(
                clippy::cast_precision_loss,
                reason = "an author who tags an integer as a float asks for this"
            )]
            ("float", Value::Integer(value)) => Some(Value::Float(value as f64)),
            ("int" | "float" | "bool" | "null", _) => {
                self.error(
                    &codes::WRONG_TYPE,
                    format!("{} is no `!!{suffix}`", quote(&scalar.text)),
                    span,
                    "",
                );
                None
            }
            _ => {
                self.unknown_tag(tag, span);
                None
            }
        };
        match value {
            Some(value) => Scalar { value, ..scalar },
            None => scalar,
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, expected: &str, span: Span) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema_tag(expected)
        {
            self.unknown_tag(tag, span);
        }
    }

    fn unknown_tag(&mut self, tag: &Tag, span: Span) {
        // The tag is not quoted: in place of a password it would be the password.
        let message = if tag.is_custom() {
            "recipes have no tags of their own"
        } else {
            "the tag does not fit the value"
        };
        self.error(&codes::SYNTAX, message, span, "a value that begins with `!` needs quotes");
    }

    fn alias(&mut self, anchor: usize, span: Span) -> ControlFlow<()> {
        let Some(Anchored { node, size, depth }) = self.anchors.get(&anchor) else {
            self.error(&codes::SYNTAX, "an alias inside the value that it stands for", span, "");
            self.place(Node::damaged(span));
            return ControlFlow::Continue(());
        };
        let (size, too_deep) = (*size, self.open.len() + depth > MAX_DEPTH);
        self.aliased = self.aliased.saturating_add(size);
        if self.aliased > MAX_ALIASED_NODES {
            let message = format!("aliases expand to more than {MAX_ALIASED_NODES} values");
            self.error(&codes::TOO_LARGE, message, span, "the limit is passed here");
            return ControlFlow::Break(());
        }
        if too_deep {
            self.too_deep(span);
            return ControlFlow::Break(());
        }
        let node = node.clone();
        self.count(size, span)?;
        self.place(node);
        ControlFlow::Continue(())
    }

    fn remember(&mut self, anchor: usize, node: &Node) {
        if anchor != 0 {
            let (size, depth) = measure(node);
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, depth });
        }
    }

    fn count(&mut self, nodes: usize, span: Span) -> ControlFlow<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            self.error(
                &codes::TOO_LARGE,
                format!("more than {MAX_NODES} values"),
                span,
                "the limit is passed here",
            );
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn too_deep(&mut self, span: Span) {
        let message = format!("nested deeper than {MAX_DEPTH} levels");
        self.error(&codes::TOO_LARGE, message, span, "");
    }

    fn error(
        &mut self,
        code: &'static crate::diagnostic::Code,
        message: impl Into<String>,
        span: Span,
        label: &str,
    ) {
        self.findings.push(Diagnostic::new(code, message).at(span, label));
    }
}

/// Accepts a key, or says what is wrong with it.
fn accept_key(node: &Node, keys: &HashMap<String, Span>) -> Result<String, Box<Diagnostic>> {
    let NodeKind::Scalar(scalar) = &node.kind else {
        let complaint = match node.kind {
            NodeKind::Damaged => Diagnostic::new(&codes::SYNTAX, "an alias cannot be resolved"),
            _ => Diagnostic::new(&codes::SYNTAX, format!("{} cannot be a key", node.describe()))
                .help("if this was meant as an expression, write it in quotes: \"${{ … }}\""),
        };
        return Err(Box::new(complaint.at(node.span, "")));
    };
    let key = &scalar.text;
    if let Some(first) = keys.get(key) {
        return Err(Box::new(
            Diagnostic::new(&codes::DUPLICATE_KEY, format!("the key {} appears twice", quote(key)))
                .at(node.span, "again here")
                .at(*first, "first here"),
        ));
    }
    if key.contains(EXPRESSION_START) {
        return Err(Box::new(
            Diagnostic::new(&codes::BAD_EXPRESSION, "a key cannot hold an expression")
                .at(node.span, "")
                .note("expressions stand for values; they never change which keys a recipe has"),
        ));
    }
    if key == "<<" {
        return Err(Box::new(
            Diagnostic::new(&codes::SYNTAX, "merge keys are not part of YAML 1.2")
                .at(node.span, "")
                .help("repeat the keys, or put an alias in place of the whole value: `environment: *shared`"),
        ));
    }
    Ok(key.clone())
}

/// Number of values in a tree, and its depth.
fn measure(node: &Node) -> (usize, usize) {
    let children: Vec<(usize, usize)> = match &node.kind {
        NodeKind::Sequence(items) => items.iter().map(measure).collect(),
        NodeKind::Mapping(entries) => entries.iter().map(|entry| measure(&entry.value)).collect(),
        NodeKind::Scalar(_) | NodeKind::Damaged => Vec::new(),
    };
    let size = children.iter().map(|(size, _)| size).sum::<usize>() + 1;
    let depth = children.iter().map(|(_, depth)| depth).max().map_or(0, |depth| depth + 1);
    (size, depth)
}
