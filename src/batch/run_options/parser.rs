//! Walks over arguments the way `docker create` does: `--opt value`, `--opt=value`, `-o value`, `-ovalue`, `-o=value`, and
//! clusters of flags such as `-it`.

use super::table::{self, Known, Treatment};
use super::values::{ValueError, boolean};
use super::{InvalidRunOptions, Note, ResourceLimits, RunOptions};
use crate::batch::command_line;

/// How alike an unknown option and its suggestion must be, from 0 to 1.
const ALIKE: f64 = 0.8;

impl RunOptions {
    /// Parses the text of `containerRunOptions`.
    ///
    /// # Errors
    /// The first option that can't be honoured.
    pub fn parse(text: &str) -> Result<Self, InvalidRunOptions> {
        first(Self::scan(text))
    }

    /// Parses options that are split into arguments already.
    ///
    /// # Errors
    /// The first option that can't be honoured.
    pub fn parse_arguments(arguments: &[String]) -> Result<Self, InvalidRunOptions> {
        first(scan(arguments))
    }

    /// Parses the text of `containerRunOptions` to its end: what it says, and everything that can't be honoured.
    pub fn scan(text: &str) -> (Self, Vec<InvalidRunOptions>) {
        match command_line::split(text) {
            Ok(arguments) => scan(&arguments),
            Err(error) => (Self::default(), vec![InvalidRunOptions::Split(error)]),
        }
    }
}

fn first((options, problems): (RunOptions, Vec<InvalidRunOptions>)) -> Result<RunOptions, InvalidRunOptions> {
    problems.into_iter().next().map_or(Ok(options), Err)
}

fn scan(arguments: &[String]) -> (RunOptions, Vec<InvalidRunOptions>) {
    let mut scan = Scan { options: RunOptions::default(), problems: Vec::new() };
    let mut rest = arguments.iter();
    let mut after_unknown = false;
    while let Some(argument) = rest.next() {
        let before = scan.problems.len();
        match argument.strip_prefix("--") {
            Some(long) if !long.is_empty() => scan.long(long, &mut rest),
            None if argument.starts_with('-') && argument.len() > 1 => scan.cluster(argument, &mut rest),
            // What follows an unknown option is probably its value.
            _ if after_unknown => {}
            _ => scan.problems.push(InvalidRunOptions::NotAnOption { argument: argument.clone() }),
        }
        let added = scan.problems.get(before..).unwrap_or_default();
        after_unknown = added.iter().any(|problem| matches!(problem, InvalidRunOptions::Unknown { .. }));
    }
    scan.problems.extend(too_little_swap(&scan.options.limits));
    (scan.options, scan.problems)
}

/// What of the limit on memory and swap together does not go with that on memory.
fn too_little_swap(limits: &ResourceLimits) -> Option<InvalidRunOptions> {
    let swap = u64::try_from(limits.memory_swap?).ok()?;
    let reason = match limits.memory {
        None => "it needs a limit on memory too: add `--memory`".to_owned(),
        Some(memory) if swap < memory => {
            format!("it is memory and swap together, and so no less than the {memory} bytes of `--memory`")
        }
        Some(_) => return None,
    };
    Some(InvalidRunOptions::InvalidValue { option: "--memory-swap".to_owned(), reason })
}

type Rest<'a> = std::slice::Iter<'a, String>;

struct Scan {
    options: RunOptions,
    problems: Vec<InvalidRunOptions>,
}

impl Scan {
    fn long(&mut self, body: &str, rest: &mut Rest<'_>) {
        let (name, inline) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (body, None),
        };
        let option = format!("--{name}");
        let Some(known) = table::by_long(name) else {
            self.problems.push(InvalidRunOptions::Unknown { nearest: nearest(name), option });
            return;
        };
        let value = match inline {
            Some(value) => Some(value),
            None if known.takes_value() => rest.next().map(String::as_str),
            None => None,
        };
        self.treat(known, option, value);
    }

    /// One `-` and the short options behind it; the first one that takes a value takes all that is left.
    fn cluster(&mut self, argument: &str, rest: &mut Rest<'_>) {
        let mut letters = argument.chars();
        letters.next();
        while let Some(letter) = letters.next() {
            let option = format!("-{letter}");
            let Some(known) = table::by_short(letter) else {
                // `-name` is a common slip for `--name`.
                let (nearest, option) = (nearest(argument), argument.to_owned());
                self.problems.push(InvalidRunOptions::Unknown { nearest, option });
                return;
            };
            let tail = letters.as_str();
            if known.takes_value() {
                let value = match tail.strip_prefix('=').unwrap_or(tail) {
                    "" if tail.is_empty() => rest.next().map(String::as_str),
                    inline => Some(inline),
                };
                return self.treat(known, option, value);
            }
            if let Some(value) = tail.strip_prefix('=') {
                return self.treat(known, option, Some(value));
            }
            self.treat(known, option, None);
        }
    }

    fn treat(&mut self, known: &Known, option: String, value: Option<&str>) {
        if let Err(problem) = treat(&mut self.options, known, option, value) {
            self.problems.push(problem);
        }
    }
}

