//! Our clone of a repository, whatever happens to it.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::forge::Forge;
use super::yard::{PATIENCE, recipe, recipe_with};
use crate::support::{Emulator, Runtime, Sandbox};

macro_rules! account {
    ($sandbox:ident) => {{
        let Some(emulator) = Emulator::start(&$sandbox, Runtime::Simulated) else { return };
        Account::before(&$sandbox, emulator)
    }};
}

/// A repository with a recipe, which was watched once: its URL, and our clone of it.
fn watched<'a>(sandbox: &'a Sandbox, account: &Account<'_>) -> (Forge<'a>, String, PathBuf) {
    let forge = Forge::new(sandbox);
    forge.write("a", &recipe("a", 1));
    forge.push(&[]);
    let url = forge.url();
    account.run(&["watch", &url, "--once"]).success();
    let clone = clone_of(sandbox);
    (forge, url, clone)
}

/// The only clone.
fn clone_of(sandbox: &Sandbox) -> PathBuf {
    let mut kept = std::fs::read_dir(sandbox.path("data/watch")).unwrap();
    kept.next().unwrap().unwrap().path().join("repository")
}

#[test]
fn a_clone_that_was_left_half_done_is_made_anew() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    let (forge, url, clone) = watched(&sandbox, &account);
    std::fs::write(clone.join(".git/index.lock"), "").unwrap();
    std::fs::write(clone.join("prod/stray.yaml"), "left by somebody").unwrap();
    forge.write("b", &recipe("b", 1));
    forge.push(&[]);
    account.run(&["watch", &url, "--once"]).success().stdout_contains("2 of 2 recipes ready");
    assert!(!clone.join("prod/stray.yaml").exists(), "what is not of the repository goes");
}

/// Damages a clone.
type Damage = fn(&Path);

#[test]
fn whatever_a_crash_has_left_of_a_clone_is_made_anew() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    let (forge, url, clone) = watched(&sandbox, &account);
    let damages: [(&str, Damage); 7] = [
        ("an empty reference", |clone| std::fs::write(clone.join(".git/refs/watched/tip"), "").unwrap()),
        ("an empty branch", |clone| std::fs::write(clone.join(".git/refs/heads/watched"), "").unwrap()),
        ("an empty index", |clone| std::fs::write(clone.join(".git/index"), "").unwrap()),
        ("a configuration that is none", |clone| std::fs::write(clone.join(".git/config"), "]][[").unwrap()),
        ("no HEAD", |clone| std::fs::remove_file(clone.join(".git/HEAD")).unwrap()),
        ("empty objects", |clone| {
            for entry in walkdir::WalkDir::new(clone.join(".git/objects")).into_iter().flatten() {
                if entry.file_type().is_file() {
                    std::fs::remove_file(entry.path()).unwrap();
                    std::fs::write(entry.path(), "").unwrap();
                }
            }
        }),
        ("a file in its place", |clone| {
            std::fs::remove_dir_all(clone).unwrap();
            std::fs::write(clone, "").unwrap();
        }),
    ];
    for (nodes, (what, damage)) in (3..).zip(damages) {
        damage(&clone);
        forge.write("a", &recipe_with("a", 1, nodes, ""));
        forge.push(&[]);
        let output = account.run(&["watch", &url, "--once"]);
        assert_eq!(output.code, Some(0), "{what}: {output}");
        assert_eq!(account.pools()["a-pool"], u64::from(nodes), "{what}");
    }
    // What can't be had elsewhere either costs nothing that is there.
    damages_nothing_without_the_network(&sandbox, &account, &url, &clone);
}

fn damages_nothing_without_the_network(sandbox: &Sandbox, account: &Account<'_>, url: &str, clone: &Path) {
    std::fs::rename(sandbox.path("forge.git"), sandbox.path("away.git")).unwrap();
    account.run(&["watch", url, "--once"]).code(1).stdout_contains("1 of 1 recipe ready");
    assert!(clone.join("prod/a/recipe.yaml").exists());
    assert!(!clone.with_extension("new").exists(), "what came to nothing is gone");
}

#[test]
fn a_clone_keeps_no_more_than_it_needs() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    let forge = Forge::new(&sandbox);
    forge.write("a", &recipe("a", 1));
    let mut chance = std::fs::File::open("/dev/urandom").unwrap();
    let mut sizes = Vec::new();
    for _ in 0..6 {
        let mut bytes = vec![0; 8 * 1024 * 1024];
        chance.read_exact(&mut bytes).unwrap();
        std::fs::write(sandbox.path("work/large"), bytes).unwrap();
        forge.push(&[]);
        account.run(&["watch", &forge.url(), "--once"]).success();
        let files = walkdir::WalkDir::new(clone_of(&sandbox).join(".git")).into_iter().flatten();
        sizes.push(files.map(|file| file.metadata().unwrap().len() >> 20).sum::<u64>());
    }
    // Twice what it needs, and sixteen more MiB: with five of six commits it is over that.
    assert!(sizes.iter().all(|size| *size < 40), "{sizes:?}");
}

#[test]
fn nothing_that_git_has_started_outlives_the_watching() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    // It takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.git", silent.local_addr().unwrap());
    let watch = super::yard::Watch::of(account.command(&["watch", &url, "--format", "json"]).start());
    let asking = silent.accept().unwrap();
    assert!(runs(&url), "git asks");
    watch.stop().success();
    let deadline = std::time::Instant::now() + PATIENCE;
    while runs(&url) {
        assert!(std::time::Instant::now() < deadline, "git still asks");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(asking);
}

/// Whether a process of git's works for this URL.
fn runs(url: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok()).any(|line| {
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains("remote-http") && line.contains(url)
    })
}
