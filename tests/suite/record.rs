//! The record: a lock and a history beside the account, in a storage service that is not ours.

use std::sync::Arc;
use std::time::Duration;

use batchyard::batch::DateTime;
use batchyard::clock::{ManualClock, SystemClock};
use batchyard::record::{Operation, Patience, Record, RecordError};
use batchyard::resource::RecipeName;
use batchyard::secret::Secret;
use tokio_util::sync::CancellationToken;

use crate::support::{BlobContainer, Output, Running, Sandbox, Team};

const RECIPE: &str = r#"api_version: batchyard/v1
name: shared
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  j:
    pool: p
    tasks:
      one: { container: { image: "busybox:1.37" }, command: one }
      two: { container: { image: "busybox:1.37" }, command: two }
"#;

const LONG: Duration = Duration::from_secs(90);

/// Waits until a command has said something.
#[track_caller]
fn said(running: &mut Running, words: &str) {
    running.wait_for_line(LONG, |line| line.contains(words).then_some(()));
}

/// A sandbox whose project file names a record.
fn sandbox() -> Sandbox {
    Sandbox::new().file("recipe.yaml", RECIPE).file("batchyard.yaml", Team::PROJECT)
}

impl Team<'_> {
    fn apply(&self, args: &[&str]) -> Output {
        self.run(&[&["apply", "recipe.yaml", "-y"], args].concat())
    }
}

