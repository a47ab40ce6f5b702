//! What is served while sources are watched: `/healthz`, `/readyz`, `/status`, `/metrics`.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::account::Account;
use super::yard::{Watch, recipe};
use crate::support::{Emulator, Runtime, Sandbox};

/// Asks by hand, so that the host can be a lie; the status and the body.
fn ask(address: &str, path: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[test]
fn what_is_known_is_served_to_this_machine_only() {
    let sandbox = Sandbox::new()
        .file("recipes/a/recipe.yaml", &recipe("a", 2))
        .file("recipes/b/recipe.yaml", &recipe("b", 2).replace("vm_size", "vm_sise"));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let account = Account::before(&sandbox, emulator);
    let args = ["watch", "recipes", "--listen", "127.0.0.1:0", "--interval", "2s", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    let listening = watch.wait_for("the address", |line| line["type"] == "listening");
    let address = listening["address"].as_str().unwrap().to_owned();
    assert_eq!(ask(&address, "/healthz", &address), (200, "ok\n".to_owned()));
    watch.wait_until("a", "Ready", true);
    assert_eq!(ask(&address, "/readyz", "localhost"), (200, "ready\n".to_owned()));
    let (status, body) = ask(&address, "/status", &address);
    let known: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &known["type"], &known["format_version"]), (200, &"watch".into(), &"1.0".into()));
    let conditions = |name: &str| {
        let recipes = known["recipes"].as_array().unwrap();
        let recipe = recipes.iter().find(|recipe| recipe["recipe"] == name).unwrap();
        let holding = recipe["conditions"].as_array().unwrap().iter().filter(|it| it["status"] == true);
        holding.map(|it| it["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((conditions("a"), conditions("b")), (vec!["Ready".to_owned()], vec!["Stalled".to_owned()]));
    let (_, metrics) = ask(&address, "/metrics", &address);
    for line in [
        "batchyard_watch_condition_recipes{condition=\"Stalled\"} 1",
        "batchyard_watch_source_up{source=\"recipes\"} 1",
        "batchyard_watch_recipes 2",
    ] {
        assert!(metrics.lines().any(|written| written == line), "{line}\n{metrics}");
    }
    // A page that had its name resolved to this machine.
    let (status, body) = ask(&address, "/status", "evil.example");
    assert!(status == 421 && !body.contains("recipes"), "{status} {body}");
    assert_eq!(ask(&address, "/nothing", &address).0, 404);
    watch.stop().success();
    assert!(TcpStream::connect(&address).is_err(), "nothing listens any more");
}

#[test]
fn other_machines_are_served_only_when_that_is_asked_for() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe("a", 2));
    let output =
        sandbox.run(["watch", "recipes", "--listen", "0.0.0.0:0", "--once", "--runtime", "simulated"]);
    output
        .code(64)
        .stderr_contains("0.0.0.0 is reachable from other machines")
        .stderr_contains("--listen-remote");
}

#[test]
fn it_is_not_ready_before_every_source_was_read() {
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe("a", 2));
    let args = ["watch", "recipes", "later", "--listen", "127.0.0.1:0", "--runtime", "simulated"];
    let args = [&args[..], &["--max-backoff", "1s", "--format", "json"]].concat();
    let mut watch = Watch::of(sandbox.command(args).start());
    let listening = watch.wait_for("the address", |line| line["type"] == "listening");
    let address = listening["address"].as_str().unwrap().to_owned();
    watch.wait_until("a", "Ready", true);
    watch.wait_for("the second try", |line| line["type"] == "source_failed" && line["source"] == "later");
    assert_eq!(ask(&address, "/readyz", &address).0, 503);
    sandbox.write("later/b/recipe.yaml", &recipe("b", 2));
    watch.wait_until("b", "Ready", true);
    assert_eq!(ask(&address, "/readyz", &address).0, 200);
    watch.stop().success();
}
