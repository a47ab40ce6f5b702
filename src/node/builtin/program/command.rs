//! The command line of the program inside.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};

use super::arguments::{UnsetVariable, expand};
use super::greeting::{Surroundings, greet};
use super::pi::{Estimate, Merged, PiError};

/// The program's name in the image.
const NAME: &str = "hello";

/// The hidden first argument that makes this executable behave as in the image.
const ARGUMENT: &str = "__hello";

/// What the shell is told when the command line is wrong.
const USAGE: u8 = 64;

/// The built-in image of Batchyard: small programs to try tasks with.
#[derive(Debug, Parser)]
#[command(name = NAME, version, disable_help_subcommand = true)]
struct Hello {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say hello and where this is (the default).
    Greet,
    /// Estimate pi by throwing darts.
    Pi {
        /// Where the random numbers start; the same seed throws the same darts.
        #[arg(long)]
        seed: u64,
        /// How many darts to throw.
        #[arg(long)]
        samples: u64,
        /// A folder for the result, `pi-<seed>.json`.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Merge the estimates in a folder.
    MergePi {
        /// The folder with `pi-<seed>.json` files.
        folder: PathBuf,
        /// Merge the seeds from 1 to this one, whatever else is in the folder; all that are there if absent.
        #[arg(long)]
        seeds: Option<u64>,
    },
    /// Do nothing for a while.
    Sleep {
        /// How long, in seconds.
        seconds: f64,
        /// The exit code to end with then.
        #[arg(long, default_value_t = 0)]
        exit: u8,
    },
    /// End with an exit code.
    Exit {
        /// The exit code.
        code: u8,
    },
    /// List the environment variables.
    Env,
    /// Fail, with a word on standard error.
    Fail,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum ProgramError {
    #[error(transparent)]
    UnsetVariable(#[from] UnsetVariable),
    #[error(transparent)]
    Pi(#[from] PiError),
    #[error("{0} seconds can't be waited for")]
    Duration(f64),
    #[error("the output can't be written")]
    Output(#[from] io::Error),
}

/// If this process was started as the program of the built-in image, is that, and returns its exit code. Call it early in
/// `main`.
pub fn intercept() -> Option<u8> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let program = arguments.first().map(PathBuf::from).unwrap_or_default();
    if arguments.get(1).is_some_and(|argument| argument == ARGUMENT) {
        arguments.remove(1);
    } else if program.file_name() != Some(NAME.as_ref()) {
        return None;
    }
    let arguments = arguments.into_iter().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let environment = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    Some(main(&arguments.collect::<Vec<_>>(), &environment, &mut io::stdout(), &mut io::stderr()))
}

/// Runs the program with the arguments after its name; returns its exit code.
pub fn main(
    arguments: &[String],
    environment: &BTreeMap<String, String>,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> u8 {
    let expanded: Result<Vec<String>, _> =
        arguments.iter().map(|argument| expand(argument, environment)).collect();
    let parsed = match expanded {
        Ok(expanded) => Hello::try_parse_from([NAME.to_owned()].into_iter().chain(expanded)),
        Err(error) => return complain(&error.into(), errors, USAGE),
    };
    let command = match parsed {
        Ok(hello) => hello.command.unwrap_or(Command::Greet),
        Err(message) => {
            // Where even that can't be written there is nobody to tell.
            let (_, code) = match message.use_stderr() {
                true => (write!(errors, "{message}"), USAGE),
                false => (write!(output, "{message}"), 0),
            };
            return code;
        }
    };
    match run(command, environment, output, errors).and_then(|code| {
        output.flush()?;
        Ok(code)
    }) {
        Ok(code) => code,
        Err(error) => complain(&error, errors, 1),
    }
}

fn complain(error: &ProgramError, errors: &mut dyn Write, code: u8) -> u8 {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let _ = writeln!(errors, "{NAME}: {error}{cause}");
    code
}

fn run(
    command: Command,
    environment: &BTreeMap<String, String>,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> Result<u8, ProgramError> {
    match command {
        Command::Greet => greet(&Surroundings::look(environment), output)?,
        Command::Pi { seed, samples, out } => estimate(seed, samples, out.as_deref(), output)?,
        Command::MergePi { folder, seeds } => merge(&folder, seeds)?.write(output)?,
        Command::Sleep { seconds, exit } => {
            writeln!(output, "sleeping for {seconds} s")?;
            output.flush()?;
            return sleep(seconds).map(|signalled| signalled.unwrap_or(exit));
        }
        Command::Exit { code } => return Ok(code),
        Command::Env => {
            for (name, value) in environment {
                writeln!(output, "{name}={value}")?;
            }
        }
        Command::Fail => {
            writeln!(errors, "{NAME}: failing, as I was asked to")?;
            return Ok(1);
        }
    }
    Ok(0)
}

fn estimate(
    seed: u64,
    samples: u64,
    folder: Option<&Path>,
    output: &mut dyn Write,
) -> Result<(), ProgramError> {
    let estimate = Estimate::throw(seed, samples);
    if let Some(folder) = folder {
        estimate.save(folder)?;
    }
    Ok(estimate.write(output)?)
}

fn merge(folder: &Path, seeds: Option<u64>) -> Result<Merged, PiError> {
    match seeds {
        Some(last) => Merged::of_seeds(folder, 1..=last),
        None => Merged::of_all(folder),
    }
}

/// Waits, but ends at once when asked to: the first process of a container must listen to SIGTERM by itself. Gives an exit code if a signal cut that short.
fn sleep(seconds: f64) -> Result<Option<u8>, ProgramError> {
    use tokio::signal::unix::{SignalKind, signal};

    const TERMINATED: u8 = 128 + 15;

    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| ProgramError::Duration(seconds))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(tokio::select! {
            () = tokio::time::sleep(duration) => None,
            _ = terminate.recv() => Some(TERMINATED),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exit code, standard output, standard error.
    fn hello(arguments: &[&str], variables: &[(&str, &str)]) -> (u8, String, String) {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        let environment = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let code = main(&arguments, &environment, &mut output, &mut errors);
        (code, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
    }

    #[test]
    fn without_arguments_it_greets() {
        let (code, output, errors) = hello(&[], &[]);
        assert_eq!((code, errors.as_str()), (0, ""));
        assert!(output.contains("Hello from a real container!"), "{output}");
        assert_eq!(hello(&["greet"], &[]), (code, output, errors));
    }

    #[test]
    fn a_sweep_is_thrown_and_merged_in_folders_named_by_variables() {
        let folder = tempfile::tempdir().unwrap();
        let variables = [("AZ_BATCH_NODE_SHARED_DIR", folder.path().to_str().unwrap())];
        for seed in ["1", "2"] {
            let arguments =
                ["pi", "--seed", seed, "--samples", "1000", "--out", "${AZ_BATCH_NODE_SHARED_DIR}/pi"];
            let (code, output, _) = hello(&arguments, &variables);
            assert_eq!(code, 0);
            assert!(output.starts_with(&format!("seed {seed}: pi ≈ 3.")), "{output}");
            assert!(output.ends_with(" (1000 samples)\n"), "{output}");
        }
        let (code, output, _) = hello(&["merge-pi", "$AZ_BATCH_NODE_SHARED_DIR/pi"], &variables);
        assert_eq!(code, 0);
        assert!(output.starts_with("2 seeds, 2000 samples: pi ≈ 3."), "{output}");
        let (code, _, errors) = hello(&["merge-pi", "/no/such"], &[]);
        assert_eq!(code, 1);
        assert!(errors.starts_with("hello: `/no/such` can't be read: No such file"), "{errors}");
    }

    #[test]
    fn the_small_ones_do_what_they_say() {
        assert_eq!(hello(&["exit", "3"], &[]).0, 3);
        assert_eq!(hello(&["env"], &[("B", "2"), ("A", "1")]).1, "A=1\nB=2\n");
        let (code, output, errors) = hello(&["fail"], &[]);
        assert_eq!((code, output.as_str()), (1, ""));
        assert!(!errors.is_empty());
        assert_eq!(hello(&["sleep", "0"], &[]).0, 0);
        assert_eq!(hello(&["sleep", "1e300"], &[]).0, 1);
    }

    #[test]
    fn a_wrong_command_line_says_why() {
        let (code, output, errors) = hello(&["dance"], &[]);
        assert_eq!((code, output.as_str()), (64, ""));
        assert!(errors.contains("dance"), "{errors}");
        let (code, _, errors) = hello(&["merge-pi", "$NOWHERE"], &[]);
        assert_eq!(code, 64);
        assert!(errors.contains("`$NOWHERE` is not set"), "{errors}");
        let (code, output, _) = hello(&["--help"], &[]);
        assert_eq!(code, 0);
        assert!(output.contains("merge-pi"), "{output}");
    }
}
