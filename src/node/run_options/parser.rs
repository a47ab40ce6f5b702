//! Walks over arguments the way `docker create` does: `--opt value`, `--opt=value`, `-o value`, `-ovalue`, `-o=value`, and
//! clusters of flags such as `-it`.

use super::table::{self, Known, Treatment};
use super::values::boolean;
use super::{InvalidRunOptions, Note, RunOptions};
use crate::batch::command_line;

/// How alike an unknown option and its suggestion must be, from 0 to 1.
const ALIKE: f64 = 0.8;

impl RunOptions {
    /// Parses the text of `containerRunOptions`.
    ///
    /// # Errors
    /// The first option that can't be honoured.
    pub fn parse(text: &str) -> Result<Self, InvalidRunOptions> {
        parse(&command_line::split(text).map_err(InvalidRunOptions::Split)?)
    }

    /// Parses options that are split into arguments already.
    ///
    /// # Errors
    /// The first option that can't be honoured.
    pub fn parse_arguments(arguments: &[String]) -> Result<Self, InvalidRunOptions> {
        parse(arguments)
    }
}

fn parse(arguments: &[String]) -> Result<RunOptions, InvalidRunOptions> {
    let mut options = RunOptions::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.strip_prefix("--") {
            Some(long) if !long.is_empty() => parse_long(&mut options, long, &mut rest)?,
            None if argument.starts_with('-') && argument.len() > 1 => {
                parse_cluster(&mut options, argument, &mut rest)?;
            }
            _ => return Err(InvalidRunOptions::NotAnOption { argument: argument.clone() }),
        }
    }
    Ok(options)
}

type Rest<'a> = std::slice::Iter<'a, String>;

fn parse_long(options: &mut RunOptions, body: &str, rest: &mut Rest<'_>) -> Result<(), InvalidRunOptions> {
    let (name, inline) = match body.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (body, None),
    };
    let option = format!("--{name}");
    let Some(known) = table::by_long(name) else {
        return Err(InvalidRunOptions::Unknown { nearest: nearest(name), option });
    };
    let value = match inline {
        Some(value) => Some(value),
        None if known.takes_value() => rest.next().map(String::as_str),
        None => None,
    };
    treat(options, known, option, value)
}

/// One `-` and the short options behind it; the first one that takes a value takes all that is left.
fn parse_cluster(
    options: &mut RunOptions,
    argument: &str,
    rest: &mut Rest<'_>,
) -> Result<(), InvalidRunOptions> {
    let mut letters = argument.chars();
    letters.next();
    while let Some(letter) = letters.next() {
        let option = format!("-{letter}");
        let Some(known) = table::by_short(letter) else {
            // `-name` is a common slip for `--name`.
            return Err(InvalidRunOptions::Unknown {
                nearest: nearest(argument),
                option: argument.to_owned(),
            });
        };
        let tail = letters.as_str();
        if known.takes_value() {
            let value = match tail.strip_prefix('=').unwrap_or(tail) {
                "" if tail.is_empty() => rest.next().map(String::as_str),
                inline => Some(inline),
            };
            return treat(options, known, option, value);
        }
        if let Some(value) = tail.strip_prefix('=') {
            return treat(options, known, option, Some(value));
        }
        treat(options, known, option, None)?;
    }
    Ok(())
}

fn treat(
    options: &mut RunOptions,
    known: &Known,
    option: String,
    value: Option<&str>,
) -> Result<(), InvalidRunOptions> {
    let invalid = |option, reason| InvalidRunOptions::InvalidValue { option, reason };
    match (&known.treatment, value) {
        (Treatment::Refused(reason), _) => return Err(InvalidRunOptions::Refused { option, reason }),
        (Treatment::NotEmulated, _) => return Err(InvalidRunOptions::NotEmulated { option }),
        (_, None) if known.takes_value() => return Err(InvalidRunOptions::MissingValue { option }),
        (Treatment::Value(set), value) => {
            set(options, value.unwrap_or_default()).map_err(|reason| invalid(option, reason))?;
        }
        (Treatment::Flag(set), value) => match value.map_or(Some(true), boolean) {
            Some(on) => set(options, on),
            None => return Err(invalid(option, "it is a switch: leave its value out".to_owned())),
        },
        (Treatment::NoEffect(text), _) => options.notes.push(Note { option, text }),
        (Treatment::Noted(set, text), value) => {
            set(options, value.unwrap_or_default()).map_err(|reason| invalid(option.clone(), reason))?;
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
        assert!(message("--gpus all").contains("Batch gives"));
        assert!(message("--env-file secrets").contains("environment settings"));
        assert!(message("-d").contains("`docker run`"));
        assert!(message("--restart=always").contains("retry count"));
        let error = parse("--sysctl a=b").unwrap_err();
        assert!(error.only_here());
        assert!(!parse("--gpus all").unwrap_err().only_here());
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
