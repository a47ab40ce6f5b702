//! Expressions in recipes that are imported. Whatever text came from elsewhere must not become one: an expression can read files.

/// What begins an expression, and what ends it.
const BEGIN: &str = "${{";
const END: &str = "}}";
/// The text that means the beginning of an expression and begins none.
const INERT: &str = "${{ '${{' }}";
/// The names that expressions of importers look at.
const NAMES: [&str; 3] = ["params", "item", "task"];
/// The functions that they use.
const FUNCTIONS: [&str; 1] = ["format"];

/// A text that means itself: what would be an expression stays text.
pub(super) fn inert(text: &str) -> String {
    text.replace(BEGIN, INERT)
}

/// The text, with every expression made inert that no importer would have written.
pub(super) fn only_own(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        out.push_str(before);
        match after.split_once(END) {
            Some((inside, tail)) if is_own(inside) => {
                out.push_str(BEGIN);
                out.push_str(inside);
                out.push_str(END);
                rest = tail;
            }
            _ => {
                out.push_str(INERT);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether an expression holds nothing but texts, numbers, operators, and names that importers use.
fn is_own(expression: &str) -> bool {
    // Every second part stands in quotes; the last one must not.
    let parts: Vec<&str> = expression.split('\'').collect();
    if parts.len().is_multiple_of(2) || parts.iter().any(|part| part.contains('\\')) {
        return false;
    }
    parts.iter().step_by(2).all(|part| {
        let known = part.chars().all(|c| c.is_ascii_alphanumeric() || " _.|()[]~+-*/%,".contains(c));
        let words = part.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
        let names = words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
        known && { names }.all(is_known)
    })
}

fn is_known(name: &str) -> bool {
    FUNCTIONS.contains(&name) || name.split('.').next().is_some_and(|first| NAMES.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_importers_write_stays() {
        for own in [
            "${{ params.image }}",
            "run ${{ item[0] }}",
            "a-${{ item.p0 }}/${{ 'task-%05d' | format(task.number + 4) }}.txt",
            "${{ 'container/' ~ item.path }}",
            "echo ${{ '${{' }} x }}",
            "$HOME {{ }} }} $ {",
        ] {
            assert_eq!(only_own(own), own);
        }
    }

    #[test]
    fn whatever_else_is_text() {
        for (foreign, inert) in [
            ("a/${{ file('secret.txt') }}", "a/${{ '${{' }} file('secret.txt') }}"),
            ("${{ 7*7", "${{ '${{' }} 7*7"),
            ("${{ item.x | replace(file('a'), '') }}", "${{ '${{' }} item.x | replace(file('a'), '') }}"),
            ("${{ 'a\\' ~ file('x') }}", "${{ '${{' }} 'a\\' ~ file('x') }}"),
            ("${{ \"x\" }}", "${{ '${{' }} \"x\" }}"),
        ] {
            assert_eq!(only_own(foreign), inert);
        }
    }
}
