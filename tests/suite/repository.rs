//! What every committed file, and the dependency tree, keep to.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use batchyard::batch::auth::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY};

use crate::support::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// TLS and signatures come from ring alone: these would double the build, or tie it to the system's OpenSSL.
const UNWANTED_PACKAGES: [&str; 4] = ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"];

/// Home folders that documentation may use as examples, and that of a public image with MPI.
const EXAMPLE_USERS: [&str; 5] = ["ada", "me", "mpiuser", "user", "you"];

#[test]
fn ring_is_the_only_cryptography() {
    let lock = fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    for unwanted in UNWANTED_PACKAGES {
        let locked = lock.lines().any(|line| line == format!("name = \"{unwanted}\""));
        assert!(
            !locked,
            "{unwanted} came in; `cargo tree -i {unwanted}` says by whom: switch off that feature"
        );
    }
}

#[test]
fn the_documentation_publishes_the_development_account() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/emulator.md")).unwrap();
    assert!(
        page.contains(&format!("`{DEVELOPMENT_ACCOUNT}`")) && page.contains(&format!("`{DEVELOPMENT_KEY}`"))
    );
}

#[test]
fn no_committed_file_names_a_folder_of_somebodys_machine() {
    let listing = Command::program("git").args(["-C", ROOT, "ls-files", "-z"]).run();
    if listing.code != Some(0) {
        eprintln!("skipped: not a git checkout, so there is no list of committed files");
        return;
    }
    let found: Vec<String> = listing.stdout.split_terminator('\0').flat_map(machine_paths_in_file).collect();
    assert!(found.is_empty(), "name these relative to the repository or to $HOME:\n{}", found.join("\n"));
}

fn machine_paths_in_file(file: &str) -> Vec<String> {
    // A file that was just deleted is still listed, and one that is no text names no path.
    let Ok(text) = fs::read_to_string(Path::new(ROOT).join(file)) else { return Vec::new() };
    machine_paths(&text).map(|(line, path)| format!("{file}:{line}: {path}")).collect()
}

/// The paths of a particular machine in `text`, with their lines. A path counts only where it begins one:
/// `tests/work/x` and `https://example.org/home/x` are none.
fn machine_paths(text: &str) -> impl Iterator<Item = (usize, String)> {
    static BEGINS_PATH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:^|[\s"'`(\[<=:,])(?:file://)?(/(?:work|root|home|Users)/[\w.-]+)"#).unwrap()
    });
    let may_have_one =
        |line: &str| ["/work/", "/root/", "/home/", "/Users/"].iter().any(|of| line.contains(of));
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| may_have_one(line)) {
        let paths = BEGINS_PATH.captures_iter(line).map(|captures| captures[1].to_owned());
        found.extend(paths.filter(|path| !is_example(path)).map(|path| (number + 1, path)));
    }
    found.into_iter()
}

fn is_example(path: &str) -> bool {
    path.starts_with("/home/") && EXAMPLE_USERS.iter().any(|user| path.ends_with(&format!("/{user}")))
}

#[test]
fn machine_paths_are_told_from_other_paths() {
    let paths = |text: &str| machine_paths(text).map(|(_, path)| path).collect::<Vec<_>>();
    for folder in ["work", "root", "home", "Users"] {
        let path = format!("/{folder}/ann");
        assert_eq!(paths(&format!("reads {path}/x.txt")), [path.as_str()]);
        assert_eq!(paths(&format!("dir = \"{path}\"")), [path.as_str()]);
        assert!(paths(&format!("https://example.org{path} or tests{path}")).is_empty());
    }
    assert!(paths("mounted at /home/user/data, /mnt/batch/tasks/work, --workdir /").is_empty());
}
