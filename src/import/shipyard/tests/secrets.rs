//! Secrets go in and never come out.

use super::support::{CREDENTIALS, POOL, became, holds, of};
use crate::import::Fate;
use crate::import::shipyard::{File, import};

const WHOLE: &str = "\
credentials:
  batch: { account_key: topsecret-batch, account_service_url: https://mine.westeurope.batch.azure.com }
  aad: { directory_id: tenant, application_id: app, auth_key: topsecret-aad, password: topsecret-user }
  storage: { link: { account: mystore, account_key: topsecret-storage } }
  docker_registry:
    hub: { username: me, password: topsecret-hub }
    team.azurecr.io: { username: team, password_keyvault_secret_id: https://v.vault.azure.net/secrets/p }
    unused.example: { username: x, password: topsecret-unused }
";

const SIGNED: &str =
    "https://x.blob.core.windows.net/c/f.bin?sv=2020&sig=topsecretABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

#[test]
fn registries_refer_to_their_passwords() {
    let config = "global_resources: { docker_images: [\"busybox:1\", \"team.azurecr.io/tool:2\"] }\n";
    let imported = of(&[("credentials.yaml", WHOLE), ("config.yaml", config), ("pool.yaml", POOL)]);
    holds(
        &imported,
        &[
            "hub: { username: me, password: { env: REGISTRY_HUB_PASSWORD } }",
            "team: { server: team.azurecr.io, username: team, password: { env: REGISTRY_TEAM_PASSWORD } }",
            "registries: [hub, team]",
        ],
    );
    became(&imported, "credentials.docker_registry.unused.example.username", Fate::Dropped, "no image");
    let team = imported.variables.iter().find(|variable| variable.name == "REGISTRY_TEAM_PASSWORD").unwrap();
    assert!(
        team.holds.contains("az keyvault secret show --id https://v.vault.azure.net/secrets/p"),
        "{team:?}"
    );
    let url = imported.variables.iter().find(|variable| variable.name == "AZURE_BATCH_ACCOUNT").unwrap();
    assert!(url.holds.starts_with("mine"), "{url:?}");
}

#[test]
fn no_secret_comes_out_wherever_it_stands() {
    let pool = format!(
        "{POOL}  additional_node_prep: {{ commands: {{ pre: [\"login --key topsecret-batch\", \"curl '{SIGNED}'\"] }}, environment_variables: {{ API_TOKEN: topsecret-token, PLAIN: see topsecret-storage }} }}\n  resource_files: [{{ blob_source: \"{SIGNED}\", file_path: f }}]\n"
    );
    let jobs = format!(
        "\
job_specifications:
- id: j
  environment_variables: {{ DB_PASSWORD: topsecret-db }}
  job_preparation: {{ command: \"login --password topsecret-prep\" }}
  tasks:
  - docker_image: busybox:1
    name: topsecret-hub
    labels: [k=topsecret-hub]
    command: \"curl {SIGNED} && run --password=topsecret-arg --user topsecret-hub\"
    environment_variables: {{ A: topsecret-batch }}
    resource_files: [{{ blob_source: \"{SIGNED}\", file_path: g }}]
    max_wall_time: topsecret-storage
    depends_on: [topsecret-storage]
"
    );
    let imported = of(&[("credentials.yaml", WHOLE), ("pool.yaml", &pool), ("jobs.yaml", &jobs)]);
    let everything = format!(
        "{}{:?}{:?}{:?}",
        imported.recipe.as_deref().unwrap(),
        imported.report,
        imported.variables,
        imported.to_do
    );
    assert!(
        !everything.contains("topsecret"),
        "{}",
        everything.lines().filter(|line| line.contains("topsecret")).collect::<Vec<_>>().join("\n")
    );
    let recipe = imported.recipe.as_deref().unwrap();
    for expected in [
        "API_TOKEN: { env: API_TOKEN }",
        "DB_PASSWORD: { env: DB_PASSWORD }",
        "$COMMAND_SECRET_1",
        "COMMAND_SECRET_1: { env: COMMAND_SECRET_1 }",
        "http_url: { env: RESOURCE_1_F_BIN_URL }",
    ] {
        assert!(recipe.contains(expected), "there is no {expected} in\n{recipe}");
    }
}

#[test]
fn excerpts_of_files_that_are_no_yaml_show_no_secret() {
    for text in [
        "credentials:\n  storage:\n    a: { account_key: topsecret ]\n",
        "credentials:\n  batch:\n   account_key: topsecret\n  account_key: \"topsecret\n",
        "credentials: { batch: { account_key: topsecret, account_key: topsecret } }\n",
    ] {
        let files = [File { name: "credentials.yaml".into(), text: text.into() }];
        let report = import(&files, "x").unwrap_err();
        let shown = format!("{:?}", report.diagnostics);
        assert!(!shown.contains("topsecret"), "{shown}");
        assert!(!report.secrets.is_empty(), "{text}");
    }
}

#[test]
fn the_account_s_credentials_are_told_to_belong_to_the_environment() {
    let imported = of(&[("credentials.yaml", CREDENTIALS), ("pool.yaml", POOL)]);
    let names: Vec<&str> = imported.variables.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ACCESS_KEY"]);
    became(&imported, "credentials.batch.account_key", Fate::Changed, "not copied");
}
