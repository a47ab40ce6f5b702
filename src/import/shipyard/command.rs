//! Commands: who reads what in them.

use super::account::Account;
use super::names;
use crate::import::yaml::{Map, Yaml};

/// A command of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// The script that a shell reads, or the line that is split at blanks.
    text: String,
    /// The shell, if there is one.
    shell: Option<String>,
}

/// Characters that a shell reads and nobody else does. Batch Shipyard's non-native pools passed every command to a shell.
const SHELL_CHARACTERS: &[char] = &['$', ';', '|', '&', '<', '>', '`', '*', '?'];

impl Command {
    /// Reads a command line.
    pub(super) fn read(line: &str) -> Self {
        match script_of(line) {
            Some((shell, script)) => Self { text: script, shell: Some(shell) },
            None => Self { text: line.to_owned(), shell: None },
        }
    }

    /// A script for a shell.
    pub(super) fn script(shell: &str, text: impl Into<String>) -> Self {
        Self { text: text.into(), shell: Some(shell.to_owned()) }
    }

    /// What is executed, without a shell around it: the command in a script of one's own.
    pub(super) fn in_script(&self) -> String {
        match &self.shell {
            Some(shell) => format!("{shell} -c {}", quoted(&self.text)),
            None => self.text.clone(),
        }
    }

    /// Puts a command before it.
    #[must_use]
    pub(super) fn after(self, first: &str) -> Self {
        let shell = self.shell.unwrap_or_else(|| "/bin/sh".to_owned());
        Self { text: format!("{first} && {}", self.text), shell: Some(shell) }
    }

    /// Has a shell read it if it says something that only a shell understands; whether it does now and did not before.
    pub(super) fn with_shell_if_needed(&mut self) -> bool {
        let needs = self.shell.is_none() && self.text.contains(SHELL_CHARACTERS);
        if needs {
            self.shell = Some("/bin/sh".to_owned());
        }
        needs
    }

    /// Changes the text.
    pub(super) fn map(&mut self, change: impl FnOnce(&str) -> String) {
        self.text = change(&self.text);
    }

    /// Whether it is a script that this shell reads.
    pub(super) fn is_script_of(&self, shell: &str) -> bool {
        self.shell.as_deref() == Some(shell)
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Takes secrets out: they come to the task as environment variables instead.
    pub(super) fn without_secrets(
        &mut self,
        account: &Account<'_>,
        path: &str,
        environment: &mut Map,
        log: &crate::import::log::Log,
    ) -> bool {
        let words: Vec<String> = self
            .text
            .split([' ', '\t', '\n', '"', '\''])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let mut secrets: Vec<String> = words
            .iter()
            .filter(|word| crate::recipe::known_secret(word).is_some() || account.secret_in(word).is_some())
            .cloned()
            .collect();
        let numbered = words.iter().enumerate().map(|(index, word)| (word.as_str(), index));
        for (_, index) in crate::recipe::secret_arguments(numbered) {
            if let Some(word) = words.get(index) {
                let value = word
                    .split_once('=')
                    .filter(|(name, _)| crate::recipe::is_secret_name(name))
                    .map_or(word.as_str(), |(_, value)| value);
                secrets.push(value.to_owned());
            }
        }
        secrets.retain(|secret| !secret.is_empty() && !secret.starts_with('$'));
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        for secret in &secrets {
            let name = names::variable(&["COMMAND_SECRET", &log.number_of_secret(secret).to_string()]);
            // A shell replaces nothing between single quotes.
            self.text = self.text.replace(&format!("'{secret}'"), &format!("\"${name}\""));
            self.text = self.text.replace(secret.as_str(), &format!("${name}"));
            environment.put(&name, Yaml::env(&name));
            log.variable(&name, format!("what `{path}` had in its place"));
        }
        !secrets.is_empty()
    }

    /// The command as a recipe says it. What is an expression to recipes and was none before is written so that it stays none.
    pub(super) fn yaml(&self) -> Yaml {
        match &self.shell {
            Some(shell) => {
                let script = Yaml::text(self.text.clone());
                let list = Yaml::List(vec![Yaml::text(shell.as_str()), Yaml::text("-c"), script]);
                if self.text.contains('\n') || self.text.len() > 70 {
                    list
                } else {
                    Yaml::Short(Box::new(list))
                }
            }
            None => Yaml::text(self.text.clone()),
        }
    }
}

/// `/bin/bash -c "script"` in its parts, where the script is all that follows and its quotes are easy.
fn script_of(line: &str) -> Option<(String, String)> {
    let (shell, rest) = line.trim().split_once(char::is_whitespace)?;
    if !matches!(shell.rsplit('/').next()?, "sh" | "bash" | "dash" | "zsh") {
        return None;
    }
    let rest = rest.trim_start().strip_prefix("-c")?;
    let quoted = rest.strip_prefix(char::is_whitespace)?.trim();
    if let Some(script) = quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return (!script.contains('\'')).then(|| (shell.to_owned(), script.to_owned()));
    }
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
    let mut script = String::new();
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => script.push(escaped),
                other => script.extend(['\\', other]),
            },
            _ => script.push(character),
        }
    }
    Some((shell.to_owned(), script))
}

/// A text as one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_behind_their_shells() {
        let read = |line: &str| script_of(line).map(|(shell, script)| format!("{shell}: {script}"));
        assert_eq!(read(r#"/bin/bash -c "a && b""#).as_deref(), Some("/bin/bash: a && b"));
        assert_eq!(read("sh -c 'a \"b\"'").as_deref(), Some(r#"sh: a "b""#));
        assert_eq!(read(r#"/bin/sh -c "a \"b\" \$x""#).as_deref(), Some(r#"/bin/sh: a "b" \$x"#));
        for other in ["python -c 'x'", r#"/bin/sh -c "a" "b""#, "bash script.sh", "/bin/sh -c 'a' 'b'", "sh"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_shell_reads_what_only_a_shell_understands() {
        for (line, needs) in
            [("run $X", true), ("a > b", true), ("python main.py --x", false), ("/bin/sh -c 'a $b'", false)]
        {
            assert_eq!(Command::read(line).with_shell_if_needed(), needs, "{line}");
        }
        assert_eq!(Command::read("run x").after("cd y").in_script(), "/bin/sh -c 'cd y && run x'");
    }
}
