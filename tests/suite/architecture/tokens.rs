//! Rust source as words, without comments and literals: enough to follow `use` and `::`, and no parser needed.

use std::iter::Peekable;
use std::str::Chars;

/// A word or a sign of the source, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Source code, parted into what is product and what is test.
#[derive(Debug)]
pub struct Code {
    /// The tokens outside `#[cfg(test)]` items.
    pub product: Vec<Token>,
    /// Modules declared as `#[cfg(test)] mod name;`: their files are test code.
    pub test_modules: Vec<String>,
    /// Lines of the file that belong to no `#[cfg(test)]` item.
    pub product_lines: usize,
}

impl Code {
    /// Parts `source` into product and test.
    pub fn of(source: &str) -> Self {
        let tokens = tokens(source);
        let mut code =
            Self { product: Vec::new(), test_modules: Vec::new(), product_lines: source.lines().count() };
        let mut rest = tokens.as_slice();
        while let Some(first) = rest.first() {
            let attribute = attribute_length(rest);
            if !gates_tests(&rest[..attribute]) {
                let step = attribute.max(1);
                code.product.extend_from_slice(&rest[..step]);
                rest = &rest[step..];
                continue;
            }
            let item = &rest[attribute..attribute + item_length(&rest[attribute..])];
            if let [keyword, name, end] = item
                && (keyword.text.as_str(), end.text.as_str()) == ("mod", ";")
            {
                code.test_modules.push(name.text.clone());
            }
            let last_line = item.last().map_or(first.line, |token| token.line);
            code.product_lines -= last_line - first.line + 1;
            rest = &rest[attribute + item.len()..];
        }
        code
    }
}

/// Whether an attribute keeps what follows out of the product: `#[cfg(test)]`, `#[cfg(all(test, unix))]`.
fn gates_tests(attribute: &[Token]) -> bool {
    let has = |word| attribute.iter().any(|token| token.text == word);
    has("cfg") && has("test") && !has("not")
}

/// The number of tokens of the attribute at the start; 0 when there is none.
pub fn attribute_length(tokens: &[Token]) -> usize {
    let start = match tokens {
        [hash, bracket, ..] if hash.text == "#" && bracket.text == "[" => 1,
        [hash, bang, bracket, ..] if hash.text == "#" && bang.text == "!" && bracket.text == "[" => 2,
        _ => return 0,
    };
    start + group_length(&tokens[start..])
}

/// The number of tokens of the item at the start: up to its closing brace or semicolon.
fn item_length(tokens: &[Token]) -> usize {
    let mut length = 0;
    while let Some(token) = tokens.get(length) {
        let is_block = token.text == "{";
        length += group_length(&tokens[length..]).max(1);
        let is_list_of_names = is_block && tokens.get(length).is_some_and(|next| next.text == ";");
        if token.text == ";" || (is_block && !is_list_of_names) {
            break;
        }
    }
    length
}

/// The number of tokens of the bracketed group at the start, brackets included; 0 when there is none.
pub fn group_length(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (position, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return if position == 0 { 0 } else { position + 1 };
        }
    }
    tokens.len()
}

/// The words and signs of `source`; a string literal becomes the one token `""`.
fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader { rest: source.chars().peekable(), line: 1 };
    let mut tokens = Vec::new();
    loop {
        let line = reader.line;
        let Some(character) = reader.next() else { return tokens };
        let text = match character {
            '/' if reader.rest.peek() == Some(&'/') => {
                reader.skip_past(|c| c == '\n');
                continue;
            }
            '/' if reader.rest.peek() == Some(&'*') => {
                reader.skip_block_comment();
                continue;
            }
            '"' => reader.skip_string(),
            '\'' => {
                reader.skip_character_or_lifetime();
                continue;
            }
            ':' if reader.rest.next_if_eq(&':').is_some() => "::".to_owned(),
            c if c.is_alphanumeric() || c == '_' => reader.word(c),
            c if c.is_whitespace() => continue,
            c => c.to_string(),
        };
        tokens.push(Token { text, line });
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        self.line += usize::from(character == '\n');
        Some(character)
    }

    fn skip_past(&mut self, is_last: impl Fn(char) -> bool) {
        while self.next().is_some_and(|character| !is_last(character)) {}
    }

    /// Block comments nest.
    fn skip_block_comment(&mut self) {
        let (mut depth, mut previous) = (0_usize, '/');
        while let Some(character) = self.next() {
            match (previous, character) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    previous = character;
                    continue;
                }
            }
            if depth == 0 {
                return;
            }
            // The two signs are used up: in `*/*` the star opens nothing.
            previous = ' ';
        }
    }

    fn skip_string(&mut self) -> String {
        while let Some(character) = self.next() {
            match character {
                '\\' => drop(self.next()),
                '"' => break,
                _ => {}
            }
        }
        "\"\"".to_owned()
    }

    /// `'x'` and `'\n'` are characters, `'x` is a lifetime.
    fn skip_character_or_lifetime(&mut self) {
        match self.next() {
            Some('\\') => {
                self.next();
                self.skip_past(|c| c == '\'');
            }
            Some(_) => drop(self.rest.next_if_eq(&'\'')),
            None => {}
        }
    }

    /// A name, a number, or a literal with a prefix: `b"…"`, `r#"…"#`.
    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        while let Some(next) = self.rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
            word.push(next);
        }
        match word.as_str() {
            "r" | "br" | "cr" => self.raw(word),
            "b" | "c" if self.rest.next_if_eq(&'"').is_some() => self.skip_string(),
            _ => word,
        }
    }

    /// A raw string, or a name such as `r#type`, or just the name `r`.
    fn raw(&mut self, prefix: String) -> String {
        let mut fence = 0;
        while self.rest.next_if_eq(&'#').is_some() {
            fence += 1;
        }
        if self.rest.next_if_eq(&'"').is_some() {
            let mut closing = 0;
            let mut in_closing = false;
            while !(in_closing && closing == fence) {
                match self.next() {
                    Some('"') => (in_closing, closing) = (true, 0),
                    Some('#') if in_closing => closing += 1,
                    Some(_) => in_closing = false,
                    None => break,
                }
            }
            return "\"\"".to_owned();
        }
        match (fence, self.rest.peek()) {
            (1, Some(_)) => self.next().map(|first| self.word(first)).unwrap_or_default(),
            _ => prefix,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        tokens(source).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_leave_no_words() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(
            words(r##"x("a \" b", r#"c " d"#, b"e", 'f', '\'', r"g")"##),
            r#"x ( "" , "" , "" , , , "" )"#
        );
        assert_eq!(words("fn f<'a>(r#type: &'a str)"), "fn f < > ( type : & str )");
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let last = tokens("/* 1\n2 */ \"\n\" // 3\nx").pop().unwrap();
        assert_eq!((last.text.as_str(), last.line), ("x", 4));
    }

    #[test]
    fn test_items_are_cut_out_wherever_they_stand() {
        let code = Code::of(
            "#[cfg(test)]\nuse a::{b, c};\nfn d() {}\n#[cfg(test)]\nmod tests {\n  fn e() {}\n}\nfn f() {}",
        );
        let product: Vec<_> = code.product.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(product.join(""), "fnd(){}fnf(){}");
        assert_eq!(code.product_lines, 2);
    }
}
