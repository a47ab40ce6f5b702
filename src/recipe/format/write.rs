//! Writes a layout: blocks, and the comments between everything.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::layout::{Comment, Content, Item, Layout, Node, Pair};
use super::read::Gaps;
use super::scalar::{self, Block};

/// Spaces by which a block is indented inside another.
pub(super) const STEP: usize = 2;

/// Why a text cannot be laid out anew, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsupported {
    pub(super) span: Range<usize>,
    pub(super) message: &'static str,
}

/// Writes the text of a layout.
pub(super) fn write(text: &str, layout: &Layout) -> Result<String, Unsupported> {
    let mut writer = Writer {
        text,
        comments: &layout.comments,
        out: String::with_capacity(text.len()),
        next: 0,
        is_fresh: true,
        keeps_blank_lines: false,
        ends_in_comment: false,
    };
    writer.document(layout)?;
    Ok(writer.out)
}

/// Comments are written from the front, each before whatever stands behind it in the text: none can be lost.
pub(super) struct Writer<'a> {
    pub(super) text: &'a str,
    comments: &'a [Comment],
    pub(super) out: String,
    /// The first comment that has not been written.
    next: usize,
    /// Whether nothing has been written into this block, so that no blank line may come.
    pub(super) is_fresh: bool,
    /// Whether a blank line would become part of the scalar above.
    keeps_blank_lines: bool,
    /// Whether the line that has been begun can take nothing more.
    ends_in_comment: bool,
}

