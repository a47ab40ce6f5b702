//! `doctor`: what ails this machine, the account, or an image.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::{Output, PrivateRegistry, Sandbox, Service};

/// An engine that is not there.
const NO_ENGINE: &str = "unix:///nonexistent/engine.sock";

fn check<'a>(document: &'a Value, subject: &str) -> &'a Value {
    let checks = document["checks"].as_array().unwrap();
    checks
        .iter()
        .find(|check| check["subject"] == subject)
        .unwrap_or_else(|| panic!("no {subject}: {document:#}"))
}

/// Looks at the machine of a sandbox.
fn machine(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let arguments = [&["doctor", "--format", "json"], arguments].concat();
    sandbox.command(arguments).env("DOCKER_HOST", NO_ENGINE).run()
}

#[test]
fn a_machine_says_what_it_has_and_what_it_lacks() {
    let sandbox = Sandbox::new();
    let output = machine(&sandbox, &["--runtime", "docker"]);
    let document = output.code(7).json();
    assert_eq!((&document["type"], &document["healthy"]), (&json!("machine"), &json!(false)));
    let docker = check(&document, "runtime docker");
    assert_eq!(docker["state"], "bad");
    assert!(docker["found"].as_str().unwrap().contains("/nonexistent/engine.sock"), "{docker}");
    assert_eq!(check(&document, "account")["found"], "the local account (by default)");
    assert!(check(&document, "data folder")["found"].as_str().unwrap().contains("made when it is needed"));

    let simulated = machine(&sandbox, &["--runtime", "simulated"]);
    let document = simulated.success().json();
    assert_eq!(check(&document, "runtime docker")["state"], "idle", "nobody needs it");
    assert_eq!(check(&document, "tasks")["found"], "are simulated: no process runs");
    assert!(!sandbox.data().exists(), "looking leaves nothing behind");

    let human = sandbox.command(["doctor", "--runtime", "docker"]).env("DOCKER_HOST", NO_ENGINE).run();
    human.code(7).stdout_contains("bad   runtime docker").stdout_contains("1 thing to see to.");
}

#[test]
fn an_account_that_cannot_be_used_says_why_and_nothing_of_its_key() {
    let sandbox = Sandbox::new().file("data", "not a folder");
    let output = machine(&sandbox, &["--runtime", "simulated"]);
    let folder = check(&output.code(7).json(), "data folder").clone();
    assert!(folder["found"].as_str().unwrap().to_lowercase().contains("not a directory"), "{folder}");
    assert!(folder["hint"].as_str().unwrap().contains("--data"), "{folder}");

    let key = "c2VjcmV0LWtleS1vZi1ub2JvZHk=";
    // Nobody listens there.
    let remote = sandbox
        .command(["--account", "http://127.0.0.1:9/nobody", "doctor", "--format", "json"])
        .env("AZURE_BATCH_ACCOUNT", "nobody")
        .env("AZURE_BATCH_ACCESS_KEY", key)
        .env("DOCKER_HOST", NO_ENGINE)
        .run();
    let document = remote.code(7).never_mentions(key).json();
    assert_eq!(check(&document, "account")["found"], "http://127.0.0.1:9/nobody (--account)");
    assert_eq!(check(&document, "credential")["found"], "the key of the account nobody (not shown)");
    assert_eq!(check(&document, "answer")["state"], "bad");
    assert!(check(&document, "answer")["hint"].is_string(), "{document:#}");

    let unknown = machine(&sandbox, &["--account", "mistake"]);
    let account = check(&unknown.code(7).json(), "account").clone();
    assert!(
        account["found"].as_str().unwrap().contains("`mistake` (--account) is not an account"),
        "{account}"
    );
}

#[test]
fn an_account_that_answers_is_told() {
    let sandbox = Sandbox::new();
    let Some(emulator) = crate::support::Emulator::start(&sandbox, crate::support::Runtime::Simulated) else {
        return;
    };
    let ask = |key: &str| {
        sandbox
            .command(["--account", emulator.endpoint(), "doctor", "--format", "json"])
            .env("AZURE_BATCH_ACCOUNT", emulator.account())
            .env("AZURE_BATCH_ACCESS_KEY", key)
            .env("DOCKER_HOST", NO_ENGINE)
            .run()
    };
    let document = ask(emulator.key()).success().never_mentions(emulator.key()).json();
    assert_eq!(check(&document, "answer")["state"], "good");
    let local =
        machine(&sandbox, &["--runtime", "simulated"]).success().never_mentions(emulator.key()).json();
    let folder = check(&local, "data folder")["found"].as_str().unwrap().to_owned();
    assert!(folder.contains(&format!("served at {} by process", emulator.endpoint())), "{folder}");
    let refused = ask("d3Jvbmc=").code(7).json();
    assert!(
        check(&refused, "answer")["found"].as_str().unwrap().contains("AuthenticationFailed"),
        "{refused:#}"
    );
}

