//! Lists and maps in brackets.

use granit_parser::ScalarStyle;

use super::layout::{Content, Node, Pair};
use super::scalar;
use super::write::{STEP, Unsupported, Writer};

/// What was spread over several lines is put on one if it ends before this column.
const WIDTH: usize = 80;

impl Writer<'_> {
    /// Writes what is no block, on the line that has been begun; further lines are indented.
    pub(super) fn inline(&mut self, node: &Node, indentation: usize) -> Result<(), Unsupported> {
        match &node.content {
            Content::Scalar(style, _) => {
                let written = self.text.get(node.span.clone()).unwrap_or_default();
                self.out.push_str(&scalar::inline(written, *style, indentation));
            }
            Content::Alias => self.copy(&node.span),
            Content::FlowSequence(_) | Content::FlowMapping(_) => {
                match self.flat_content(node).filter(|_| !self.must_spread(node, 0)) {
                    Some(flat) => self.out.push_str(&flat),
                    None => return self.spread(node, indentation),
                }
            }
            Content::Empty | Content::Sequence(_) | Content::Mapping(_) => {}
        }
        Ok(())
    }

    /// Whether a list or map in brackets needs several lines, `extra` columns behind what has been written.
    pub(super) fn must_spread(&self, node: &Node, extra: usize) -> bool {
        if !matches!(node.content, Content::FlowSequence(_) | Content::FlowMapping(_)) {
            return false;
        }
        let Some(flat) = self.flat_content(node).filter(|_| !self.has_comment_in(&node.span)) else {
            return true;
        };
        let was_spread = self.text.get(node.span.clone()).is_some_and(|written| written.contains('\n'));
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        was_spread && line.chars().count() + extra + flat.chars().count() > WIDTH
    }

    /// A node on one line; `None` if a scalar inside has several.
    fn flat(&self, node: &Node) -> Option<String> {
        let content = self.flat_content(node)?;
        let properties = node.properties.iter().filter_map(|property| self.text.get(property.clone()));
        let words: Vec<&str> =
            properties.chain(Some(content.as_str()).filter(|content| !content.is_empty())).collect();
        Some(words.join(" "))
    }

    /// A node on one line, without its properties.
    fn flat_content(&self, node: &Node) -> Option<String> {
        let written = self.text.get(node.span.clone())?;
        Some(match &node.content {
            Content::Empty => String::new(),
            Content::Alias => written.to_owned(),
            // Line breaks in a plain scalar are blanks, unless there are several.
            Content::Scalar(ScalarStyle::Plain, text) if written.contains('\n') => {
                Some(text.clone()).filter(|text| !text.contains('\n'))?
            }
            Content::Scalar(..) if written.contains('\n') => return None,
            Content::Scalar(style, _) => scalar::inline(written, *style, 0),
            Content::FlowSequence(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flat(item)).collect::<Option<_>>()?;
                format!("[{}]", items.join(", "))
            }
            Content::FlowMapping(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|pair| self.flat_pair(pair)).collect::<Option<_>>()?;
                match pairs.join(", ") {
                    pairs if !written.starts_with('{') => pairs,
                    pairs if pairs.is_empty() => "{}".to_owned(),
                    pairs => format!("{{ {pairs} }}"),
                }
            }
            Content::Sequence(_) | Content::Mapping(_) => return None,
        })
    }

    fn flat_pair(&self, pair: &Pair) -> Option<String> {
        let (key, value) = (self.flat(&pair.key)?, self.flat(&pair.value)?);
        let colon = match (pair.colon, &pair.key.content) {
            (None, _) => return Some(key),
            // `*name:` would be the name of an alias.
            (Some(_), Content::Alias) => " :",
            (Some(_), _) => ":",
        };
        Some(if value.is_empty() { format!("{key}{colon}") } else { format!("{key}{colon} {value}") })
    }

    /// Writes a list or map with a member a line.
    pub(super) fn spread(&mut self, node: &Node, indentation: usize) -> Result<(), Unsupported> {
        let (open, close) = match &node.content {
            Content::FlowSequence(_) => ('[', ']'),
            _ => ('{', '}'),
        };
        if !self.text.get(node.span.clone()).is_some_and(|written| written.starts_with(open)) {
            return Err(Unsupported {
                span: node.span.clone(),
                message: "a pair without braces in a list cannot be laid out over several lines",
            });
        }
        let inside = indentation + STEP;
        self.out.push(open);
        self.is_fresh = true;
        match &node.content {
            Content::FlowSequence(items) => {
                for item in items {
                    self.member_line(item.start(), inside);
                    self.member_value(item, inside)?;
                    self.out.push(',');
                }
            }
            Content::FlowMapping(pairs) => {
                for pair in pairs {
                    self.member_line(pair.key.start(), inside);
                    self.key(&pair.key)?;
                    if pair.colon.is_some() {
                        self.out.push(':');
                        if !matches!(pair.value.content, Content::Empty) || !pair.value.properties.is_empty()
                        {
                            self.separate(pair.value.start(), inside + STEP);
                        }
                        self.member_value(&pair.value, inside)?;
                    }
                    self.out.push(',');
                }
            }
            _ => {}
        }
        self.flush(node.span.end, inside);
        self.new_line(indentation);
        self.out.push(close);
        Ok(())
    }

    fn member_line(&mut self, start: usize, indentation: usize) {
        self.flush(start, indentation);
        self.line(start, indentation);
    }

    fn member_value(&mut self, node: &Node, indentation: usize) -> Result<(), Unsupported> {
        for property in &node.properties {
            self.copy(property);
            self.separate(node.span.start, indentation + STEP);
        }
        self.inline(node, indentation)
    }
}