fn treat(
    options: &mut RunOptions,
    known: &Known,
    option: String,
    value: Option<&str>,
) -> Result<(), InvalidRunOptions> {
    let wrong = |option, error| match error {
        ValueError::Invalid(reason) => InvalidRunOptions::InvalidValue { option, reason },
        ValueError::Refused(reason) => InvalidRunOptions::Refused { option, reason },
        ValueError::NotEmulated(reason) => InvalidRunOptions::NotEmulated { option, reason: Some(reason) },
    };
    match (&known.treatment, value) {
        (Treatment::RunOnly, _) => return Err(InvalidRunOptions::RunOnly { option }),
        (_, None) if known.takes_value() => return Err(InvalidRunOptions::MissingValue { option }),
        (Treatment::Refused(reason), _) => return Err(InvalidRunOptions::Refused { option, reason }),
        (Treatment::NotEmulated, _) => return Err(InvalidRunOptions::NotEmulated { option, reason: None }),
        (Treatment::Value(set), value) => {
            set(options, value.unwrap_or_default()).map_err(|error| wrong(option, error))?;
        }
        (Treatment::Flag(set), value) => match value.map_or(Some(true), boolean) {
            Some(on) => set(options, on),
            None => {
                let reason = "it is a switch: leave its value out".to_owned();
                return Err(InvalidRunOptions::InvalidValue { option, reason });
            }
        },
        (Treatment::NoEffect(text), _) => options.notes.push(Note { option, text }),
        (Treatment::Noted(set, text), value) => {
            set(options, value.unwrap_or_default()).map_err(|error| wrong(option.clone(), error))?;
            options.notes.push(Note { option, text });
        }
    }
    Ok(())
}

