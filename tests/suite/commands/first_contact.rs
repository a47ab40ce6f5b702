//! What a newcomer meets first: no arguments, slips of the fingers, nothing there yet, settings that are missing.

use std::net::TcpListener;

use crate::support::{Output, Sandbox};

/// One screen at the most, and no trace of how the program is built.
#[track_caller]
fn is_for_people(output: &Output) -> &Output {
    assert!(output.stderr.lines().count() <= 60, "{output}");
    output.never_mentions("panicked").never_mentions("backtrace").never_mentions("src/")
}

#[test]
fn without_arguments_there_is_help_with_examples() {
    let sandbox = Sandbox::new();
    let nothing = sandbox.run([] as [&str; 0]);
    is_for_people(&nothing)
        .code(64)
        .stderr_contains("Commands:")
        .stderr_contains("batchyard new parameter-sweep");
    let help = sandbox.run(["--help"]);
    help.success().stdout_contains("Examples:").stdout_contains("batchyard apply my-recipe");
    let version = sandbox.run(["--version"]);
    version.success();
    assert_eq!(version.stdout, format!("batchyard {}\n", env!("CARGO_PKG_VERSION")));
    for command in ["new", "validate", "plan", "apply", "status", "logs", "destroy", "emulator", "schema"] {
        sandbox.run([command, "--help"]).success().stdout_contains("Examples:");
    }
}

#[test]
fn a_slip_of_the_fingers_is_answered_with_what_was_meant() {
    let sandbox = Sandbox::new();
    let slip = |args: &[&str]| {
        let output = sandbox.run(args);
        is_for_people(&output).code(64);
        output
    };
    slip(&["aply"]).stderr_contains("'apply'");
    slip(&["plan", "--detailed-exitcod"]).stderr_contains("--detailed-exitcode");
    slip(&["plan", "--runtime", "dcker"]).stderr_contains("docker");
    slip(&["plan", "--format", "yaml"]).stderr_contains("human, json");
    slip(&["new", "helo"]).stderr_contains("did you mean `hello`?");
    slip(&["new"]).stderr_contains("`hello`").stderr_contains("new --list");
    slip(&["plan", "-p", "seeds"]).stderr_contains("NAME=VALUE");
}

#[test]
fn where_there_is_no_recipe_is_said_what_to_do() {
    let sandbox =
        Sandbox::new().file("hello/recipe.yaml", "").file("other/sweep.yaml", "").file("none/readme", "");
    for command in ["plan", "apply", "status", "destroy", "logs"] {
        let none = sandbox.command([command]).current_dir(sandbox.path("none")).run();
        is_for_people(&none).code(3).stderr_contains("there is no recipe in .");
        none.stderr_contains("recipe.yaml").stderr_contains("batchyard new hello");
    }
    let named = sandbox.run(["plan", "other"]);
    named.code(3).stderr_contains("did you mean other/sweep.yaml?");
    let near = sandbox.run(["plan", "helo"]);
    near.code(3).stderr_contains("there is no such file or folder").stderr_contains("did you mean hello?");
    near.stderr_contains("there is no recipe to read at helo");
    assert!(!sandbox.data().exists(), "nothing was touched");
}

#[test]
fn a_data_folder_that_cannot_be_one_is_named_with_the_flag_for_another() {
    let sandbox = Sandbox::new().file("occupied", "");
    sandbox.run(["new", "hello"]).success();
    for data in ["occupied", "/proc/batchyard"] {
        let refused = sandbox.run(["plan", "hello", "--data", data]);
        is_for_people(&refused).code(1).stderr_contains(data).stderr_contains("--data");
    }
    let homeless = sandbox.command(["plan", "hello"]).env("HOME", "").env("BATCHYARD_DATA", "").run();
    homeless.code(64).stderr_contains("set HOME or BATCHYARD_DATA, or pass --data");
}

#[test]
fn an_emulator_says_what_keeps_it_from_serving() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = sandbox.run(["emulator", "--runtime", "simulated", "--listen", &address]);
    is_for_people(&refused).code(1).stderr_contains(&format!("can't listen on {address}"));
    refused.stderr_contains("--listen 127.0.0.1:0");
    let open = sandbox.run(["emulator", "--listen", "192.0.2.1:80"]);
    open.code(64).stderr_contains("reachable from other machines").stderr_contains("127.0.0.1");
    let key = sandbox.run(["emulator", "--key-file", "nowhere"]);
    key.code(64).stderr_contains("the key file nowhere can't be read").stderr_contains("base64 > nowhere");
    let listen = sandbox.run(["emulator", "--listen", "localhost:11150"]);
    listen.code(64).stderr_contains("such as 127.0.0.1:11150");
}

#[test]
fn an_account_in_azure_is_asked_for_with_all_that_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.run(["new", "hello"]).success();
    let azure = || sandbox.command(["plan", "hello", "--account", "azure"]);
    let url = "https://mine.westeurope.batch.azure.com";
    let endpoint = azure().run();
    is_for_people(&endpoint).code(64).stderr_contains("set AZURE_BATCH_ENDPOINT");
    endpoint.stderr_contains("az batch account show");
    let key = azure().env("AZURE_BATCH_ENDPOINT", url).env("BATCHYARD_CREDENTIAL", "shared_key").run();
    key.code(64)
        .stderr_contains(url)
        .stderr_contains("set AZURE_BATCH_ACCESS_KEY")
        .stderr_contains("az batch account keys list");
    let nobody = azure().env("AZURE_BATCH_ENDPOINT", url).env("BATCHYARD_CREDENTIAL", "environment").run();
    is_for_people(&nobody)
        .code(1)
        .stderr_contains("AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set")
        .stderr_contains("`az login` signs you in")
        .stderr_contains("set AZURE_BATCH_ACCESS_KEY");
    let bad = azure().env("AZURE_BATCH_ENDPOINT", url).env("AZURE_BATCH_ACCESS_KEY", "no key!").run();
    bad.code(64)
        .stderr_contains("not base64")
        .stderr_contains("AZURE_BATCH_ACCESS_KEY")
        .never_mentions("no key!");
    let name = azure().env("AZURE_BATCH_ENDPOINT", "http://127.0.0.1:1").run();
    name.code(64).stderr_contains("set AZURE_BATCH_ACCOUNT");
    let nowhere = sandbox.run(["plan", "hello", "--account", "mine"]);
    nowhere.code(64).stderr_contains("`mine` (--account) is not an account").stderr_contains("`azure`");
    let unreachable = azure()
        .env("AZURE_BATCH_ENDPOINT", "http://127.0.0.1:1")
        .env("AZURE_BATCH_ACCOUNT", "mine")
        .env("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")
        .run();
    is_for_people(&unreachable).code(1).stderr_contains("nothing listens at http://127.0.0.1:1");
}
