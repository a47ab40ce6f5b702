//! Texts with every notation of YAML that recipes can use, laid out by chance.

/// Makes texts; the same ones for the same seed.
pub(super) struct Generator {
    state: u64,
    out: String,
    keys: u32,
}

impl Generator {
    /// The text of a seed.
    pub(super) fn text(seed: u64) -> String {
        let mut generator =
            Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), out: String::new(), keys: 0 };
        generator.own_lines(0);
        if generator.one_in(8) {
            generator.out.push_str("---");
            generator.end_of_line();
        }
        generator.mapping(0, 0, false);
        generator.own_lines(0);
        if generator.one_in(6) {
            generator.out.truncate(generator.out.trim_end().len());
        }
        generator.out
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> usize {
        usize::try_from(self.next() % bound).unwrap()
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let at = self.below(choices.len() as u64);
        choices[at]
    }

    fn spaces(&mut self, least: usize, most: usize) {
        let count = least + self.below((most - least + 1) as u64);
        self.out.push_str(&" ".repeat(count));
    }

    fn indent(&mut self, indentation: usize) {
        self.out.push_str(&" ".repeat(indentation));
    }

    /// Blank lines and comments, about as far in as `indentation`.
    fn own_lines(&mut self, indentation: usize) {
        while self.one_in(4) {
            if self.one_in(2) {
                self.spaces(0, 3);
            } else {
                let column = if self.one_in(2) { indentation } else { self.below(indentation as u64 + 6) };
                self.indent(column);
                let comment = self.comment();
                self.out.push_str(&comment);
            }
            self.out.push('\n');
        }
    }

    fn comment(&mut self) -> String {
        let number = self.below(1_000);
        let form =
            self.pick(&["# note N", "#N", "# - key: N", "#", "#   wide N", "# é 'N' \"", "# a: [N, # x"]);
        form.replace('N', &number.to_string())
    }

    /// The end of a line, perhaps with a comment.
    fn end_of_line(&mut self) {
        if self.one_in(4) {
            self.spaces(1, 3);
            let comment = self.comment();
            self.out.push_str(&comment);
        } else if self.one_in(6) {
            self.spaces(1, 2);
        }
        self.out.push('\n');
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        let form = self.pick(&["kN", "k-N", "\"kN\"", "'k N'", "é_N", "N"]);
        form.replace('N', &self.keys.to_string())
    }

    /// A map whose keys stand at `indentation`; the first on the line that has been begun, if one has.
    fn mapping(&mut self, indentation: usize, depth: usize, begun: bool) {
        let count = 1 + self.below(4);
        for position in 0..count {
            if position > 0 || !begun {
                self.own_lines(indentation);
                self.indent(indentation);
            }
            let key = self.key();
            if self.one_in(24) {
                self.out.push_str("? ");
                self.out.push_str(&key);
                self.end_of_line();
                self.indent(indentation);
            } else {
                self.out.push_str(&key);
                if self.one_in(10) {
                    self.out.push(' ');
                }
            }
            self.out.push(':');
            self.value(indentation, depth, false);
        }
    }

    fn sequence(&mut self, indentation: usize, depth: usize, begun: bool) {
        let count = 1 + self.below(4);
        for position in 0..count {
            if position > 0 || !begun {
                self.own_lines(indentation);
                self.indent(indentation);
            }
            self.out.push('-');
            self.value(indentation, depth, true);
        }
    }

    /// What stands behind a colon or a dash at `indentation`, up to the end of its last line.
    fn value(&mut self, indentation: usize, depth: usize, is_item: bool) {
        let deeper = indentation + 1 + self.below(4);
        let choice = if depth >= 4 { self.below(8) } else { self.below(14) };
        match choice {
            0 => self.end_of_line(),
            1..4 => {
                self.before_scalar(deeper);
                self.scalar(deeper);
                self.end_of_line();
            }
            4 => self.block_scalar(indentation),
            5..8 => {
                self.before_scalar(deeper);
                self.flow(deeper, 0);
                self.end_of_line();
            }
            8 | 9 if is_item && self.one_in(2) => {
                let width = 1 + self.below(3);
                self.indent(width);
                let inner = indentation + 1 + width;
                if self.one_in(3) {
                    self.sequence(inner, depth + 1, true);
                } else {
                    self.mapping(inner, depth + 1, true);
                }
            }
            8..11 => {
                self.properties();
                self.end_of_line();
                let indentation = if !is_item && self.one_in(3) { indentation } else { deeper };
                self.sequence(indentation, depth + 1, false);
            }
            _ => {
                self.properties();
                self.end_of_line();
                self.mapping(deeper, depth + 1, false);
            }
        }
    }

    /// What comes between the sign and a scalar: a blank, or the beginning of another line.
    fn before_scalar(&mut self, indentation: usize) {
        self.properties();
        if self.one_in(8) {
            self.end_of_line();
            self.own_lines(indentation);
            self.indent(indentation);
        } else {
            self.spaces(1, 3);
        }
    }

    fn properties(&mut self) {
        if self.one_in(12) {
            self.keys += 1;
            self.out.push_str(&format!(" &a{}", self.keys));
        }
    }

    fn scalar(&mut self, indentation: usize) {
        let number = self.below(100);
        let single = [
            "wordN",
            "N",
            "true",
            "null",
            "\"N\"",
            "'it''s N'",
            "'N'",
            "a:b",
            "a#b",
            "\"${{ item.N }}\"",
            "'\\N'",
            "-N",
            "\"\\t\\\"N\"",
            "''",
            "x y  z",
            "N.5",
        ];
        let several =
            ["word\n#N more\nwords", "\"two\n#lines N\"", "'two\n\n#lines N'", "\"a\\\n# b\"", "text\n\n#N"];
        let form = if self.one_in(6) { self.pick(&several) } else { self.pick(&single) };
        let indented = form.replace('\n', "\n\0").replace("\0#", &" ".repeat(indentation + self.below(3)));
        let indented = indented.replace('\0', "").replace('N', &number.to_string());
        // A line of words needs to be indented as well.
        let indented = indented.replace("\nwords", &format!("\n{}words", " ".repeat(indentation)));
        self.out.push_str(&indented);
    }

    fn block_scalar(&mut self, indentation: usize) {
        self.properties();
        self.spaces(1, 2);
        let width = 1 + self.below(4);
        let must_say = self.one_in(4);
        let style = self.pick(&["|", ">"]);
        self.out.push_str(style);
        if must_say {
            self.out.push_str(&width.to_string());
        }
        let chomping = self.pick(&["", "", "-", "+"]);
        self.out.push_str(chomping);
        self.end_of_line();
        let count = self.below(5);
        for position in 0..count {
            match self.below(5) {
                0 if position > 0 => {}
                1 if position > 0 || must_say => {
                    self.indent(indentation + width);
                    self.spaces(1, 3);
                    self.out.push_str("further in");
                }
                2 => {
                    self.indent(indentation + width);
                    self.out.push_str("# no comment  ");
                }
                _ => {
                    self.indent(indentation + width);
                    self.out.push_str("text");
                }
            }
            self.out.push('\n');
        }
    }

    fn flow(&mut self, indentation: usize, depth: usize) {
        let is_sequence = self.one_in(2);
        self.out.push(if is_sequence { '[' } else { '{' });
        let count = self.below(4);
        for position in 0..count {
            self.between(indentation);
            if !is_sequence {
                let key = self.key();
                self.out.push_str(&key);
                self.out.push(':');
                self.spaces(1, 2);
            }
            match self.below(5) {
                0 if depth < 3 => self.flow(indentation, depth + 1),
                1 if !is_sequence => {}
                _ => self.flow_scalar(indentation),
            }
            self.between(indentation);
            if position + 1 < count || self.one_in(6) {
                self.out.push(',');
            }
        }
        self.between(indentation);
        self.out.push(if is_sequence { ']' } else { '}' });
    }

    fn flow_scalar(&mut self, indentation: usize) {
        let number = self.below(100);
        let form = self.pick(&[
            "N",
            "word N",
            "\"${{ item.N }}\"",
            "'N'",
            "\"two\n lines\"",
            "two\n lines",
            "long-word-that-fills-the-line-quickly-N",
        ]);
        self.out.push_str(
            &form.replace('N', &number.to_string()).replace('\n', &format!("\n{}", " ".repeat(indentation))),
        );
    }

    /// What comes between members: blanks, or the end of a line, perhaps with comments.
    fn between(&mut self, indentation: usize) {
        if self.one_in(6) {
            self.end_of_line();
            self.own_lines(indentation);
            self.indent(indentation);
        } else {
            self.spaces(0, 2);
        }
    }
}