#[test]
fn an_image_says_what_it_is_and_what_it_means() {
    let Some(registry) = Service::Registry.address() else { return };
    let sandbox = Sandbox::new();
    let image = format!("{registry}/entrypoint:latest");
    let human = sandbox.run(["doctor", "image", &image]);
    human
        .success()
        .stdout_contains("ENTRYPOINT    echo 'hello from the entrypoint'")
        .stdout_contains("WORKDIR       /srv")
        .stdout_contains("GREETING=hello")
        .stdout_contains("a task's command follows ENTRYPOINT")
        .stdout_contains("not in WORKDIR /srv")
        .stdout_contains("--workdir /srv");
    let document = sandbox.run(["doctor", "image", &image, "--format", "json"]).success().json();
    assert_eq!((&document["type"], &document["image"]), (&json!("image"), &json!(image)));
    assert_eq!(document["config"]["entrypoint"], json!(["echo", "hello from the entrypoint"]));
    assert_eq!((&document["platform"]["os"], &document["user"]), (&json!("linux"), &Value::Null));
    assert!(
        document["size"].as_u64().unwrap() > 0 && document["digest"].as_str().unwrap().starts_with("sha256:")
    );
    assert_eq!(document["uses"], Value::Null);
    let absent = sandbox.run(["doctor", "image", &format!("{registry}/absent:1")]);
    absent.code(1).stderr_contains("was not found in registry").stderr_contains("look at the name");
}