fn nearest(name: &str) -> Option<String> {
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    table::KNOWN
        .iter()
        .map(|known| (strsim::jaro_winkler(known.long, &name), known.long))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, long)| format!("--{long}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<RunOptions, InvalidRunOptions> {
        RunOptions::parse(text)
    }

    #[test]
    fn swap_is_counted_with_memory() {
        let swap = |text: &str| parse(text).map(|options| options.limits.memory_swap);
        assert_eq!(swap("-m 64m --memory-swap 64m"), Ok(Some(64 << 20)));
        assert_eq!(swap("--memory-swap=1g -m 64m"), Ok(Some(1 << 30)));
        assert_eq!(swap("--memory-swap -1"), Ok(Some(-1)));
        assert_eq!(swap("-m 64m --memory-swap 0"), Ok(None));
        for (text, why) in [
            ("--memory-swap 64m", "add `--memory`"),
            ("-m 64m --memory-swap 32m", "no less than"),
            ("-m 64m --memory-swap -2", "not a size"),
        ] {
            let error = swap(text).unwrap_err().to_string();
            assert!(error.contains("--memory-swap") && error.contains(why), "{text}: {error}");
        }
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn every_spelling_of_an_option_and_its_value_is_read() {
        for text in
            ["--workdir /app", "--workdir=/app", "-w /app", "-w/app", "-w=/app", "-itw /app", "-it -w/app"]
        {
            assert_eq!(parse(text).unwrap().working_directory.as_deref(), Some("/app"), "{text}");
        }
        assert!(parse("--rm").unwrap().remove);
        assert!(parse("--rm=true").unwrap().remove);
        assert!(!parse("--rm=false").unwrap().remove);
        assert!(!parse("--rm --rm=0").unwrap().remove);
    }

    #[test]
    fn quotes_keep_a_value_together() {
        let options = parse(r#"-e "GREETING=hello world" --label='a b=c d'"#).unwrap();
        assert_eq!(options.environment, [("GREETING".to_owned(), "hello world".to_owned())]);
        assert_eq!(options.labels.get("a b").map(String::as_str), Some("c d"));
        assert!(matches!(parse("-e 'A=1"), Err(InvalidRunOptions::Split(_))));
    }

    #[test]
    fn an_empty_text_has_no_options() {
        assert_eq!(parse("").unwrap(), RunOptions::default());
        assert_eq!(parse("  ").unwrap(), RunOptions::default());
    }

    #[test]
    fn unknown_options_name_the_nearest_one() {
        assert_eq!(
            message("--workdr /app"),
            "`docker create` has no option `--workdr`; did you mean `--workdir`?"
        );
        assert_eq!(message("-name app"), "`docker create` has no option `-name`; did you mean `--name`?");
        assert_eq!(message("--xyzzy"), "`docker create` has no option `--xyzzy`");
    }

    #[test]
    fn values_are_asked_for_and_switches_take_none() {
        assert_eq!(message("--workdir"), "option `--workdir` needs a value");
        assert_eq!(message("-w"), "option `-w` needs a value");
        assert_eq!(message("--rm=maybe"), "option `--rm`: it is a switch: leave its value out");
        // As in docker, the value of a switch is never a word of its own.
        assert!(matches!(parse("--rm true"), Err(InvalidRunOptions::NotAnOption { .. })));
    }

    #[test]
    fn images_and_commands_are_no_options() {
        assert!(message("--rm busybox echo").contains("`busybox` is not an option"));
        assert!(matches!(parse("-"), Err(InvalidRunOptions::NotAnOption { .. })));
        assert!(matches!(parse("--"), Err(InvalidRunOptions::NotAnOption { .. })));
    }

    #[test]
    fn refusals_say_why() {
        assert!(message("--log-driver none").contains("stdout.txt"));
        assert!(message("--env-file secrets").contains("environment settings"));
        assert!(message("-d").contains("`docker run`"));
        assert!(message("--restart=always").contains("retry count"));
        let error = parse("--sysctl a=b").unwrap_err();
        assert!(error.only_here());
        assert!(!parse("--log-driver none").unwrap_err().only_here());
    }

    #[test]
    fn everything_that_is_wrong_is_found_and_what_is_right_is_kept() {
        let (options, problems) =
            RunOptions::scan("--rm --gpus all --workdr /app -d --cpus x --oom-kill-disable -v data:/data");
        assert!(options.remove);
        let wrong: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(wrong.len(), 6, "{wrong:?}");
        assert!(wrong[1].contains("no option `--workdr`") && wrong[2].contains("`docker run`"), "{wrong:?}");
        let elsewhere: Vec<bool> = problems.iter().map(InvalidRunOptions::only_here).collect();
        assert_eq!(elsewhere, [true, false, false, false, true, true]);
    }

    #[test]
    fn what_nodes_in_azure_may_take_is_told_apart() {
        for text in [
            "--gpus all",
            "--workdir c:\\app",
            "-v data:/data",
            "-v /data",
            "-v c:\\in:c:\\in:ro",
            "--mount type=volume,source=data,target=/data",
            "--mount type=bind,source=/a,target=/b,bind-propagation=rslave",
            "--security-opt seccomp=profile.json",
            "--tmpfs /run:mode=1777",
            "--stop-signal SIGRTMIN+3",
            "--stop-timeout -1",
            "--memory 0",
            "--ipc container:other",
        ] {
            assert!(parse(text).unwrap_err().only_here(), "{text}: {:?}", parse(text));
        }
        for text in
            ["--workdir app", "--cpus x", "--memory 1x", "--mount type=bind,target=/b", "--mount foo=1"]
        {
            assert!(!parse(text).unwrap_err().only_here(), "{text}");
        }
    }

    #[test]
    fn options_without_effect_are_accepted_with_a_note() {
        let options = parse("-it --name app --restart no").unwrap();
        let noted: Vec<_> = options.notes.iter().map(|note| note.option.as_str()).collect();
        assert_eq!(noted, ["-i", "-t", "--name"]);
        assert_eq!(options.name.as_deref(), Some("app"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn no_cluster_makes_the_parser_panic(text in "-{1,2}[a-z]{0,4}=?[ -~]{0,6}") {
            let _ = parse(&text);
        }
    }
}
