//! What a command runs, for rules that judge it by its name.

use crate::batch::command_line::{self, InvalidCommandLine};
use crate::recipe::document::{Command, Text};

/// A command as the node sees it: a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// All words, the program first.
    pub(super) words: Vec<String>,
}

impl Program {
    /// The program of a command. `None` if it has none, or could not be understood.
    ///
    /// # Errors
    /// When the command cannot be split into arguments.
    pub(super) fn read(command: &Command) -> Result<Option<Self>, InvalidCommandLine> {
        let words: Option<Vec<String>> = match command {
            Command::Line(line) => Some(command_line::split(line)?),
            Command::Arguments(arguments) => {
                arguments.iter().map(|argument| argument.get().map(|Text(text)| text.clone())).collect()
            }
        };
        Ok(words.filter(|words| !words.is_empty()).map(|words| Self { words }))
    }

    /// The program's name without its folder and `.exe`, in lower case.
    pub(super) fn name(&self) -> String {
        let path = self.words.first().map(String::as_str).unwrap_or_default();
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        file.strip_suffix(".exe").unwrap_or(&file).to_owned()
    }

    /// Whether a shell, or something that may start one, reads the arguments.
    pub(super) fn reads_shell(&self) -> bool {
        const SHELLS: &[&str] = &[
            "sh",
            "bash",
            "dash",
            "ash",
            "ksh",
            "zsh",
            "fish",
            "busybox",
            "cmd",
            "powershell",
            "pwsh",
            "wsl",
            "su",
            "sudo",
            "env",
            "xargs",
            "parallel",
            "ssh",
            "watch",
            "script",
            "timeout",
            "time",
            "nohup",
            "eval",
            "make",
            "singularity",
            "apptainer",
            "docker",
            "conda",
            "micromamba",
            "mpirun",
            "mpiexec",
            "srun",
            "unshare",
            "chroot",
            "runuser",
            "flock",
            "tini",
            "dumb-init",
            "entrypoint.sh",
            "s6-setuidgid",
            "gosu",
        ];
        let name = self.name();
        // Arguments without a program are for an entry point, which may well be a shell.
        name.starts_with('-') || SHELLS.contains(&name.as_str())
    }

    /// The arguments, without those that are a script for an interpreter: `-c …`, `-e …`.
    pub(super) fn plain_arguments(&self) -> impl Iterator<Item = &str> {
        let is_flag = |word: &str| {
            matches!(word, "-c" | "-e" | "-E" | "--eval" | "--command" | "-Command" | "-r" | "-exec")
        };
        let pairs = self.words.iter().zip(self.words.iter().skip(1));
        pairs.filter(move |(before, _)| !is_flag(before)).map(|(_, argument)| argument.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(line: &str) -> Program {
        Program::read(&Command::Line(line.to_owned())).unwrap().unwrap()
    }

    #[test]
    fn programs_are_known_by_their_names() {
        assert_eq!(program("/usr/bin/python3 -c x").name(), "python3");
        assert_eq!(program("'C:\\Windows\\System32\\CMD.EXE' /c dir").name(), "cmd");
        assert!(program("/bin/sh -c 'a | b'").reads_shell() && !program("python a.py").reads_shell());
        assert_eq!(Program::read(&Command::Line("  ".to_owned())), Ok(None));
    }

    #[test]
    fn scripts_for_interpreters_are_no_plain_arguments() {
        let program = program("python -c 'print(1)' out.txt");
        assert_eq!(program.plain_arguments().collect::<Vec<_>>(), ["-c", "out.txt"]);
    }
}