/// A recipe that uses the image of a registry with a password in every way.
fn recipe(registry: &PrivateRegistry) -> String {
    let PrivateRegistry { server, user, .. } = registry;
    format!(
        "api_version: batchyard/v1
name: tools
registries:
  private: {{ server: \"{server}\", username: {user}, password: {{ env: REGISTRY_PASSWORD }} }}
pools:
  p:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    nodes: {{ dedicated: 1 }}
    container:
      prefetch: [\"{server}/entrypoint:latest\"]
      registries: [private]
    start_task: {{ container: {{ image: \"{server}/entrypoint:latest\" }}, command: [\"ready\"] }}
defaults:
  container: {{ image: \"{server}/entrypoint:latest\" }}
jobs:
  j:
    pool: p
    tasks:
      plain: {{ command: \"\" }}
      many: {{ for_each: {{ repeat: 5 }}, command: [\"echo\", \"x\"] }}
      other:
        container: {{ run_options: \"--entrypoint ./tool.sh --user 7\" }}
        command: [\"--fast\"]
      there: {{ container: {{ working_directory: image }}, command: [\"x.txt\"] }}
      elsewhere: {{ container: {{ image: busybox:1.36 }}, command: [\"true\"] }}
"
    )
}

#[test]
fn a_recipe_logs_in_and_shows_what_its_tasks_would_run() {
    let Some(registry) = PrivateRegistry::find() else { return };
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe(&registry));
    let image = format!("{}/entrypoint", registry.server);
    let look = |password: &str| {
        sandbox
            .command(["doctor", "image", &image, "--recipe", "recipe.yaml", "--format", "json"])
            .env("REGISTRY_PASSWORD", password)
            .run()
    };
    let output = look(&registry.password);
    let document = output.success().never_mentions(&registry.password).json();
    assert_eq!(document["user"], registry.user);
    let uses = &document["uses"];
    assert_eq!((&uses["recipe"], &uses["prefetched_by"]), (&json!("tools"), &json!(["pools.p"])));
    let tasks = uses["tasks"].as_array().unwrap();
    let used = |address: &str| tasks.iter().find(|used| used["address"] == address).unwrap();
    assert_eq!(tasks.len(), 5, "{uses:#}");
    let runs = |address| used(address)["runs"]["arguments"].clone();
    assert_eq!(runs("pools.p.start_task"), json!(["echo", "hello from the entrypoint", "ready"]));
    assert_eq!(runs("jobs.j.tasks.plain"), json!(["echo", "hello from the entrypoint"]));
    assert_eq!(used("jobs.j.tasks.plain")["runs"]["place"], json!({"kind": "task"}));
    let many = used("jobs.j.tasks.many");
    assert_eq!((&many["count"], &many["example"]), (&json!(5), &json!("many-1")));
    assert!(
        many["advice"][0]["meaning"].as_str().unwrap().contains("gets `echo` as an argument"),
        "{many:#}"
    );
    let other = used("jobs.j.tasks.other");
    assert_eq!(
        (&other["runs"]["arguments"], &other["runs"]["user"]),
        (&json!(["./tool.sh", "--fast"]), &json!({"kind": "container", "name": "7"}))
    );
    assert_eq!(other["advice"][0]["topic"], "working directory");
    let there = used("jobs.j.tasks.there");
    assert_eq!(there["runs"]["place"], json!({"kind": "container", "path": "/srv"}));
    assert_eq!(there["advice"], json!([]));

    let wrong = look("wrong");
    wrong
        .code(1)
        .never_mentions(&registry.password)
        .stderr_contains("401 Unauthorized")
        .stderr_contains("look at user and password");
    let unset = sandbox.run(["doctor", "image", &image, "--recipe", "recipe.yaml"]);
    unset.code(1).stderr_contains("the environment variable REGISTRY_PASSWORD is not set");
    let without = sandbox.run(["doctor", "image", &image]);
    without.code(1).stderr_contains("401 Unauthorized").stderr_contains("--recipe PATH");
}

#[test]
fn what_a_recipe_gets_wrong_is_an_error_and_what_it_does_not_use_is_said() {
    let Some(registry) = Service::Registry.address() else { return };
    let recipe = |options: &str| {
        format!(
            "api_version: batchyard/v1
name: tools
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
      t: {{ container: {{ image: \"{registry}/busybox:latest\", run_options: \"{options}\" }}, command: \"\" }}
"
        )
    };
    let sandbox = Sandbox::new().file("recipe.yaml", &recipe("--entrypoint ''"));
    let image = format!("{registry}/busybox:latest");
    let nothing = sandbox.run(["doctor", "image", &image, "--recipe", "recipe.yaml"]);
    nothing.code(7).stdout_contains("error: there is nothing to run");
    let other =
        sandbox.run(["doctor", "image", &format!("{registry}/entrypoint"), "--recipe", "recipe.yaml"]);
    other.success().stdout_contains("nothing in the recipe uses the image");
}

#[test]
fn what_is_no_image_in_a_registry_is_told() {
    let sandbox = Sandbox::new();
    sandbox.run(["doctor", "image", "Upper/Case"]).code(64).stderr_contains("it must be lower-case");
    sandbox.run(["doctor", "image", "batchyard/hello"]).code(1).stderr_contains("is in no registry");
    let unreachable = sandbox.run(["doctor", "image", "127.0.0.1:9/a"]);
    unreachable
        .code(1)
        .stderr_contains("could not be fetched from registry 127.0.0.1:9")
        .stderr_contains("hint:");
    sandbox.run(["doctor", "image"]).code(64).stderr_contains("<IMAGE>");
}

/// What doctor says of the runtime without an engine to an ordinary user whose process `script` starts, by its last arguments. `None`
/// where a test can't be another user.
fn told_to_an_ordinary_user(script: &str) -> Option<Value> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can be another user");
        return None;
    }
    let sandbox = Sandbox::new();
    // The sandbox is root's alone: this user gets a folder that anyone may enter, and nothing else.
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
    std::fs::create_dir(folder.path().join("root")).unwrap();
    let user =
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_batchyard")];
    let doctor = sandbox
        .program("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"])
        .args(user)
        .args(["doctor", "--format", "json", "--runtime", "oci"])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env("BATCHYARD_DATA", folder.path().join("data"))
        .env("DOCKER_HOST", NO_ENGINE)
        .run();
    Some(check(&doctor.json(), "runtime oci").clone())
}

#[test]
fn an_ordinary_user_is_told_what_containers_have_without_root() {
    let Some(oci) = told_to_an_ordinary_user("exec \"$@\"") else { return };
    let found = oci["found"].as_str().unwrap();
    if oci["state"] != "good" {
        eprintln!("skipped: {found}");
        return;
    }
    assert!(found.contains("as an ordinary user"), "{found}");
    let lends = |file: &str| std::fs::read_to_string(file).is_ok_and(|lent| lent.contains("nobody:"));
    let is_alone = found.contains("no user but root in a container");
    assert!(is_alone || lends("/etc/subuid"), "{found}");
    assert!(!is_alone || found.contains("--add-subuids") || found.contains("newuidmap"), "{found}");
}

/// The kernel lets nobody make one who sees another root than the mount namespace has.
#[test]
fn an_ordinary_user_without_user_namespaces_is_told_what_makes_containers() {
    let elsewhere = "mount --rbind / root && exec chroot root \"$@\"";
    let Some(oci) = told_to_an_ordinary_user(elsewhere) else { return };
    assert_eq!(oci["state"], "bad");
    let found = oci["found"].as_str().unwrap();
    for part in [
        "without root, containers need a user namespace",
        "the kernel refused to make a user namespace",
        "run as root",
        "DOCKER_HOST=unix:///run/user/65534/podman/podman.sock",
    ] {
        assert!(found.contains(part), "{found}");
    }
}
