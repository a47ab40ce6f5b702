//! One task for each blob: the program against a storage service that is not ours.

use crate::support::{BlobContainer, Command, Sandbox, secret_of, signature};

const KEY: &str = BlobContainer::KEY;

/// A container with these blobs, of seven bytes each; none if there is no Azurite.
fn container(blobs: &[String], public: bool) -> Option<BlobContainer> {
    let blobs: Vec<_> = blobs.iter().map(|name| (name.clone(), "seven b".to_owned())).collect();
    BlobContainer::with(&blobs, public)
}

/// A command on a recipe with a task for each blob of a container, by somebody without credentials.
fn command(container: &BlobContainer, sandbox: &Sandbox, selection: &str, command: &str) -> Command {
    let recipe = format!(
        r#"api_version: batchyard/v1
name: blobs
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
      convert:
        for_each: {{ blobs: {{ container: "{}", {selection} }} }}
        container: {{ image: "batchyard/hello" }}
        command: ["convert", "${{{{ item.url }}}}", "${{{{ item.path }}}}", "${{{{ item.size }}}}"]
"#,
        container.url
    );
    sandbox.write("recipe.yaml", &recipe);
    sandbox.command([command, "recipe.yaml"])
}

fn connection_string(container: &BlobContainer) -> String {
    let account = BlobContainer::ACCOUNT;
    format!("AccountName={account};AccountKey={KEY};BlobEndpoint={};", container.endpoint)
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[test]
fn a_task_for_each_blob_is_planned_applied_and_left_alone() {
    let blobs =
        names(["in/b c.png", "in/a.png", "in/größe 5+6.png", "in/a.txt", "in/deep/d&e.png", "out/x.png"]);
    let Some(container) = container(&blobs, false) else { return };
    let sandbox = Sandbox::new();
    let selection = r#"prefix: in/, include: "**/*.png", exclude: "in/deep/**""#;
    let command = |name: &str| {
        command(&container, &sandbox, selection, name)
            .env("AZURE_STORAGE_KEY", KEY)
            .args(["--runtime", "simulated"])
    };
    command("plan").args(["--account", "local"]).run().success().stdout_contains("convert-00003");
    let rendered = command("render").run();
    rendered.success();
    for (path, url) in [
        ("in/a.png", "in/a.png"),
        ("in/b c.png", "in/b%20c.png"),
        ("in/größe 5+6.png", "in/gr%C3%B6%C3%9Fe%205%2B6.png"),
    ] {
        rendered
            .stdout_contains(&format!("{}/{url}", container.url))
            .stdout_contains(path)
            .stdout_contains("7");
    }
    rendered.never_mentions("deep").never_mentions("a.txt").never_mentions("out/x.png");
    command("apply").args(["--yes"]).run().success();
    command("plan").run().success().stdout_contains("No changes");
}

#[test]
fn more_blobs_than_a_page_holds_are_all_listed_in_their_order() {
    let blobs: Vec<String> = (0..5_003).map(|number| format!("n{number:05}")).collect();
    let Some(container) = container(&blobs, false) else { return };
    let sandbox = Sandbox::new();
    let validated = command(&container, &sandbox, "", "validate")
        .env("AZURE_STORAGE_CONNECTION_STRING", connection_string(&container))
        .run();
    validated.success().stdout_contains("5,003 tasks");
    let listed = command(&container, &sandbox, "exclude: \"n0[0-4]*\"", "render")
        .env("AZURE_STORAGE_SAS_TOKEN", signature("rl"))
        .run();
    let urls: Vec<usize> =
        ["n05000", "n05001", "n05002"].iter().map(|name| listed.stdout.find(name).unwrap()).collect();
    assert!(urls.is_sorted(), "{urls:?}");
    listed.never_mentions("n04999");
}

#[test]
fn every_way_to_prove_oneself_is_taken_and_none_is_shown() {
    let Some(container) = container(&names(["only.txt"]), false) else { return };
    let sandbox = Sandbox::new();
    let signature = signature("l");
    let sig = secret_of(&signature).to_owned();
    let by_sas = format!("BlobEndpoint={};SharedAccessSignature={signature}", container.endpoint);
    for (variable, value) in [
        ("AZURE_STORAGE_KEY", KEY.to_owned()),
        ("AZURE_STORAGE_SAS_TOKEN", format!("?{signature}")),
        ("AZURE_STORAGE_CONNECTION_STRING", connection_string(&container)),
        ("AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true".to_owned()),
        ("AZURE_STORAGE_CONNECTION_STRING", by_sas),
    ] {
        let output = command(&container, &sandbox, "", "validate")
            .args(["-vv"])
            .env("BATCHYARD_LOG", "batchyard=trace,azure_core=trace,reqwest=trace,typespec_client_core=trace")
            .env(variable, value)
            .run();
        output.success().stdout_contains("1 task").never_mentions(KEY).never_mentions(&sig);
    }
}

#[test]
fn a_public_container_takes_no_credentials_and_others_say_what_to_set() {
    let sandbox = Sandbox::new();
    let Some(public) = container(&names(["only.txt"]), true) else { return };
    command(&public, &sandbox, "", "validate").run().success().stdout_contains("1 task");
    let Some(private) = container(&names(["only.txt"]), false) else { return };
    let refused = command(&private, &sandbox, "", "validate").run();
    refused
        .code(3)
        .stderr_contains("error[unlisted]: the blobs cannot be listed")
        .stderr_contains("recipe.yaml:10:41")
        .stderr_contains("asked anonymously, answered")
        .stderr_contains("set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING");
}

#[test]
fn a_refusal_names_the_variable_and_hides_its_value() {
    let Some(container) = container(&names(["only.txt"]), false) else { return };
    let sandbox = Sandbox::new();
    let with = |variable: &str, value: &str| {
        let output = command(&container, &sandbox, "", "plan").env(variable, value).run();
        output.code(3).never_mentions(value);
        output
    };
    with("AZURE_STORAGE_KEY", "d3Jvbmc=")
        .stderr_contains("asked with AZURE_STORAGE_KEY, answered Auth")
        .stderr_contains("(HTTP 403)")
        .stderr_contains("check that AZURE_STORAGE_KEY is of this account");
    with("AZURE_STORAGE_KEY", "no base64!")
        .stderr_contains("AZURE_STORAGE_KEY cannot be used: its key is not base64");
    with("AZURE_STORAGE_SAS_TOKEN", &signature("r"))
        .stderr_contains("AuthorizationPermissionMismatch")
        .stderr_contains("must allow to list");
    let theirs = format!("AccountName=theirs;AccountKey={KEY}");
    with("AZURE_STORAGE_CONNECTION_STRING", &theirs)
        .stderr_contains("was not used: it belongs to the account `theirs`, and this is `devstoreaccount1`");
    let gone = BlobContainer { url: format!("{}/nothing-here", container.endpoint), endpoint: String::new() };
    let output = command(&gone, &sandbox, "", "plan").env("AZURE_STORAGE_KEY", KEY).run();
    output
        .code(3)
        .stderr_contains("ContainerNotFound (HTTP 404)")
        .stderr_contains("check the container's name");
}

#[test]
fn a_container_where_nobody_listens_is_an_error_with_a_place() {
    let sandbox = Sandbox::new();
    let url = "http://127.0.0.1:9/devstoreaccount1/in".to_owned();
    let nobody = BlobContainer { url, endpoint: String::new() };
    let output = command(&nobody, &sandbox, "", "plan").run();
    output
        .code(3)
        .stderr_contains("recipe.yaml:10:41")
        .stderr_contains("cannot be reached")
        .stderr_contains("is Azurite running");
}
