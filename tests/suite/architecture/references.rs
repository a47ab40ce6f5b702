//! Paths through the crate, found in tokens.

use super::tokens::{Token, group_length};

/// A path of this crate that a file names, from the crate root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub path: Vec<String>,
    pub line: usize,
}

/// Every path of this crate that `tokens` name; `module` is the path of the module that they stand in.
pub fn references(module: &[String], tokens: &[Token]) -> Vec<Reference> {
    let mut references = Vec::new();
    // The modules written inline around the current token, with the position where each ends.
    let mut inline: Vec<(&str, usize)> = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        inline.retain(|(_, end)| position < *end);
        if let [keyword, name, brace, ..] = &tokens[position..]
            && (keyword.text.as_str(), brace.text.as_str()) == ("mod", "{")
        {
            inline.push((&name.text, position + 2 + group_length(&tokens[position + 2..])));
        }
        let begins_path = position == 0 || tokens[position - 1].text != "::";
        if !begins_path || tokens.get(position + 1).is_none_or(|next| next.text != "::") {
            continue;
        }
        let here = || {
            module
                .iter()
                .cloned()
                .chain(inline.iter().map(|(name, _)| (*name).to_owned()))
                .collect::<Vec<_>>()
        };
        let base = match token.text.as_str() {
            "crate" | "batchyard" => Vec::new(),
            "self" => here(),
            "super" => parent(here()),
            _ => continue,
        };
        let leaves = leaves(base, &tokens[position + 2..]);
        references.extend(leaves.into_iter().map(|leaf| Reference { path: leaf.path, line: leaf.line }));
    }
    references
}

/// What a module passes on from its children under its own name: `pub use child::{Name, Other as Alias}`, as pairs of
/// the name that is seen outside and the path from the crate root where it is defined.
pub fn re_exports(module: &[String], tokens: &[Token]) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        if token.text != "pub" {
            continue;
        }
        let visibility = position + 1 + group_length(&tokens[position + 1..]);
        let Some([keyword, tree @ ..]) = tokens.get(visibility..) else { continue };
        if keyword.text != "use" {
            continue;
        }
        let leaves = match tree {
            [root, ..] if matches!(root.text.as_str(), "crate" | "super" | "::") => continue,
            [own, _, rest @ ..] if own.text == "self" => leaves(module.to_vec(), rest),
            _ => leaves(module.to_vec(), tree),
        };
        found.extend(
            leaves
                .into_iter()
                .filter_map(|leaf| Some((leaf.alias.or(leaf.path.last().cloned())?, leaf.path))),
        );
    }
    found
}

/// One path of a use tree.
struct Leaf {
    path: Vec<String>,
    alias: Option<String>,
    line: usize,
}

/// The paths that the use tree at the start of `tokens` spells out, each under `base`.
fn leaves(base: Vec<String>, tokens: &[Token]) -> Vec<Leaf> {
    let mut path = base;
    let mut rest = tokens;
    let mut line = tokens.first().map_or(0, |token| token.line);
    loop {
        match rest {
            [brace, ..] if brace.text == "{" => {
                let group = &rest[1..group_length(rest).max(2) - 1];
                return split_at_commas(group).flat_map(|branch| leaves(path.clone(), branch)).collect();
            }
            [word, ..] if word.text == "super" => path = parent(path),
            [word, ..] if word.text == "self" => {}
            [word, ..] if is_name(&word.text) => path.push(word.text.clone()),
            _ => {}
        }
        line = rest.first().map_or(line, |token| token.line);
        rest = match rest {
            [_, colons, next @ ..] if colons.text == "::" => next,
            [_, keyword, alias, ..] if keyword.text == "as" => {
                return vec![Leaf { path, alias: Some(alias.text.clone()), line }];
            }
            _ => return vec![Leaf { path, alias: None, line }],
        };
    }
}

fn split_at_commas(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let mut depth = 0_isize;
    tokens
        .split(move |token| {
            depth += match token.text.as_str() {
                "{" => 1,
                "}" => -1,
                _ => 0,
            };
            depth == 0 && token.text == ","
        })
        .filter(|branch| !branch.is_empty())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn parent(mut path: Vec<String>) -> Vec<String> {
    path.pop();
    path
}

#[cfg(test)]
mod tests {
    use super::super::tokens::Code;
    use super::*;

    fn named(source: &str) -> Vec<String> {
        let module = ["plan".to_owned(), "diff".to_owned()];
        references(&module, &Code::of(source).product)
            .into_iter()
            .map(|found| found.path.join("::"))
            .collect()
    }

    #[test]
    fn use_trees_are_spelled_out() {
        let source = "use crate::{a::{self, b::C}, d::*}; use super::step::Step as S; use self::e;";
        assert_eq!(named(source), ["a", "a::b::C", "d", "plan::step::Step", "plan::diff::e"]);
    }

    #[test]
    fn paths_in_expressions_end_where_the_path_ends() {
        assert_eq!(named("fn f() { crate::a::b::<u8>(); super::super::c::D { x: 1 } }"), ["a::b", "c::D"]);
    }

    #[test]
    fn super_in_an_inline_module_is_the_file() {
        assert_eq!(named("mod inner { use super::X; } use super::Y;"), ["plan::diff::X", "plan::Y"]);
    }

    #[test]
    fn re_exports_keep_their_origin() {
        let tokens =
            Code::of("pub use step::{Step as Move, Graph}; pub(crate) use crate::other::X; use diff::D;")
                .product;
        let found = re_exports(&["plan".to_owned()], &tokens);
        let found: Vec<_> =
            found.into_iter().map(|(name, path)| format!("{name}={}", path.join("::"))).collect();
        assert_eq!(found, ["Move=plan::step::Step", "Graph=plan::step::Graph"]);
    }
}
