//! Every mistake is reported, at its place, once.

use super::support::{findings, loaded, places, shown, tasks, with_tasks};

const FIVE: &str = r#"api_version: batchyard/v1
name: five
parameters:
  nodes: { type: integer, default: 2 }
pools:
  gpu:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: { prefech: [busybox] }
    nodes: { dedicated: many }
jobs:
  train:
    pool: cpu
    tasks:
      prepare:
        container: { image: "busybox:${{ params.tag }}" }
      epoch:
        container: { image: b:1 }
        depends_on: [prepair]
"#;

#[test]
fn five_different_mistakes_are_all_reported_at_once() {
    assert_eq!(
        places(FIVE),
        [
            "9:18 unknown-key",
            "10:25 wrong-type",
            "13:11 unknown-pool",
            "16:42 undefined-name",
            "19:22 unknown-task"
        ]
    );
}

#[test]
fn a_finding_shows_excerpt_caret_and_help() {
    let shown = shown(FIVE);
    let expected = r#"error[undefined-name]: `params.tag` is not defined
  --> recipe.yaml:16:42
   |
16 |         container: { image: "busybox:${{ params.tag }}" }
   |                                          ^^^^^^^^^^
   |
   = help: known here: `params.nodes`
"#;
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn one_mistake_has_no_followers() {
    // A pool that cannot be read is no missing pool, has no missing container and no missing slots.
    let task = with_tasks("t:\n  container: { image: b:1 }\n  slots: 4");
    let broken_pool =
        task.replace("container: {},", "container: 7,").replace("nodes:", "slots_per_node: x, nodes:");
    assert_eq!(findings(&broken_pool), ["wrong-type: 7", "wrong-type: x"]);
    // A misspelt required key is not missing too.
    assert_eq!(findings(&with_tasks("t: { container: { imgae: busybox } }")), ["unknown-key: imgae"]);
    // A parameter without a usable value spoils nothing that uses it.
    let uses = with_tasks("t: { container: { image: \"b:${{ params.n }}\" }, retries: \"${{ params.n }}\" }");
    assert_eq!(findings(&uses.replace("default: 3", "default: x")), ["bad-parameter: x"]);
    // Parameters that cannot be read are not undefined.
    assert_eq!(findings(&uses.replace("\n  n: { type: integer, default: 3 }", " 3")), ["wrong-type: 3"]);
    // A section that cannot be read is not empty.
    let pools = "api_version: batchyard/v1\nname: x\npools: []\njobs: { j: { pool: p, tasks: {} } }\n";
    assert_eq!(findings(pools), ["wrong-type: []"]);
    // A `for_each` that cannot be read still defines its keys.
    let for_each = with_tasks("t: { for_each: { a: 3 }, container: { image: \"x:${{ item.a }}\" } }");
    assert_eq!(findings(&for_each), ["wrong-type: 3"]);
    // A number of items without a value is not a number above all limits.
    let counted = with_tasks(
        "t: { for_each: { random: { count: \"${{ params.n }}\", uniform: {} } }, container: { image: b:1 }, command: [x] }",
    );
    assert_eq!(findings(&counted.replace("default: 3", "default: x")), ["bad-parameter: x"]);
}

#[test]
fn a_mistake_inside_an_alternative_is_marked_there() {
    let auto = with_tasks("t: { container: { image: b:1 }, command: [x] }").replace(
        "pool: p\n",
        "pool: { auto: { pool: { vm_sise: S, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: 1 } } } }\n",
    );
    assert_eq!(findings(&auto), ["unknown-key: vm_sise"]);
}

#[test]
fn an_expression_in_a_block_is_marked_in_its_line() {
    let text = with_tasks(
        "t:\n  container: { image: b:1 }\n  command: |\n\n    first\n      echo ${{ item.x }}\n    last ${{ params.nn }}",
    );
    assert_eq!(findings(&text), ["undefined-name: item.x", "undefined-name: params.nn"]);
}

#[test]
fn an_expression_in_a_rewritten_scalar_is_marked_where_it_was_written() {
    let folded = with_tasks("t:\n  container: { image: b:1 }\n  command: >\n    first\n    ${{ params.nn }}");
    assert_eq!(findings(&folded), ["undefined-name: params.nn"]);
    assert_eq!(places(&folded), ["15:15 undefined-name"]);
    let escaped = with_tasks("t:\n  container: { image: \"\\x62:${{ params.nn }}\" }");
    assert_eq!(findings(&escaped), ["undefined-name: params.nn"]);
    assert_eq!(places(&escaped), ["12:39 undefined-name"]);
}

#[test]
fn a_password_is_refused_and_never_shown() {
    let recipe = |password: &str| {
        format!(
            "api_version: batchyard/v1\nname: x\nregistries:\n  acr:\n    server: r.io\n    usrname: ci\n    password: {password}\n    identity: 7\n"
        )
    };
    for password in [
        "hunter2",
        "'hunter2'",
        "|\n      hunter2\n      hunter2",
        "${{ 'hunter2' }}",
        "{ env: A, hunter: { x: y }",
        "!hunter2 hunter2: hunter2",
        "!hunter2",
        "*hunter2",
        "\"hunter2",
    ] {
        let shown = shown(&recipe(password));
        assert!(shown.contains("error["), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let shown = shown(&recipe("hunter2"));
    assert!(
        shown.contains("plaintext-secret") && shown.contains("********") && shown.contains("{ env: NAME }"),
        "{shown}"
    );
    assert!(
        shown.contains("did you mean `username`?") && shown.contains("`identity` must be a string"),
        "{shown}"
    );
}

#[test]
fn unquoted_expressions_are_told_to_be_quoted() {
    for text in ["a: { b: ${{ params.n }} }", "a: [${{ params.n }}]", "a: ${{ {'b': 1} }}"] {
        let shown = shown(text);
        assert!(shown.contains("in quotes: \"${{ … }}\""), "{text}: {shown}");
    }
    assert!(shown(&with_tasks("t: { container: { image: {{ x }} } }")).contains("\"${{ … }}\""));
    assert!(shown(&with_tasks("t:\n  command: ${{ x # y }}")).contains("put the value in quotes"));
}

#[test]
fn expressions_cannot_change_the_structure() {
    let text = "api_version: batchyard/v1\nname: ${{ 'x' }}\npools: ${{ {} }}\njobs:\n  j:\n    pool: { id: p }\n    tasks:\n      t: ${{ params }}\n";
    assert_eq!(
        findings(text),
        ["bad-expression: ${{ 'x' }}", "bad-expression: ${{ {} }}", "bad-expression: ${{ params }}"]
    );
    assert_eq!(findings("${{ a }}: 1\napi_version: batchyard/v1\nname: x"), ["bad-expression: ${{ a }}"]);
}

#[test]
fn yaml_itself_is_checked() {
    assert_eq!(places(""), ["1:1 syntax"]);
    assert_eq!(places("# nothing\n"), ["1:1 syntax"]);
    assert_eq!(places("just text"), ["1:1 wrong-type"]);
    assert_eq!(places("api_version: batchyard/v1\nname: x\nname: y\n"), ["3:1 duplicate-key"]);
    assert_eq!(places("api_version: batchyard/v1\nname: x\n---\nname: y\n"), ["3:1 syntax"]);
    assert_eq!(places("api_version: batchyard/v1\nname: *x\n"), ["2:7 syntax"]);
    assert_eq!(places("api_version: batchyard/v1\nname: !x y\n"), ["2:10 syntax"]);
    assert_eq!(places("api_version: batchyard/v1\nname: x\npools:\n\tp: 1\n"), ["4:2 syntax"]);
    assert_eq!(places("api_version: batchyard/v1\nname: x\npools:\n  <<: {}\n"), ["4:3 syntax"]);
    assert_eq!(places("api_version: batchyard/v1\nname: x\n? [a]\n: b\n"), ["3:3 syntax"]);
    assert_eq!(places("api_version: batchyard/v1\n"), ["1:1 missing-key"]);
}

#[test]
fn values_are_checked_in_the_words_of_the_recipe() {
    let message = |task: &str| {
        let shown = shown(&with_tasks(&format!("t: {{ container: {{ image: b:1 }}, {task} }}")));
        shown.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(message("slots: 0"), "error[invalid-value]: `slots` must be at least 1");
    assert_eq!(message("slots: 1.5"), "error[wrong-type]: `slots` must be an integer, not a number");
    assert_eq!(
        message("max_wall_time: 2 hours"),
        "error[invalid-value]: `max_wall_time`: expected a duration such as 90s, 15m, 2h, 1d or 1h30m"
    );
    assert_eq!(
        message("max_wall_time: 1m1h"),
        "error[invalid-value]: expected a duration such as 90s, 15m, 2h, 1d or 1h30m"
    );
    assert_eq!(
        message("command: 7"),
        "error[wrong-type]: `command` must be a string or a list, not an integer"
    );
    assert_eq!(
        message("command: [[a]]"),
        "error[wrong-type]: `command` must be a boolean, a number or a string, not a list"
    );
    assert_eq!(
        message("environment: { A: null }"),
        "error[wrong-type]: `A` must be a boolean, a number, a string or a map, not nothing"
    );
    assert_eq!(
        message("environment: { A: { env: X, file: y } }"),
        "error[invalid-value]: `A` must have exactly one key"
    );
    assert_eq!(message("environment: { A=B: x }"), "error[invalid-value]: `A=B` is no possible name");
    assert_eq!(
        message("for_each: 3"),
        "error[wrong-type]: `for_each` must be a list or a map, not an integer"
    );
    assert_eq!(
        message("for_each: { range: [1, 2], x: [1] }"),
        "error[invalid-value]: `range` is no possible name"
    );
    assert_eq!(message("for_each: { a: { rnage: [1, 2] } }"), "error[unknown-key]: unknown key `rnage`");
    assert_eq!(
        message("for_each: { a: { range: [1] } }"),
        "error[invalid-value]: `range` must have at least 2 values"
    );
    assert_eq!(
        message("for_each: { a: { range: [1, 2, 0] } }"),
        "error[invalid-value]: the step of a range cannot be 0"
    );
    assert_eq!(
        message("id: a.b"),
        "error[invalid-value]: `id`: an id has 1 to 64 letters, digits, hyphens and underscores"
    );
}

#[test]
fn what_expressions_produce_is_checked_too() {
    let task = |rest: &str| findings(&with_tasks(&format!("t: {{ container: {{ image: b:1 }}, {rest} }}")));
    assert_eq!(task("slots: \"${{ params.n - 5 }}\""), ["invalid-value: \"${{ params.n - 5 }}\""]);
    assert_eq!(task("slots: \"${{ 'x' }}\""), ["wrong-type: \"${{ 'x' }}\""]);
    assert_eq!(task("command: [\"${{ [] }}\"]"), ["wrong-type: \"${{ [] }}\""]);
    let later = "t:\n  for_each: { s: { range: [-1, 1] } }\n  id: \"a${{ item.s + 1 }}\"\n  container: { image: b:1 }\n  slots: \"${{ item.s }}\"";
    assert_eq!(findings(&with_tasks(later)), ["invalid-value: \"${{ item.s }}\""]);
    assert!(shown(&with_tasks(later)).contains("this is about the task for s = -1"));
}

#[test]
fn the_text_of_a_number_is_kept() {
    let loaded = loaded(&with_tasks(
        "t: { container: { image: b:1 }, command: [a, 1.10, 0x1F, true, \"${{ params.n }}\"], environment: { V: 1.10 } }",
    ));
    let task = &tasks(&loaded)[0];
    assert_eq!(task.arguments(), ["a", "1.10", "0x1F", "true", "3"]);
    assert_eq!(format!("{:?}", task.environment["V"]), "Plain(\"1.10\")");
}

#[test]
fn names_of_the_rest_api_lead_to_those_of_recipes() {
    let pool = |rest: &str| {
        shown(
            &with_tasks("t: { container: { image: b:1 } }")
                .replace("container: {},", &format!("container: {{}}, {rest},")),
        )
    };
    let shown = pool("targetDedicatedNodes: 1");
    assert!(shown.contains("in a recipe this is `nodes.dedicated`"), "{shown}");
    let shown = pool("network_configuration: { subnet_id: /subscriptions/s }");
    assert!(shown.contains("in a recipe this is `network`"), "{shown}");
    let shown = pool("network: { publicIPs: [] }");
    assert!(
        shown.contains("error[removed-property]: `publicIPs` cannot be set")
            && shown.contains("up to api-version 2019-08-01.10.0")
            && shown.contains("public_ip_address: { provision: user_managed"),
        "{shown}"
    );
    let shown = pool("certificate_references: []");
    assert!(shown.contains("up to api-version 2024-02-01.19.0") && shown.contains("Key Vault"), "{shown}");
    let shown = pool("identity: { type: UserAssigned }");
    assert!(shown.contains("in Azure Resource Manager only"), "{shown}");
}

#[test]
fn what_has_no_place_in_a_part_is_refused_there() {
    let auto = "api_version: batchyard/v1\nname: x\njobs:\n  j:\n    pool: { auto: { pool: { id: mine, vm_size: S, image: ubuntu-22.04, nodes: { dedicated: 1 } } } }\n";
    assert_eq!(findings(auto), ["invalid-value: id"]);
    let schedule = "api_version: batchyard/v1\nname: x\nschedules:\n  s: { recurrence: { interval: 1d }, job: { pool: { id: p }, manager_task: { command: a }, tasks: {} } }\n";
    assert_eq!(findings(schedule), ["invalid-value: tasks"]);
    assert!(shown(schedule).contains("`tasks` has no place here"), "{}", shown(schedule));
}

#[test]
fn the_job_of_a_schedule_is_part_of_the_structure_as_any_job_is() {
    let text = "api_version: batchyard/v1\nname: x\nparameters: { j: { type: object, default: { pool: { id: p }, manager_task: { command: a } } } }\n";
    let scheduled = format!(
        "{text}schedules:\n  n: {{ recurrence: {{ interval: 1d }}, job: \"${{{{ params.j }}}}\" }}\n"
    );
    let plain = format!("{text}jobs: {{ n: \"${{{{ params.j }}}}\" }}\n");
    for text in [&scheduled, &plain] {
        let found = findings(text);
        assert!(found.contains(&"bad-expression: \"${{ params.j }}\"".to_owned()), "{found:?}");
    }
    assert!(shown(&scheduled).contains("`job` cannot be made by an expression"), "{}", shown(&scheduled));
}

#[test]
fn secrets_of_pools_and_urls_with_signatures_are_refused_and_never_shown() {
    for property in [
        "user_accounts: { u: { password: hunter2 } }",
        "user_accounts: { u: { password: { env: A }, linux: { ssh_private_key: hunter2 } } }",
        "mounts: { m: { azure_blob: { account_name: a, container_name: c, account_key: hunter2 } } }",
        "mounts: { m: { azure_blob: { account_name: a, container_name: c, sas_key: hunter2 } } }",
        "start_task: { command: x, resource_files: [{ http_url: 'https://a/b?sv=1&sig=hunter2', file_path: b }] }",
        "start_task: { command: x, environment: { URL: 'https://a/b?sig=hunter2' } }",
    ] {
        let text = with_tasks("t: { container: { image: b:1 } }")
            .replace("container: {},", &format!("container: {{}}, {property},"));
        let shown = shown(&text);
        assert!(shown.contains("error[plaintext-secret]") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_secret_is_hidden_whatever_its_owner_is_called_and_wherever_it_was_put() {
    for (text, code) in [
        ("registries: { settings: { server: r.io, username: u, password: hunter2 } }", "plaintext-secret"),
        ("registries: { for_each: { server: r.io, username: u, password: hunter2 } }", "plaintext-secret"),
        ("registries: { metadata: { server: r.io, username: u, password: hunter2 } }", "plaintext-secret"),
        ("registries: { environment: [{ server: r.io, password: hunter2 }] }", "plaintext-secret"),
        ("registries: { password: hunter2 }", "plaintext-secret"),
        ("registry: { settings: { password: hunter2 } }", "plaintext-secret"),
        ("pools: { p: { user_accounts: { upload_headers: { password: hunter2 } } } }", "plaintext-secret"),
        ("pools: { p: { mounts: { environment: { cifs: { password: hunter2 } } } } }", "plaintext-secret"),
        ("pools: { p: { extensions: [{ protected_settings: { password: hunter2 } }] } }", "plaintext-secret"),
        ("parameters: { settings: { type: object, default: { password: hunter2 } } }", "plaintext-secret"),
    ] {
        let text = format!("api_version: batchyard/v1\nname: x\n{text}\n");
        let shown = shown(&text);
        assert!(shown.contains(&format!("error[{code}]")) && !shown.contains("hunter2"), "{text}{shown}");
    }
}

#[test]
fn a_variable_or_a_setting_may_be_called_like_a_secret() {
    let text = with_tasks("t: { container: { image: b:1 }, environment: { password: none } }").replace(
        "container: {},",
        "container: {}, metadata: { account_key: none }, extensions: { e: { publisher: p, type: t, settings: { password: none } } },",
    );
    let found = findings(&text);
    assert!(!found.iter().any(|finding| finding.starts_with("plaintext-secret")), "{found:?}");
}
