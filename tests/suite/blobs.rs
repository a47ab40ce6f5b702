//! One task for each blob: the program against a storage service that is not ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use ring::hmac;

use crate::support::{Command, Sandbox, Service};

/// Azurite's account and key: published, and the same everywhere.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A container of Azurite's with blobs in it.
struct Container {
    url: String,
    endpoint: String,
}

impl Container {
    /// A new container with these empty blobs; none if there is no Azurite. `public` lets everybody list it.
    fn with(blobs: &[String], public: bool) -> Option<Self> {
        let endpoint = format!("{}/{ACCOUNT}", Service::Azurite.address()?);
        let url = format!("{endpoint}/test-{}", uuid::Uuid::new_v4());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(fill(&url, blobs, public));
        Some(Self { url, endpoint })
    }

    /// A recipe with a task for each blob.
    fn recipe(&self, selection: &str) -> String {
        format!(
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
            self.url
        )
    }

    /// A command on that recipe, by somebody without credentials.
    fn command(&self, sandbox: &Sandbox, selection: &str, command: &str) -> Command {
        sandbox.write("recipe.yaml", &self.recipe(selection));
        sandbox.command([command, "recipe.yaml"])
    }

    fn connection_string(&self) -> String {
        format!("AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={};", self.endpoint)
    }
}

async fn fill(url: &str, blobs: &[String], public: bool) {
    // TLS is not used here, and reqwest wants it all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sas = sas("rwlac");
    let mut create = client.put(format!("{url}?restype=container&{sas}")).header("content-length", "0");
    if public {
        create = create.header("x-ms-blob-public-access", "container");
    }
    let created = create.send().await.unwrap();
    assert_eq!(created.status(), 201, "{}", created.text().await.unwrap());
    let mut sending = futures::stream::iter(blobs)
        .map(|name| {
            let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
            let put = client.put(format!("{url}/{name}?{sas}")).header("x-ms-blob-type", "BlockBlob");
            async move { put.body("seven b").send().await.unwrap().status() }
        })
        .buffer_unordered(32);
    while let Some(status) = sending.next().await {
        assert_eq!(status, 201);
    }
}

/// A signature of the account for the next hour or so, by the rules of the REST reference ("Create an account SAS").
fn sas(permissions: &str) -> String {
    let (expiry, version) = ("2099-01-01T00:00:00Z", "2021-12-02");
    let text = format!("{ACCOUNT}\n{permissions}\nb\nsco\n\n{expiry}\n\n\n{version}\n\n");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
    let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
    let signature = percent_encoding::utf8_percent_encode(&signature, percent_encoding::NON_ALPHANUMERIC);
    format!("sv={version}&ss=b&srt=sco&sp={permissions}&se={expiry}&sig={signature}")
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[test]
fn a_task_for_each_blob_is_planned_applied_and_left_alone() {
    let blobs =
        names(["in/b c.png", "in/a.png", "in/größe 5+6.png", "in/a.txt", "in/deep/d&e.png", "out/x.png"]);
    let Some(container) = Container::with(&blobs, false) else { return };
    let sandbox = Sandbox::new();
    let selection = r#"prefix: in/, include: "**/*.png", exclude: "in/deep/**""#;
    let command = |name: &str| {
        container
            .command(&sandbox, selection, name)
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
    let Some(container) = Container::with(&blobs, false) else { return };
    let sandbox = Sandbox::new();
    let validated = container
        .command(&sandbox, "", "validate")
        .env("AZURE_STORAGE_CONNECTION_STRING", container.connection_string())
        .run();
    validated.success().stdout_contains("5,003 tasks");
    let listed = container
        .command(&sandbox, "exclude: \"n0[0-4]*\"", "render")
        .env("AZURE_STORAGE_SAS_TOKEN", sas("rl"))
        .run();
    let urls: Vec<usize> =
        ["n05000", "n05001", "n05002"].iter().map(|name| listed.stdout.find(name).unwrap()).collect();
    assert!(urls.is_sorted(), "{urls:?}");
    listed.never_mentions("n04999");
}

#[test]
fn every_way_to_prove_oneself_is_taken_and_none_is_shown() {
    let Some(container) = Container::with(&names(["only.txt"]), false) else { return };
    let sandbox = Sandbox::new();
    let signature = sas("l");
    let sig = signature.rsplit_once("sig=").unwrap().1.to_owned();
    let by_sas = format!("BlobEndpoint={};SharedAccessSignature={signature}", container.endpoint);
    for (variable, value) in [
        ("AZURE_STORAGE_KEY", KEY.to_owned()),
        ("AZURE_STORAGE_SAS_TOKEN", format!("?{signature}")),
        ("AZURE_STORAGE_CONNECTION_STRING", container.connection_string()),
        ("AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true".to_owned()),
        ("AZURE_STORAGE_CONNECTION_STRING", by_sas),
    ] {
        let output = container
            .command(&sandbox, "", "validate")
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
    let Some(public) = Container::with(&names(["only.txt"]), true) else { return };
    public.command(&sandbox, "", "validate").run().success().stdout_contains("1 task");
    let Some(private) = Container::with(&names(["only.txt"]), false) else { return };
    let refused = private.command(&sandbox, "", "validate").run();
    refused
        .code(3)
        .stderr_contains("error[unlisted]: the blobs cannot be listed")
        .stderr_contains("recipe.yaml:10:41")
        .stderr_contains("asked anonymously, answered")
        .stderr_contains("set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING");
}

#[test]
fn a_refusal_names_the_variable_and_hides_its_value() {
    let Some(container) = Container::with(&names(["only.txt"]), false) else { return };
    let sandbox = Sandbox::new();
    let with = |variable: &str, value: &str| {
        let output = container.command(&sandbox, "", "plan").env(variable, value).run();
        output.code(3).never_mentions(value);
        output
    };
    with("AZURE_STORAGE_KEY", "d3Jvbmc=")
        .stderr_contains("asked with AZURE_STORAGE_KEY, answered Auth")
        .stderr_contains("(HTTP 403)")
        .stderr_contains("check that AZURE_STORAGE_KEY is of this account");
    with("AZURE_STORAGE_KEY", "no base64!")
        .stderr_contains("AZURE_STORAGE_KEY cannot be used: its key is not base64");
    with("AZURE_STORAGE_SAS_TOKEN", &sas("r"))
        .stderr_contains("AuthorizationPermissionMismatch")
        .stderr_contains("must allow to list");
    let theirs = format!("AccountName=theirs;AccountKey={KEY}");
    with("AZURE_STORAGE_CONNECTION_STRING", &theirs)
        .stderr_contains("was not used: it belongs to the account `theirs`, and this is `devstoreaccount1`");
    let gone = Container { url: format!("{}/nothing-here", container.endpoint), endpoint: String::new() };
    let output = gone.command(&sandbox, "", "plan").env("AZURE_STORAGE_KEY", KEY).run();
    output
        .code(3)
        .stderr_contains("ContainerNotFound (HTTP 404)")
        .stderr_contains("check the container's name");
}

#[test]
fn a_container_where_nobody_listens_is_an_error_with_a_place() {
    let sandbox = Sandbox::new();
    let url = "http://127.0.0.1:9/devstoreaccount1/in".to_owned();
    let nobody = Container { url, endpoint: String::new() };
    let output = nobody.command(&sandbox, "", "plan").run();
    output
        .code(3)
        .stderr_contains("recipe.yaml:10:41")
        .stderr_contains("cannot be reached")
        .stderr_contains("is Azurite running");
}
