//! Anything may stand in a file.

use proptest::prelude::*;

use super::support::{CREDENTIALS, POOL, of};
use crate::import::shipyard::{File, import};

fn read(name: &str, text: &str) -> Result<Option<String>, String> {
    let imported = import(&[File { name: name.into(), text: text.into() }], "x");
    imported.map(|imported| imported.recipe).map_err(|report| report.diagnostics[0].message.clone())
}

#[test]
fn what_is_no_configuration_is_an_error_with_its_place() {
    let deep = format!("pool_specification: {}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\npool_specification: {}\n";
    for (name, text) in [
        ("pool.yaml", "pool_specification: [\n"),
        ("pool.yaml", "- a\n- b\n"),
        ("pool.yaml", "just words"),
        ("pool.json", "{ \"pool_specification\": "),
        ("pool.json", "[1, 2]"),
        ("pool.yaml", "a: 1\na: 2\n"),
        ("pool.yaml", &deep),
        ("pool.json", &deep),
        ("pool.yaml", bomb),
    ] {
        assert!(read(name, text).is_err(), "{}", text.chars().take(60).collect::<String>());
    }
    for nothing in ["", "\n", "# a comment\n", "null\n", "{}\n"] {
        assert_eq!(read("pool.yaml", nothing), Ok(None), "{nothing:?}");
    }
}

#[test]
fn json_is_read_as_yaml_is() {
    let json = r#"{ "pool_specification": { "id": "a", "vm_size": "STANDARD_D2_V3",
	"vm_count": { "dedicated": 1 }, "vm_configuration": { "platform_image": { "publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS" } } } }"#;
    assert!(read("pool.json", json).unwrap().unwrap().contains("vm_size: Standard_D2_v3"));
}

#[test]
fn aliases_are_followed() {
    let jobs = "job_specifications:\n- id: j\n  tasks:\n  - &task { docker_image: \"busybox:1\", command: run }\n  - *task\n";
    let imported = of(&[("pool.yaml", POOL), ("jobs.yaml", jobs)]);
    super::support::holds(&imported, &["task-00000:", "task-00001:"]);
}

#[test]
fn a_job_of_many_tasks_is_read_in_a_moment() {
    let tasks: String = (0..5_000)
        .map(|number| format!("  - {{ docker_image: \"busybox:1\", command: run {number} }}\n"))
        .collect();
    let imported = of(&[
        ("pool.yaml", POOL),
        ("jobs.yaml", &format!("job_specifications:\n- id: j\n  tasks:\n{tasks}")),
    ]);
    assert!(imported.recipe.unwrap().contains("task-04999:"));
    let line = imported.report.lines.iter().find(|line| line.key.ends_with(".command")).unwrap();
    assert_eq!(line.count, 5_000);
}

/// A configuration to change at will.
const JOBS: &str = "\
job_specifications:
- id: j
  shared_data_volumes: [v]
  recurrence: { schedule: { recurrence_interval: 01:00:00 } }
  auto_pool: { keep_alive: true }
  input_data: { azure_storage: [{ storage_account_settings: link, remote_path: a/b, local_path: /x }] }
  tasks:
  - docker_image: a/b
    task_factory: { parametric_sweep: { product: [{ start: 0, stop: 5, step: 2 }] }, random: { generate: 3, integer: { start: 0, stop: 9, step: 1 } } }
    multi_instance: { num_instances: pool_current_dedicated, mpi: { runtime: openmpi, processes_per_node: nproc } }
    command: /bin/sh -c \"run {0} $X\"
    depends_on: [x]
    depends_on_range: [0, 9]
    output_data: { azure_storage: [{ storage_account_settings: link, remote_path: c, include: ['*'] }] }
  merge_task: { docker_image: c }
";

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_edit_of_a_configuration_makes_it_stumble(
        at in 0_usize..1_200,
        cut in 0_usize..40,
        insert in "([{}\\[\\]:,\"'#&*!|>%@`$ \n-]|[a-z0-9é]|\\$\\{\\{|\\}\\}|9999999999999999999|null|true){0,6}",
        which in 0_usize..3,
    ) {
        let mut texts = [CREDENTIALS.to_owned(), POOL.to_owned(), JOBS.to_owned()];
        let text = &mut texts[which];
        let characters: Vec<char> = text.chars().collect();
        let at = at % characters.len();
        let changed: String = characters[..at].iter().copied().chain(insert.chars()).chain(characters.iter().skip(at + cut).copied()).collect();
        *text = changed;
        let files: Vec<File> = ["credentials.yaml", "pool.yaml", "jobs.yaml"].iter().zip(&texts)
            .map(|(name, text)| File { name: (*name).into(), text: text.clone() }).collect();
        if let Ok(imported) = import(&files, "x")
            && let Some(recipe) = imported.recipe
        {
            let laid_out = crate::recipe::format::format("recipe.yaml", &recipe);
            prop_assert!(laid_out.is_ok_and(|text| text == recipe), "{recipe}");
        }
    }
}
