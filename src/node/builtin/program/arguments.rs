//! Variables in arguments: the image has no shell that would put in their values.

use std::collections::BTreeMap;

/// A variable that an argument names and that isn't set.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`${name}` is not set here; `hello env` lists what is")]
pub(super) struct UnsetVariable {
    name: String,
}

/// `argument` with the values of `$NAME` and `${NAME}` put in. Any other `$` stays as it is.
pub(super) fn expand(
    argument: &str,
    environment: &BTreeMap<String, String>,
) -> Result<String, UnsetVariable> {
    let mut expanded = String::with_capacity(argument.len());
    let mut rest = argument;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        match variable(after) {
            Some((name, tail)) => {
                let value = environment.get(name).ok_or_else(|| UnsetVariable { name: name.to_owned() })?;
                expanded.push_str(value);
                rest = tail;
            }
            None => {
                expanded.push('$');
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The name at the start of `text`, in braces or bare, and what follows it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let (name, tail) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => text.split_at_checked(text.find(|c| !is_name(c)).unwrap_or(text.len()))?,
    };
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (starts_well && name.chars().all(is_name)).then_some((name, tail))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_bare_and_in_braces() {
        let environment =
            BTreeMap::from([("DIR".to_owned(), "/mnt".to_owned()), ("A_1".to_owned(), "$DIR".to_owned())]);
        for (argument, expected) in [
            ("$DIR/x", "/mnt/x"),
            ("${DIR}x", "/mntx"),
            ("a$A_1,$DIR", "a$DIR,/mnt"),
            ("100$", "100$"),
            ("$1 $$DIR ${", "$1 $/mnt ${"),
            ("${not a name}", "${not a name}"),
            ("größe$DIR", "größe/mnt"),
            ("", ""),
        ] {
            assert_eq!(expand(argument, &environment).unwrap(), expected);
        }
    }

    #[test]
    fn an_unset_variable_is_named() {
        let error = expand("${AZ_X}/y", &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("`$AZ_X` is not set"), "{error}");
    }
}
