//! Recipes of a git repository.

use std::collections::BTreeMap;

use super::account::Account;
use super::forge::Forge;
use super::yard::{Watch, recipe, recipe_with};
use crate::support::{Emulator, Runtime, Sandbox};

macro_rules! account {
    ($sandbox:ident) => {{
        let Some(emulator) = Emulator::start(&$sandbox, Runtime::Simulated) else { return };
        Account::before(&$sandbox, emulator)
    }};
}

/// Waits until the commit was read.
fn follow(watch: &mut Watch, commit: &str) {
    watch.wait_for(&format!("commit {commit}"), |line| {
        line["type"] == "source_read" && line["revision"] == commit
    });
}

#[test]
fn a_hundred_recipes_are_followed_through_thirty_commits() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    let forge = Forge::new(&sandbox);
    let mut wanted: BTreeMap<String, u32> = (0..100).map(|n| (format!("r{n:03}"), 1)).collect();
    for (name, nodes) in &wanted {
        forge.write(name, &recipe_with(name, 1, *nodes, ""));
    }
    let first = forge.push(&[]);
    let url = forge.url();
    let intervals = ["--interval", "10m", "--fetch-interval", "1s"];
    let args =
        [&["watch", &url, "--prune", "--parallelism", "8", "--format", "json"], &intervals[..]].concat();
    let mut watch = Some(Watch::of(account.command(&args).start()));
    follow(watch.as_mut().unwrap(), &first);
    for round in 1..=30_u32 {
        let name = |n: u32| format!("r{:03}", (round * 3 + n) % 100);
        match round % 5 {
            0 => {
                let gone = name(0);
                if wanted.remove(&gone).is_some() {
                    forge.remove(&gone);
                }
            }
            1 => {
                let new = format!("n{round:03}");
                forge.write(&new, &recipe_with(&new, 2, 1, ""));
                wanted.insert(new, 1);
            }
            _ => {
                let edited = name(1);
                if wanted.contains_key(&edited) {
                    forge.write(&edited, &recipe_with(&edited, 1, 2 + round % 3, ""));
                    wanted.insert(edited, 2 + round % 3);
                }
            }
        }
        // One recipe is broken from the tenth commit to the twelfth; the twentieth rewrites history.
        if round == 10 {
            forge.write("r050", "api_version: batchyard/v1\nname: r050\npools: [\n");
        }
        if round == 12 {
            forge.write("r050", &recipe_with("r050", 1, 3, ""));
            wanted.insert("r050".to_owned(), 3);
        }
        let commit = forge.push(if round == 20 { &["--amend"] } else { &[] });
        let followed = watch.as_mut().unwrap();
        follow(followed, &commit);
        if round == 15 {
            // In the midst of whatever it is doing.
            watch.take().unwrap().kill();
            watch = Some(Watch::of(account.command(&args).start()));
        }
    }
    let mut watch = watch.unwrap();
    settled(&account, &mut watch, &wanted);
    watch.stop().success();
    account.writes();
    let once = account.run(&["watch", &url, "--once", "--prune"]);
    once.success().stdout_contains(&format!("{0} of {0} recipes ready; 0 steps done", wanted.len()));
    assert_eq!(account.writes(), Vec::<String>::new(), "a pass with nothing to do writes nothing");
    for name in ["r001", "n001", "r050"] {
        sandbox.write("one/recipe.yaml", &sandbox.read(&format!("work/prod/{name}/recipe.yaml")));
        account.run(&["plan", "one", "--detailed-exitcode"]).success();
    }
}