#[test]
fn nobody_changes_what_somebody_else_works_on() {
    let sandbox = sandbox();
    let Some(team) = Team::of(&sandbox) else { return };
    let id = team.hold("shared", 60);
    let refused = team.apply(&[]);
    refused.code(5).stderr_contains(
        "the recipe `shared` is locked: bob@else\\u{1b}[31m where has held it for `destroy` since 2026-11-30T10:00:00Z; nothing was changed",
    );
    refused.stderr_contains("--lock-timeout 10m");
    team.run(&["destroy", "recipe.yaml", "-y"]).code(5).stderr_contains("nothing was destroyed");
    team.run(&["plan", "recipe.yaml", "--detailed-exitcode"]).code(2);
    let late = team.apply(&["--lock-timeout", "3s"]);
    late.code(5).stdout_contains("Waiting for the lock of the recipe `shared`: bob@else");

    // Who gives it back lets the next one in.
    let mut waiting = team.command(&["apply", "recipe.yaml", "-y", "--lock-timeout", "2m"]).start();
    said(&mut waiting, "Waiting for the lock");
    team.container.end_lease(&format!("{}/lock.json", team.folder("shared")), id);
    waiting.wait(LONG).success().stdout_contains("Applied.");
    team.run(&["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    // It was given back, and nobody has to wait.
    team.apply(&[]).success();
}

#[test]
fn the_lock_of_somebody_who_died_ends_by_itself_and_can_be_passed_by() {
    let sandbox = sandbox();
    let Some(team) = Team::of(&sandbox) else { return };
    team.hold("shared", 15);
    team.apply(&["--no-lock"]).success();
    team.run(&["history", "recipe.yaml"])
        .success()
        .stdout_contains("The record has nothing about the recipe");
    let waited = team.apply(&["--lock-timeout", "60s", "--replace", "jobs.j"]);
    waited.success().stdout_contains("Waiting for the lock").stdout_contains("Applied.");
    team.apply(&["--no-lock", "--lock-timeout", "1s"]).code(64);
}

#[test]
fn two_at_once_come_one_after_the_other() {
    let sandbox = sandbox();
    let Some(team) = Team::of(&sandbox) else { return };
    let apply = ["apply", "recipe.yaml", "-y", "--lock-timeout", "2m"];
    let both = [team.command(&apply).start(), team.command(&apply).start()];
    let both = both.map(|running| running.wait(LONG));
    both.iter().for_each(|output| {
        output.success();
    });
    let changed = both.iter().filter(|output| output.stdout.contains("Applied.")).count();
    assert_eq!(changed, 1, "one of them finds nothing to do");
}

#[test]
fn what_was_done_is_kept_with_who_did_it() {
    let sandbox = sandbox();
    let Some(team) = Team::of(&sandbox) else { return };
    team.apply(&[]).success();
    team.apply(&[]).success();
    let more =
        format!("{RECIPE}      three: {{ container: {{ image: \"busybox:1.37\" }}, command: three }}\n");
    sandbox.write("recipe.yaml", &more);
    team.apply(&[]).success();
    // What fails is told, too.
    sandbox.write("recipe.yaml", &more.replace("dedicated: 1", "dedicated: 1000000"));
    team.apply(&[]).code(6);
    sandbox.write("recipe.yaml", &more);
    team.run(&["destroy", "recipe.yaml", "-y"]).success();

    let shown = team.run(&["history", "recipe.yaml"]);
    let lines: Vec<&str> = shown.success().stdout.lines().collect();
    let heads: Vec<&str> = lines
        .iter()
        .filter(|line| line.contains("ada@"))
        .map(|line| line.rsplit_once("  ").unwrap().1)
        .collect();
    assert_eq!(heads, ["done", "failed, 1 of 2 steps done", "done", "done"], "{lines:#?}");
    assert!(lines[0].contains("  destroy  ") && lines.contains(&"  - pools.p"), "{lines:#?}");
    assert!(
        lines.contains(&"  + jobs.j.tasks  1 added") || lines.contains(&"  ~ jobs.j.tasks  1 added"),
        "{lines:#?}"
    );
    assert!(lines.contains(&"  + jobs.j.tasks  2 added"), "{lines:#?}");

    // What others wrote there is not believed, and said.
    let of = |month: &str, content: &str| {
        team.container.write(&format!("{}/history/{month}", team.folder("shared")), content);
    };
    let later = r#"{"format_version":"2.0"}"#;
    of("2000-01.jsonl", &format!("no entry\n{later}\n\u{1b}[31m\n"));
    of("zzz.jsonl", "nothing\n");
    let noted = team.run(&["history", "recipe.yaml"]);
    noted
        .success()
        .stdout_contains("note: 3 lines of the history can't be read")
        .stdout_contains("  destroy  ");

    let document = team.run(&["history", "recipe.yaml", "--limit", "1", "--format", "json"]);
    let document = document.success().json();
    assert_eq!(document["type"], "history");
    let entries = document["entries"].as_array().unwrap();
    assert_eq!(
        (entries.len(), &entries[0]["operation"], &entries[0]["ended"]),
        (1, &"destroy".into(), &"complete".into())
    );
    let names = team.container.names();
    assert!(
        names.iter().any(|name| name.starts_with(&format!("{}/history/2", team.folder("shared")))),
        "{names:?}"
    );
}

#[test]
fn a_record_that_cannot_be_used_is_said_and_shows_nothing_secret() {
    let sandbox = sandbox();
    let Some(team) = Team::of(&sandbox) else { return };
    let with = |url: &str| {
        let output = team.command(&["apply", "recipe.yaml", "-y"]).env("RECORD_URL", url).run();
        output.never_mentions("hunter2");
        output
    };
    with("hunter2").code(64).stderr_contains("the record's container_url (env RECORD_URL) can't be used");
    with("").code(64).stderr_contains("RECORD_URL is not set").stderr_contains("--no-lock");
    let read_only = with(&team.container.signed("rl"));
    read_only.code(1).stderr_contains("the lock of the recipe can't be taken; nothing was changed");
    read_only.stderr_contains("sp=racwl");
    let missing = with(&team.container.signed("racwl").replace("/test-", "/none-"));
    missing.code(1).stderr_contains("ContainerNotFound");
    let clear = with("http://example.org/c?sig=hunter2&sv=1");
    clear.code(64).stderr_contains(
        "http://example.org/c is not on this machine, and its signature would travel in the clear",
    );
    let hook = with("https://hooks.example.org/services/T0/hunter2");
    hook.code(64).stderr_contains("`https://hooks.example.org/[redacted]` is not the URL of a container");
    with("http://127.0.0.1:1/a/c?sig=hunter2&sv=1").code(1).stderr_contains("--no-lock");
    team.run(&["plan", "recipe.yaml", "--detailed-exitcode"]).code(2);
    let local = sandbox.command(["history", "recipe.yaml"]).run();
    local.code(64).stderr_contains("only accounts elsewhere have one");
}

#[test]
fn watching_waits_for_whoever_holds_the_lock_and_keeps_the_history() {
    let sandbox = sandbox();
    let Some(team) = Team::of(&sandbox) else { return };
    let id = team.hold("shared", 60);
    team.run(&["watch", "recipe.yaml", "--once", "--max-backoff", "1s"]).code(5);
    let mut watching =
        team.command(&["watch", "recipe.yaml", "--interval", "2s", "--max-backoff", "2s"]).start();
    said(&mut watching, "Locked");
    team.run(&["plan", "recipe.yaml", "--detailed-exitcode"]).code(2);
    team.container.end_lease(&format!("{}/lock.json", team.folder("shared")), id);
    said(&mut watching, "shared: ready");
    watching.signal(rustix::process::Signal::TERM);
    watching.wait(LONG).success();
    let history = team.run(&["history", "recipe.yaml"]);
    history.success().stdout_contains("  watch  done").stdout_contains("  + pools.p");
}

/// A lock that is broken, or can't be renewed, is lost, and whoever holds it learns so.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_renewed_and_known_to_be_lost() {
    let container = tokio::task::spawn_blocking(|| BlobContainer::with(&[], false)).await.unwrap();
    let Some(container) = container.map(Arc::new) else { return };
    let clock = Arc::new(ManualClock::starting_at("2026-11-30T10:00:00Z".parse().unwrap()));
    let recipe = RecipeName::new("r").unwrap();
    let record = Record::new(&Secret::new(container.signed("racwl")), "account", clock.clone()).unwrap();
    let nobody_stops = CancellationToken::new();
    let take = || {
        let patience = Patience { limit: Duration::ZERO, stop: &nobody_stops, waiting: &|_| () };
        record.lock(&recipe, (Operation::Apply, "ada@laptop".to_owned()), patience)
    };
    let lock = take().await.unwrap();
    assert_eq!(lock.holder.since, DateTime(clock_now(&clock)));
    let Err(RecordError::Locked { holder: Some(holder), .. }) = take().await else {
        panic!("two hold one lock")
    };
    assert_eq!(*holder, lock.holder);
    pass(&clock, 20).await;
    assert!(!lock.lost().is_cancelled() && lock.confirm().await.unwrap(), "it was renewed");
    let breaking = container.clone();
    tokio::task::spawn_blocking(move || breaking.break_lease("account/r/lock.json")).await.unwrap();
    let stop = CancellationToken::new();
    let stopping = lock.stopping(&stop);
    pass(&clock, 20).await;
    tokio::time::timeout(Duration::from_secs(30), stopping.cancelled()).await.expect("the lock is lost");
    assert!(lock.lost().is_cancelled() && !stop.is_cancelled());
    assert!(!lock.release().await.unwrap());
    let lock = take().await.unwrap();
    let breaking = container.clone();
    tokio::task::spawn_blocking(move || breaking.break_lease("account/r/lock.json")).await.unwrap();
    let other = take().await.unwrap();
    // Nobody has told it yet; it asks before it begins, and when it ends.
    assert!(!lock.lost().is_cancelled());
    assert!(!lock.confirm().await.unwrap() && lock.lost().is_cancelled());
    assert!(!lock.release().await.unwrap());
    assert!(other.release().await.unwrap());
    assert!(take().await.unwrap().release().await.unwrap());
}

/// Who had to wait has it since the wait was over.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_held_since_it_was_given() {
    let container = tokio::task::spawn_blocking(|| BlobContainer::with(&[], false)).await.unwrap();
    let Some(container) = container else { return };
    let clock = Arc::new(ManualClock::starting_at("2026-11-30T10:00:00Z".parse().unwrap()));
    let (recipe, stop) = (RecipeName::new("r").unwrap(), CancellationToken::new());
    let record = Record::new(&Secret::new(container.signed("racwl")), "account", clock.clone()).unwrap();
    let take = || {
        let patience = Patience { limit: LONG, stop: &stop, waiting: &|_| () };
        record.lock(&recipe, (Operation::Apply, "ada@laptop".to_owned()), patience)
    };
    let (first, began) = (take().await.unwrap(), clock_now(&clock));
    let waiting = take();
    let giving_back = async {
        // One keeps the first lock, and one waits for it.
        for _ in 0..300 {
            if clock.sleepers() > 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(clock.sleepers(), 2);
        assert!(first.release().await.unwrap());
        clock.advance(Duration::from_secs(10));
    };
    let (second, ()) = tokio::join!(waiting, giving_back);
    let second = second.unwrap();
    assert_eq!(second.holder.since.0.duration_since(began).as_secs(), 10);
    assert!(second.release().await.unwrap());
}

/// Whoever stops while the answer is on its way holds no lock that nobody knows of.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_nobody_wants_any_more_is_given_back() {
    let container = tokio::task::spawn_blocking(|| BlobContainer::with(&[], false)).await.unwrap();
    let Some(container) = container else { return };
    let address = slow_way_to(container.endpoint.split('/').nth(2).unwrap()).await;
    let path = container.signed("racwl").split_once("//").unwrap().1.split_once('/').unwrap().1.to_owned();
    let recipe = RecipeName::new("r").unwrap();
    let of = |url: String| Record::new(&Secret::new(url), "account", Arc::new(SystemClock)).unwrap();
    let (slow, direct) = (of(format!("http://{address}/{path}")), of(container.signed("racwl")));
    let stop = CancellationToken::new();
    let patience = Patience { limit: LONG, stop: &stop, waiting: &|_| () };
    let locking = slow.lock(&recipe, (Operation::Apply, "ada@laptop".to_owned()), patience);
    let stopping = async {
        // The blob is made by then, and the lease asked for.
        tokio::time::sleep(WAY * 5 / 2).await;
        stop.cancel();
    };
    let (locked, ()) = tokio::join!(locking, stopping);
    assert!(matches!(locked, Err(RecordError::GivenUp { .. })), "{locked:?}");
    let nobody_stops = CancellationToken::new();
    let patience = Patience { limit: Duration::ZERO, stop: &nobody_stops, waiting: &|_| () };
    let lock = direct.lock(&recipe, (Operation::Apply, "bob@laptop".to_owned()), patience).await.unwrap();
    lock.release().await.unwrap();
}

/// How long answers take on the slow way.
const WAY: Duration = Duration::from_millis(800);

/// A way to a server on which answers are slow.
async fn slow_way_to(server: &str) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (listener, server) = (tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), server.to_owned());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = tokio::net::TcpStream::connect(&server).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut part = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = from_server.read(&mut part).await {
                    tokio::time::sleep(WAY).await;
                    if to_client.write_all(&part[..length]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

fn clock_now(clock: &ManualClock) -> jiff::Timestamp {
    batchyard::clock::Clock::now(clock)
}

/// Lets time pass once the lock's keeper waits for it, and waits until it waits again or is gone.
async fn pass(clock: &ManualClock, seconds: u64) {
    let waits = || async {
        for _ in 0..300 {
            if clock.sleepers() > 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    };
    assert!(waits().await, "nobody keeps the lock");
    clock.advance(Duration::from_secs(seconds));
    tokio::time::sleep(Duration::from_millis(500)).await;
}
