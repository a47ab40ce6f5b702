//! Recipes that more than one test applies.

/// A task that succeeds, one that fails with exit code 3, one that waits for the latter, and one that waits for that.
pub const FAILING: &str = r#"api_version: batchyard/v1
name: failing
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  j:
    pool: p
    tasks:
      ok: { container: { image: busybox }, command: ["true"] }
      bad:
        container: { image: busybox }
        command: ["false"]
        environment: { BATCHYARD_SIMULATE: exit=3 }
      after:
        depends_on: [bad]
        container: { image: busybox }
        command: ["true"]
      later:
        depends_on: [after]
        container: { image: busybox }
        command: ["true"]
"#;

/// A job with one task that runs for ten minutes and one that waits for it.
pub const SLOW: &str = r#"api_version: batchyard/v1
name: slow
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } }
jobs:
  j:
    pool: p
    tasks:
      long:
        container: { image: busybox }
        command: [sleep]
        environment: { BATCHYARD_SIMULATE: seconds=600 }
      next:
        depends_on: [long]
        container: { image: busybox }
        command: ["true"]
"#;

/// A job on a pool of the given nodes.
pub fn on_pool(pool: &str) -> String {
    format!(
        r#"api_version: batchyard/v1
name: waiting
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, {pool} }}
jobs:
  j:
    pool: p
    tasks:
      t: {{ container: {{ image: busybox }}, command: ["true"] }}
"#
    )
}

/// A job on a pool that no recipe makes.
pub const WITHOUT_POOL: &str = r#"api_version: batchyard/v1
name: homeless
jobs:
  n:
    pool: { id: not-there }
    tasks:
      t: { container: { image: busybox }, command: ["true"] }
"#;
