//! What the article on container workloads says of pools, in real containers; `docs/container-article.md` maps its sentences.

use crate::support::{Local, PrivateRegistry, Runtime, Service};

const RUNTIMES: [Runtime; 2] = [Runtime::Docker, Runtime::Oci];

/// Applies a recipe, sees that there is nothing left to plan, and destroys it; gives what `apply` printed.
#[track_caller]
fn applied(local: &Local, recipe: &str) -> String {
    local.sandbox().write("recipe.yaml", recipe);
    let applied = local.run(["apply", "recipe.yaml", "--auto-approve"]);
    applied.success();
    local.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success().stdout_contains("No changes.");
    local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    applied.stdout
}

#[test]
fn a_container_pool_needs_no_prefetched_images() {
    for runtime in RUNTIMES {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        let stdout = applied(
            &local,
            &format!(
                r#"api_version: batchyard/v1
name: bare
pools:
  # There is nothing in it, and it is needed all the same.
  p: {{ vm_size: Standard_D1_v2, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
      t: {{ container: {{ image: "{registry}/busybox:latest" }}, command: [echo, fetched when it was needed] }}
"#
            ),
        );
        assert!(stdout.contains("│ fetched when it was needed"), "{stdout}");
    }
}

#[test]
fn images_are_prefetched_by_name_and_by_digest_from_several_registries_at_once() {
    for runtime in RUNTIMES {
        let (Some(registry), Some(private)) = (Service::Registry.address(), PrivateRegistry::find()) else {
            return;
        };
        let Some(local) = Local::new(runtime) else { continue };
        let digest = digest(&registry, "entrypoint");
        let recipe = format!(
            r#"api_version: batchyard/v1
name: prefetched
registries:
  own: {{ server: "{server}", username: "{user}", password: {{ env: REGISTRY_PASSWORD }} }}
pools:
  p:
    vm_size: Standard_D1_v2
    image: ubuntu-22.04-container
    container:
      prefetch: ["{server}/busybox:latest", "{registry}/busybox:latest", "{registry}/entrypoint@{digest}"]
      registries: [own]
    nodes: {{ dedicated: 1 }}
jobs:
  j:
    pool: p
    tasks:
      private: {{ container: {{ image: "{server}/busybox:latest" }}, command: [echo, of the private one] }}
      open: {{ container: {{ image: "{registry}/busybox:latest" }}, command: [echo, of the open one] }}
      digest: {{ container: {{ image: "{registry}/entrypoint@{digest}" }} }}
"#,
            server = private.server,
            user = private.user,
        );
        local.sandbox().write("recipe.yaml", &recipe);
        let apply = local.command(["apply", "recipe.yaml", "--auto-approve"]);
        let applied = apply.env("REGISTRY_PASSWORD", &private.password).run();
        applied.success().stdout_contains("│ of the private one").stdout_contains("│ of the open one");
        applied.stdout_contains("│ hello from the entrypoint").never_mentions(&private.password);
        local.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    }
}

/// The digest by which a registry knows an image.
fn digest(registry: &str, image: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{registry}/v2/{image}/manifests/latest");
        let kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json";
        let answer = client.get(url).header("accept", kinds).send().await.unwrap();
        answer.headers()["docker-content-digest"].to_str().unwrap().to_owned()
    })
}

#[test]
fn a_node_whose_image_can_not_be_prefetched_is_unusable_and_says_why() {
    for runtime in RUNTIMES {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        local.sandbox().write(
            "recipe.yaml",
            &format!(
                r#"api_version: batchyard/v1
name: missing
pools:
  p:
    vm_size: Standard_D1_v2
    image: ubuntu-22.04-container
    container: {{ prefetch: ["{registry}/not-there:1"] }}
    nodes: {{ dedicated: 1 }}
"#
            ),
        );
        let applied = local.run(["apply", "recipe.yaml", "--auto-approve"]);
        applied.code(7).stdout_contains("unusable").stdout_contains("ContainerInvalidImage");
        applied.stdout_contains(&format!("{registry}/not-there:1"));
        local.run(["destroy", "recipe.yaml", "--auto-approve"]).success();
    }
}

/// What a task prints that runs a script on a pool with this start task; `REGISTRY` is the test's.
fn printed_after(start_task: &str, script: &str, check: impl Fn(&str)) {
    for runtime in RUNTIMES {
        let Some(registry) = Service::Registry.address() else { return };
        let Some(local) = Local::new(runtime) else { continue };
        let recipe = format!(
            r#"api_version: batchyard/v1
name: started
pools:
  p:
    vm_size: Standard_D1_v2
    image: ubuntu-22.04-container
    container: {{}}
    nodes: {{ dedicated: 1 }}
    start_task: {{ {start_task} }}
jobs:
  j:
    pool: p
    tasks:
      t: {{ container: {{ image: "REGISTRY/busybox:latest" }}, command: [/bin/sh, -c, "{script}"] }}
"#
        );
        check(&applied(&local, &recipe.replace("REGISTRY", &registry)));
    }
}

#[test]
fn a_start_task_on_the_host_prepares_what_containers_see() {
    printed_after(
        r#"elevation: admin, command: [sh, -c, "mkdir $AZ_BATCH_NODE_MOUNTS_DIR/files && echo served > $AZ_BATCH_NODE_MOUNTS_DIR/files/data"]"#,
        "cat $AZ_BATCH_NODE_MOUNTS_DIR/files/data; ls $AZ_BATCH_NODE_STARTUP_DIR",
        |stdout| assert!(stdout.contains("│ served") && stdout.contains("│ stdout.txt"), "{stdout}"),
    );
}

#[test]
fn a_start_task_in_a_container_prepares_what_others_see() {
    printed_after(
        r#"container: { image: "REGISTRY/busybox:latest" }, command: [/bin/sh, -c, "echo prepared in $AZ_BATCH_POOL_ID > $AZ_BATCH_NODE_SHARED_DIR/data"]"#,
        "cat $AZ_BATCH_NODE_SHARED_DIR/data",
        |stdout| assert!(stdout.contains("│ prepared in p"), "{stdout}"),
    );
}