impl Writer<'_> {
    fn document(&mut self, layout: &Layout) -> Result<(), Unsupported> {
        for directive in &layout.directives {
            self.flush(directive.start, 0);
            self.line(directive.start, 0);
            self.copy(directive);
        }
        if let Some(marker) = &layout.marker {
            self.flush(marker.start, 0);
            self.line(marker.start, 0);
            self.out.push_str("---");
            self.is_fresh = true;
        }
        self.root(&layout.root)?;
        self.flush(self.text.len(), 0);
        self.out.push('\n');
        Ok(())
    }

    fn root(&mut self, root: &Node) -> Result<(), Unsupported> {
        let place = Place { indentation: 0, outer_column: None, until: self.text.len() };
        if root.is_block() && root.properties.is_empty() {
            return self.block(root, place, false);
        }
        if matches!(root.content, Content::Scalar(..) | Content::Empty) {
            let message = "only a map can be a recipe, so nothing but maps and lists is laid out";
            return Err(Unsupported { span: root.span.clone(), message });
        }
        self.flush(root.start(), 0);
        self.line(root.start(), 0);
        self.properties(root);
        if root.is_block() {
            return self.block(root, place, false);
        }
        if !root.properties.is_empty() {
            self.separate(root.span.start, 0);
        }
        self.inline(root, 0)
    }

    fn properties(&mut self, node: &Node) {
        for (position, property) in node.properties.iter().enumerate() {
            if position > 0 {
                self.out.push(' ');
            }
            self.copy(property);
        }
    }

    /// A blank, or, where comments come in between, the beginning of another line.
    pub(super) fn separate(&mut self, start: usize, indentation: usize) {
        if self.has_comment_before(start) {
            self.flush(start, indentation);
            self.new_line(indentation);
        } else {
            self.out.push(' ');
        }
    }

    /// Writes a block, whose first member may stand on the line that has been begun.
    fn block(&mut self, node: &Node, place: Place, on_this_line: bool) -> Result<(), Unsupported> {
        self.is_fresh |= !on_this_line;
        match &node.content {
            Content::Sequence(items) => self.sequence(items, place, on_this_line)?,
            Content::Mapping(pairs) => self.mapping(pairs, place, on_this_line)?,
            _ => {}
        }
        // Comments below the last member that are indented like this block belong to it, not to what follows.
        let column = self.column_of(node.span.start);
        while let Some(comment) = self.comments.get(self.next) {
            let is_inside =
                comment.column >= column && place.outer_column.is_none_or(|outer| comment.column > outer);
            if comment.span.start >= place.until || !(comment.is_trailing || is_inside) {
                break;
            }
            self.flush(comment.span.start + 1, place.indentation);
        }
        Ok(())
    }

    fn sequence(&mut self, items: &[Item], place: Place, on_this_line: bool) -> Result<(), Unsupported> {
        for (position, item) in items.iter().enumerate() {
            let until = items.get(position + 1).map_or(place.until, |next| next.dash);
            if position > 0 || !on_this_line {
                self.flush(item.dash, place.indentation);
                self.line(item.dash, place.indentation);
            }
            self.out.push('-');
            let inner = place.inside(self.column_of(item.dash), until);
            self.value(&item.value, item.dash + 1, inner, true)?;
        }
        Ok(())
    }

    fn mapping(&mut self, pairs: &[Pair], place: Place, on_this_line: bool) -> Result<(), Unsupported> {
        for (position, pair) in pairs.iter().enumerate() {
            let start = pair.key.start();
            let until = pairs.get(position + 1).map_or(place.until, |next| next.key.start());
            if position > 0 || !on_this_line {
                self.flush(start, place.indentation);
                self.line(start, place.indentation);
            }
            self.key(&pair.key)?;
            self.out.push(':');
            let from = pair.colon.map_or(pair.key.span.end, |colon| colon + 1);
            let inner = place.inside(self.column_of(start), until);
            self.value(&pair.value, from, inner, false)?;
        }
        Ok(())
    }

    pub(super) fn key(&mut self, key: &Node) -> Result<(), Unsupported> {
        let unsupported = |message| Err(Unsupported { span: key.span.clone(), message });
        self.properties(key);
        if !key.properties.is_empty() {
            self.out.push(' ');
        }
        let written = self.text.get(key.span.clone()).unwrap_or_default();
        match &key.content {
            Content::Scalar(..) if key.is_block_scalar() || written.contains('\n') => {
                return unsupported("a key of several lines cannot be laid out");
            }
            // YAML looks no further than this for the colon.
            Content::Scalar(..) if written.len() > 1_000 => {
                return unsupported("the key is too long to be laid out");
            }
            Content::Scalar(style, _) => self.out.push_str(&scalar::inline(written, *style, 0)),
            Content::Alias => {
                self.copy(&key.span);
                self.out.push(' ');
            }
            Content::Empty => {}
            _ => return unsupported("lists and maps cannot be keys"),
        }
        Ok(())
    }

    /// Writes what stands behind a dash or a colon.
    fn value(&mut self, node: &Node, from: usize, place: Place, is_item: bool) -> Result<(), Unsupported> {
        if let Some(first) = node.properties.first() {
            self.separate(first.start, place.indentation);
            self.properties(node);
        }
        let gaps = Gaps { text: self.text, comments: self.comments };
        match &node.content {
            Content::Empty => Ok(()),
            Content::Sequence(_) | Content::Mapping(_) => {
                let on_this_line =
                    is_item && node.properties.is_empty() && !self.has_comment_before(node.span.start);
                if on_this_line {
                    self.out.push(' ');
                }
                self.block(node, place, on_this_line)
            }
            Content::Scalar(ScalarStyle::Literal | ScalarStyle::Folded, text) => {
                let header = gaps.after(node.after_properties(from));
                self.separate(header, place.indentation);
                self.block_scalar(node, text, header, place.indentation);
                Ok(())
            }
            // Brackets that enclose several lines begin on a line of their own, those behind a dash excepted.
            _ if !is_item && !self.has_comment_before(node.span.start) && self.must_spread(node, 1) => {
                self.new_line(place.indentation);
                self.spread(node, place.indentation)
            }
            _ => {
                self.separate(node.span.start, place.indentation);
                self.inline(node, place.indentation)
            }
        }
    }

    fn block_scalar(&mut self, node: &Node, text: &str, header: usize, indentation: usize) {
        let rest = self.text.get(header..).unwrap_or_default();
        let line = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let below_start = header + line;
        let below = self.text.get(below_start..node.span.end.max(below_start)).unwrap_or_default();
        let said = rest.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
        let block = Block::read(said, below, text);
        self.out.push_str(&block.header);
        self.flush(below_start, indentation);
        for line in &block.lines {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(indentation);
                self.out.push_str(line);
            }
        }
        self.keeps_blank_lines = block.keeps_blank_lines;
    }

    /// Writes the comments before a place: those that stand behind something on the line that has been begun, the others on lines
    /// of their own.
    pub(super) fn flush(&mut self, before: usize, indentation: usize) {
        while let Some(comment) = self.comments.get(self.next).filter(|comment| comment.span.start < before) {
            self.next += 1;
            // The sign between two comments may have been left out: `? a # one` and `: # two`.
            if comment.is_trailing && !self.ends_in_comment && !self.out.is_empty() {
                self.out.push(' ');
            } else {
                self.line(comment.span.start, indentation);
            }
            let written = self.text.get(comment.span.clone()).unwrap_or_default();
            self.out.push_str(written.trim_end());
            self.ends_in_comment = true;
        }
    }

    pub(super) fn has_comment_before(&self, position: usize) -> bool {
        self.comments.get(self.next).is_some_and(|comment| comment.span.start < position)
    }

    pub(super) fn has_comment_in(&self, span: &Range<usize>) -> bool {
        let first = self.comments.partition_point(|comment| comment.span.start < span.start);
        self.comments.get(first).is_some_and(|comment| comment.span.start < span.end)
    }

    /// Begins the line of something that stands at `at` in the text, behind a blank line if it does so there.
    pub(super) fn line(&mut self, at: usize, indentation: usize) {
        let is_apart = !self.is_fresh && !self.keeps_blank_lines && self.is_below_blank_line(at);
        self.is_fresh = false;
        if is_apart {
            self.out.push('\n');
        }
        self.new_line(indentation);
    }

    /// Begins a line.
    pub(super) fn new_line(&mut self, indentation: usize) {
        self.keeps_blank_lines = false;
        self.ends_in_comment = false;
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.indent(indentation);
    }

    fn indent(&mut self, indentation: usize) {
        self.out.extend(std::iter::repeat_n(' ', indentation));
    }

    pub(super) fn copy(&mut self, span: &Range<usize>) {
        self.out.push_str(self.text.get(span.clone()).unwrap_or_default());
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
    }

    fn column_of(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    fn is_below_blank_line(&self, at: usize) -> bool {
        let Some(end) = self.line_start(at).checked_sub(1) else { return false };
        self.text.get(self.line_start(end)..end).is_some_and(|line| line.trim().is_empty())
    }
}

/// Where a block is written, and what surrounds it in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) indentation: usize,
    /// The column of the block around it, in the text.
    outer_column: Option<usize>,
    /// What comes after it in the text begins here.
    until: usize,
}

impl Place {
    fn inside(self, column: usize, until: usize) -> Self {
        Self { indentation: self.indentation + STEP, outer_column: Some(column), until }
    }
}
