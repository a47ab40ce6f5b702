//! The rules, one function each. A rule names the place, what is wrong there, and what to do about it.

use std::fmt;

use super::Layer;
use super::tokens::{Token, attribute_length, group_length};
use super::tree::{Place, SourceFile, Tree, Use};

/// How long a file may be without its tests.
const LONGEST_FILE: usize = 500;
/// Names under which anything could be put, and sooner or later is.
const DRAWERS: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "types"];

/// A rule broken at a place.
pub struct Violation {
    place: Place,
    message: String,
    advice: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    {}", self.place.path, self.place.line, self.message, self.advice)
    }
}

/// Everything that is wrong with the tree.
pub fn check(tree: &Tree, layers: &[Layer]) -> Vec<Violation> {
    let mut violations = known_modules(tree, layers);
    violations.extend(layering(tree, layers));
    violations.extend(mutual_imports(tree));
    violations.extend(tree.files.iter().filter_map(file_length));
    violations.extend(tree.files.iter().filter_map(file_name));
    violations.extend(tree.files.iter().filter_map(mod_file));
    violations
}

fn known_modules(tree: &Tree, layers: &[Layer]) -> Vec<Violation> {
    let unknown = |file: &SourceFile| {
        let module = file.module.first()?;
        let known = layers.iter().any(|layer| layer.module == module);
        (!known).then(|| Violation {
            place: file.line(1),
            message: format!("`{module}` is in no layer"),
            advice: "give it a place in LAYERS in tests/suite/architecture.rs and in docs/contributing/architecture.md"
                .to_owned(),
        })
    };
    tree.files.iter().filter_map(unknown).collect()
}

fn layering(tree: &Tree, layers: &[Layer]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (Use { parent, user, used }, place) in tree.uses() {
        let Some(layer) = layers.iter().find(|layer| layer.module == user).filter(|_| parent.is_empty())
        else {
            continue;
        };
        if layer.may_use().any(|allowed| allowed == used) {
            continue;
        }
        let allowed = match layer.may_use {
            "" => "nothing of this crate",
            modules => modules,
        };
        violations.push(Violation {
            place,
            message: format!("`{user}` must not use `{used}`"),
            advice: format!(
                "it may use {allowed}; move what both need into a module below both, or pass the value in from above"
            ),
        });
    }
    violations
}

fn mutual_imports(tree: &Tree) -> Vec<Violation> {
    let uses = tree.uses();
    let mut violations = Vec::new();
    for (Use { parent, user, used }, place) in &uses {
        let back = Use { parent: parent.clone(), user: used.clone(), used: user.clone() };
        let Some(other) = uses.get(&back).filter(|_| user < used) else { continue };
        let full = |name: &String| [parent.as_slice(), std::slice::from_ref(name)].concat().join("::");
        violations.push(Violation {
            place: place.clone(),
            message: format!("`{}` and `{}` use each other", full(user), full(used)),
            advice: format!(
                "the way back is at {}:{}; give what both need a module of its own, or let one own the other",
                other.path, other.line
            ),
        });
    }
    violations
}

fn file_length(file: &SourceFile) -> Option<Violation> {
    let lines = file.code.product_lines;
    (lines > LONGEST_FILE).then(|| Violation {
        place: file.line(LONGEST_FILE + 1),
        message: format!("{lines} lines without its tests, more than {LONGEST_FILE}"),
        advice: "find the second concept in it and give that a file".to_owned(),
    })
}

fn file_name(file: &SourceFile) -> Option<Violation> {
    let name = file.module.iter().find(|name| DRAWERS.contains(&name.as_str()))?;
    Some(Violation {
        place: file.line(1),
        message: format!("`{name}` says nothing about what is inside"),
        advice: "name it for the concept it holds, or move its parts to the concepts that they serve"
            .to_owned(),
    })
}

fn mod_file(file: &SourceFile) -> Option<Violation> {
    if !file.path.ends_with("/mod.rs") {
        return None;
    }
    let mut rest = file.code.product.as_slice();
    while let Some(first) = rest.first() {
        let Some(length) = entry_length(rest) else {
            return Some(Violation {
                place: file.line(first.line),
                message: "code in a mod.rs".to_owned(),
                advice: "a mod.rs holds its documentation, `mod` and `use`; give the code a file beside it"
                    .to_owned(),
            });
        };
        rest = &rest[length..];
    }
    None
}

/// The number of tokens of the attribute, `mod name;` or `use …;` at the start; none when it is anything else.
fn entry_length(tokens: &[Token]) -> Option<usize> {
    let attribute = attribute_length(tokens);
    if attribute > 0 {
        return Some(attribute);
    }
    let mut keyword = 0;
    if tokens.first()?.text == "pub" {
        keyword = 1 + group_length(&tokens[1..]);
    }
    match tokens.get(keyword..)? {
        [keyword_token, _, end, ..] if keyword_token.text == "mod" && end.text == ";" => Some(keyword + 3),
        [keyword_token, rest @ ..] if keyword_token.text == "use" => {
            Some(keyword + 2 + rest.iter().position(|token| token.text == ";")?)
        }
        _ => None,
    }
}

impl SourceFile {
    fn line(&self, line: usize) -> Place {
        Place { path: self.path.clone(), line }
    }
}