/// Waits until the account has the pools that are wanted, with the nodes that are wanted, and no other.
#[track_caller]
fn settled(account: &Account<'_>, watch: &mut Watch, wanted: &BTreeMap<String, u32>) {
    let deadline = std::time::Instant::now() + super::yard::PATIENCE * 2;
    loop {
        let pools = account.pools();
        let expected: BTreeMap<String, u64> =
            wanted.iter().map(|(name, nodes)| (format!("{name}-pool"), u64::from(*nodes))).collect();
        if pools == expected {
            return;
        }
        let differing: Vec<_> = expected.iter().filter(|(id, nodes)| pools.get(*id) != Some(nodes)).collect();
        let more: Vec<_> = pools.keys().filter(|id| !expected.contains_key(*id)).collect();
        assert!(
            std::time::Instant::now() < deadline,
            "not as they should be: {differing:?}; not wanted: {more:?}\n{}",
            watch.stderr()
        );
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

#[test]
fn a_repository_that_cannot_be_fetched_keeps_what_it_had() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    let forge = Forge::new(&sandbox);
    forge.write("a", &recipe("a", 1));
    forge.write("b", &recipe("b", 1));
    forge.push(&[]);
    let url = forge.url();
    let once = |more: &[&str]| account.run(&[&["watch", &url, "--once", "--prune"], more].concat());
    once(&[]).success();
    account.writes();
    std::fs::rename(sandbox.path("forge.git"), sandbox.path("away.git")).unwrap();
    let output = once(&[]);
    output.code(1).stdout_contains("git fetch failed").stdout_contains("2 of 2 recipes ready");
    assert_eq!(account.writes(), Vec::<String>::new());
    std::fs::rename(sandbox.path("away.git"), sandbox.path("forge.git")).unwrap();
    once(&[]).success();
    account
        .run(&["watch", &url, "--branch", "main", "--once"])
        .code(64)
        .stderr_contains("names a branch already");
    let bare = url.split('#').next().unwrap();
    account.run(&["watch", bare, "--branch", "nope", "--once"]).code(1).stdout_contains("nope");
    account
        .run(&["watch", bare, "--subfolder", "nope", "--once"])
        .code(1)
        .stdout_contains("there is no file or folder");
}

#[test]
fn nothing_in_a_repository_runs_and_its_links_lead_nowhere() {
    let sandbox = Sandbox::new().file("secret/recipe.yaml", &recipe("stolen", 1));
    let account = account!(sandbox);
    let forge = Forge::new(&sandbox);
    forge.write("a", &recipe("a", 1));
    std::os::unix::fs::symlink(sandbox.path("secret/recipe.yaml"), {
        std::fs::create_dir_all(sandbox.path("work/prod/link")).unwrap();
        sandbox.path("work/prod/link/recipe.yaml")
    })
    .unwrap();
    sandbox.write("work/.gitattributes", "* filter=evil\n");
    sandbox.write("work/.gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c touch% pwned\n");
    forge.push(&[]);
    let output = account.run(&["watch", &forge.url(), "--once"]);
    output.code(3).stdout_contains("1 of 2 recipes ready").never_mentions("stolen");
    assert!(!sandbox.path("pwned").exists());
    assert!(account.writes().iter().all(|write| !write.contains("stolen")));
}

#[test]
fn a_password_in_a_url_is_never_shown() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    let url = "http://me:hunter2@127.0.0.1:9/team/recipes.git";
    for args in [vec!["watch", url, "--once"], vec!["watch", url, "--once", "--format", "json"]] {
        let output = account.run(&args);
        output
            .code(1)
            .never_mentions("hunter2")
            .stdout_contains("git fetch failed")
            .stdout_contains("127.0.0.1");
    }
    let data = sandbox.program("grep").args(["-r", "hunter2", "data"]).run();
    assert_eq!(data.code, Some(1), "nor is it kept: {data}");
}

#[test]
fn a_token_behind_a_question_mark_is_never_shown() {
    let sandbox = Sandbox::new();
    let account = account!(sandbox);
    let url = "http://127.0.0.1:9/x.git?access_token=hunter2";
    for format in ["human", "json"] {
        let output = account.run(&["watch", url, "--once", "--format", format]);
        output.code(1).never_mentions("hunter2").stdout_contains("x.git?***");
    }
    let data = sandbox.program("grep").args(["-r", "hunter2", "data"]).run();
    assert_eq!(data.code, Some(1), "nor is it kept: {data}");
}

#[test]
fn what_a_recipe_of_a_repository_extends_is_in_the_repository() {
    let sandbox = Sandbox::new().file("outside/recipe.yaml", &recipe("outside", 1));
    let account = account!(sandbox);
    let forge = Forge::new(&sandbox);
    sandbox.write("work/base/recipe.yaml", &recipe("base", 1));
    forge.write("a", "api_version: batchyard/v1\nname: a\nextends: ../../base\npools: { p: { id: a-pool } }\njobs: { j: { id: a-job } }\n");
    for (name, path) in [("b", sandbox.path("outside/recipe.yaml")), ("c", "/proc/kmsg".into())] {
        let up = "../".repeat(40);
        forge.write(
            name,
            &format!(
                "api_version: batchyard/v1\nname: {name}\nextends: {up}{}\n",
                path.display().to_string().trim_start_matches('/')
            ),
        );
    }
    sandbox.write(
        "work/prod/d/batchyard.yaml",
        &format!("api_version: batchyard/v1\noverlays: [\"{}/etc/hostname\"]\n", "../".repeat(40)),
    );
    forge.write("d", &recipe("d", 1));
    forge.push(&[]);
    let output = account.run(&["watch", &forge.url(), "--once"]);
    output.code(3).stdout_contains("1 of 4 recipes ready").stdout_contains("leads out of the repository");
    assert_eq!(output.stdout.matches("leads out of the repository").count(), 2, "{output}");
    output.stdout_contains("which is outside of the repository");
    // Where the clone is means nothing to whoever reads that.
    output.never_mentions("data/watch");
}
