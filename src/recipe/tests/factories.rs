//! What `for_each` can go over, and what waits for what.

use std::path::Path;

use super::support::{findings, loaded, shown, summary, tasks, with_tasks};
use crate::diagnostic::Span;
use crate::recipe::document::{BlobSelection, Field};
use crate::recipe::files::Folders;
use crate::recipe::listing::{Blob, BlobLister, Listings, Unlisted};
use crate::recipe::{LoadRequest, Loaded, load};
use crate::resource::TaskSpec;

/// The commands of the tasks of a `for_each`, of which each is the item as the expressions give it.
fn items(for_each: &str, expressions: &str) -> Vec<String> {
    let loaded = loaded(&recipe(for_each, expressions));
    tasks(&loaded).iter().map(|task| task.arguments().join(" ")).collect()
}

fn recipe(for_each: &str, expressions: &str) -> String {
    let arguments: Vec<String> =
        expressions.split_whitespace().map(|name| format!("\"${{{{ {name} }}}}\"")).collect();
    with_tasks(&format!(
        "t:\n  for_each: {for_each}\n  container: {{ image: b:1 }}\n  command: [{}]",
        arguments.join(", ")
    ))
}

/// The first error of a `for_each`, without its place.
fn mistake(for_each: &str) -> String {
    let shown = shown(&recipe(for_each, "task.id"));
    shown.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_list_or_a_factory_alone_gives_the_item_itself() {
    assert_eq!(items("[a, 2]", "item"), ["a", "2"]);
    assert_eq!(items("{ list: [a, 2] }", "item"), ["a", "2"]);
    assert_eq!(items("{ range: [3, 1, -1] }", "item"), ["3", "2", "1"]);
    assert_eq!(items("{ repeat: 3 }", "item task.number"), ["1 1", "2 2", "3 3"]);
    assert_eq!(items("[{ name: x, size: 1 }, { name: y, size: 2 }]", "item.name item.size"), ["x 1", "y 2"]);
    assert_eq!(items("\"${{ range(params.n) }}\"", "item"), ["0", "1", "2"]);
    assert_eq!(items("{ repeat: 0 }", "item"), Vec::<String>::new());
}

#[test]
fn ids_hold_values_or_numbers() {
    let ids = |for_each: &str| items(for_each, "task.id");
    assert_eq!(ids("[a, b]"), ["t-a", "t-b"]);
    assert_eq!(ids("{ repeat: 2 }"), ["t-1", "t-2"]);
    assert_eq!(ids("{ zip: { a: [x, y], b: [1, 2] } }"), ["t-x-1", "t-y-2"]);
    assert_eq!(ids("{ combinations: { of: [a, b], length: 1 } }"), ["t-00001", "t-00002"]);
    assert_eq!(ids("{ random: { count: 2, uniform: {} } }"), ["t-00001", "t-00002"]);
    assert_eq!(ids("{ a: [x], r: { random: { count: 2, uniform: {} } } }"), ["t-00001", "t-00002"]);
}

#[test]
fn products_and_zips_nest() {
    assert_eq!(items("{ zip: { a: [x, y], b: { range: [1, 2] } } }", "item.a item.b"), ["x 1", "y 2"]);
    assert_eq!(
        items("{ pair: { zip: { a: [x, y], b: [1, 2] } }, s: [7, 8] }", "item.pair.a item.pair.b item.s"),
        ["x 1 7", "x 1 8", "y 2 7", "y 2 8"]
    );
    assert_eq!(items("{ product: { a: [x, y], b: [1, 2] } }", "item.a item.b"), ["x 1", "x 2", "y 1", "y 2"]);
    let uneven = shown(&recipe("{ zip: { a: [x, y], b: [1] } }", "item.a"));
    assert!(uneven.contains("the keys of `zip` must have equally many values"), "{uneven}");
    assert!(uneven.contains("`a` has 2, `b` has 1"), "{uneven}");
}

#[test]
fn choices_come_in_the_order_of_the_values() {
    let of = |rest: &str| items(rest, "item|join('+')");
    assert_eq!(of("{ combinations: { of: [a, b, c], length: 2 } }"), ["a+b", "a+c", "b+c"]);
    assert_eq!(of("{ combinations: { of: [a, b], length: 2, replacement: true } }"), ["a+a", "a+b", "b+b"]);
    assert_eq!(of("{ permutations: { of: [a, b] } }"), ["a+b", "b+a"]);
    assert_eq!(of("{ permutations: { of: { range: [1, 3] }, length: 1 } }"), ["1", "2", "3"]);
    assert_eq!(
        mistake("{ combinations: { of: [a, b], length: 3 } }"),
        "error[invalid-value]: 3 values cannot be chosen from 2"
    );
    assert_eq!(
        mistake("{ combinations: { of: { range: [1, 1000] }, length: 100 } }"),
        "error[too-many-tasks]: `for_each` makes more than 10000000 tasks"
    );
}

#[test]
fn random_numbers_are_the_same_every_time_and_differ_by_seed_and_key() {
    let numbers = |for_each: &str, names: &str| items(for_each, names);
    let first = numbers("{ random: { count: 3, seed: 7, uniform: { low: 1, high: 2 } } }", "item");
    assert_eq!(first, numbers("{ random: { count: 3, seed: 7, uniform: { low: 1, high: 2 } } }", "item"));
    // More items do not change those before them.
    assert_eq!(
        first,
        numbers("{ random: { count: 5, seed: 7, uniform: { low: 1, high: 2 } } }", "item")[..3]
    );
    assert_ne!(first, numbers("{ random: { count: 3, seed: 8, uniform: { low: 1, high: 2 } } }", "item"));
    let two =
        "{ zip: { a: { random: { count: 2, uniform: {} } }, b: { random: { count: 2, uniform: {} } } } }";
    let [a, b] = ["item.a", "item.b"].map(|name| numbers(two, name));
    assert_ne!(a, b);
}

#[test]
fn random_numbers_need_one_distribution_that_makes_sense() {
    assert_eq!(
        mistake("{ random: { count: 1 } }"),
        "error[missing-key]: random numbers need exactly one distribution"
    );
    assert_eq!(
        mistake("{ random: { count: 1, gauss: {}, uniform: {} } }"),
        "error[invalid-value]: random numbers need exactly one distribution"
    );
    assert_eq!(
        mistake("{ random: { count: 1, uniform: { low: 2, high: 1 } } }"),
        "error[invalid-value]: `low` must not be above `high`"
    );
    assert_eq!(
        mistake("{ random: { count: 1, triangular: { mode: 2 } } }"),
        "error[invalid-value]: `mode` must be between `low` and `high`"
    );
    assert_eq!(
        mistake("{ random: { count: 1, gamma: { alpha: 0, beta: 1 } } }"),
        "error[invalid-value]: `alpha` must be greater than 0"
    );
    assert_eq!(
        mistake("{ random: { count: 1, integer: [2, 1] } }"),
        "error[invalid-value]: there is no integer between these"
    );
    assert_eq!(mistake("{ random: { count: 1, normal: {} } }"), "error[unknown-key]: unknown key `normal`");
}

#[test]
fn a_matrix_leaves_out_what_it_excludes() {
    let matrix = "{ matrix: { os: [linux, windows], version: [1, 2, 3], exclude: [{ os: windows, version: 1 }, { version: 3 }] } }";
    assert_eq!(items(matrix, "item.os item.version"), ["linux 1", "linux 2", "windows 2"]);
    assert_eq!(items(matrix, "task.id"), ["t-linux-1", "t-linux-2", "t-windows-2"]);
    let all = "{ matrix: { os: [linux], exclude: [{ os: linux }] } }";
    assert_eq!(items(all, "item.os"), Vec::<String>::new());
    assert_eq!(
        mistake("{ matrix: { os: [linux], exclude: [{ so: linux }] } }"),
        "error[unknown-key]: the matrix has no axis `so`"
    );
}

/// The example of the documentation of GitHub Actions, with its result.
#[test]
fn a_matrix_includes_as_workflows_do() {
    let matrix = "\n    matrix:\n      fruit: [apple, pear]\n      animal: [cat, dog]\n      include:\n        - { color: green }\n        - { color: pink, animal: cat }\n        - { fruit: apple, shape: circle }\n        - { fruit: banana }\n        - { fruit: banana, animal: cat }";
    let names = "item.fruit item.animal|default('-') item.color|default('-') item.shape|default('-')";
    assert_eq!(
        items(matrix, names),
        [
            "apple cat pink circle",
            "apple dog green circle",
            "pear cat pink -",
            "pear dog green -",
            "banana - - -",
            "banana cat - -",
        ]
    );
}

#[test]
fn a_matrix_may_be_made_of_inclusions_alone() {
    let matrix = "{ matrix: { include: [{ site: production, data: 1 }, { site: staging, data: 2 }] } }";
    assert_eq!(items(matrix, "item.site item.data"), ["production 1", "staging 2"]);
    assert_eq!(items(matrix, "task.id"), ["t-production-1", "t-staging-2"]);
    let absent = recipe("{ matrix: { include: [{ a: 1 }, { b: 2 }] } }", "item.a");
    assert_eq!(findings(&absent), ["bad-expression: item.a"]);
}

/// Loads a recipe from a folder with files.
fn load_in(folder: &Path, text: &str, blobs: Option<BlobLister>) -> Result<Loaded, Vec<String>> {
    let path = folder.join("recipe.yaml");
    std::fs::write(&path, text).unwrap();
    load(&LoadRequest { path, blobs, ..LoadRequest::default() }).map_err(|report| summary(&report))
}

fn commands(loaded: &Loaded) -> Vec<String> {
    tasks(loaded).iter().map(|task: &TaskSpec| task.arguments().join(" ")).collect()
}

#[test]
fn files_are_those_below_the_recipes_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("data/old")).unwrap();
    for name in ["b.csv", "a.tar.gz", "old/c.csv"] {
        std::fs::write(folder.path().join("data").join(name), "").unwrap();
    }
    let load = |for_each: &str, names: &str| load_in(folder.path(), &recipe(for_each, names), None);
    let all = "item.path item.basename item.dirname item.stem item.extension task.id";
    assert_eq!(
        commands(&load("{ files: data/* }", all).unwrap()),
        ["data/a.tar.gz a.tar.gz data a.tar gz t-00001", "data/b.csv b.csv data b csv t-00002"]
    );
    let csv = "{ f: { files: { include: \"**/*.csv\", exclude: [data/old/**] } }, n: [1, 2] }";
    assert_eq!(commands(&load(csv, "item.f.path item.n").unwrap()), ["data/b.csv 1", "data/b.csv 2"]);
    assert_eq!(commands(&load("{ files: [none/*, \"*.txt\"] }", "item.path").unwrap()), Vec::<String>::new());
    assert_eq!(load("{ files: /etc/* }", "item.path").unwrap_err(), ["invalid-value: /etc/*"]);
    assert_eq!(load("{ files: [\"*\", ../*] }", "item.path").unwrap_err(), ["invalid-value: ../*"]);
    assert_eq!(load("{ files: \"*\" }", "item.name").unwrap_err(), ["undefined-name: item.name"]);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("data/out.csv")).unwrap();
    assert_eq!(load("{ files: data/*.csv }", "item.path").unwrap_err(), ["unreadable: data/*.csv"]);
}

#[test]
fn blobs_come_from_whoever_lists_them() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = "{ blobs: { container: \"https://a.blob.core.windows.net/in/\", prefix: x/, include: \"**/*.png\" } }";
    let text = recipe(blobs, "item.path item.stem item.size item.url");
    let lister = BlobLister::new(|query| {
        assert_eq!(query.container, "https://a.blob.core.windows.net/in");
        assert_eq!(query.prefix.as_deref(), Some("x/"));
        Ok(vec![blob("x/b c.png", 2), blob("x/a.png", 1), blob("x/a.txt", 3)])
    });
    assert_eq!(
        commands(&load_in(folder.path(), &text, Some(lister)).unwrap()),
        [
            "x/a.png a 1 https://a.blob.core.windows.net/in/x/a.png",
            "x/b c.png b c 2 https://a.blob.core.windows.net/in/x/b%20c.png",
        ]
    );
    let with_query = |query: &str| {
        let container = format!("https://a.blob.core.windows.net/in?{query}");
        findings(&recipe(&format!("{{ blobs: {{ container: \"{container}\" }} }}"), "item.url"))
    };
    assert!(with_query("sv=x")[0].starts_with("invalid-value: "), "{:?}", with_query("sv=x"));
    assert!(with_query("sig=x")[0].starts_with("plaintext-secret: "), "{:?}", with_query("sig=x"));
}

fn blob(name: &str, size: u64) -> Blob {
    Blob { name: name.to_owned(), size }
}

#[test]
fn a_container_that_cannot_be_listed_is_marked_with_the_reason_and_what_to_try() {
    let folder = tempfile::tempdir().unwrap();
    let text = recipe("{ blobs: { container: \"https://a.blob.core.windows.net/in\" } }", "item.path");
    let refused = BlobLister::new(|_| {
        Err(Unlisted { reason: "the service says no".to_owned(), help: Some("ask nicely".to_owned()) })
    });
    let path = folder.path().join("recipe.yaml");
    std::fs::write(&path, &text).unwrap();
    let report = load(&LoadRequest { path, blobs: Some(refused), ..LoadRequest::default() }).unwrap_err();
    assert_eq!(summary(&report), ["unlisted: \"https://a.blob.core.windows.net/in\""]);
    let finding = &report.diagnostics[0];
    assert_eq!(finding.notes, ["the service says no"]);
    assert_eq!(finding.help, ["ask nicely"]);
    let shown = shown(&text);
    assert!(shown.contains("listing blobs takes Azure Storage, which is not asked here"), "{shown}");
}

#[test]
fn a_container_is_listed_once_for_all_who_ask_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = |include: &str| {
        format!(
            "{{ blobs: {{ container: \"https://a.blob.core.windows.net/in\", include: \"{include}\" }} }}"
        )
    };
    let task = |name: &str, include: &str| {
        format!(
            "{name}: {{ for_each: {}, container: {{ image: b:1 }}, command: [\"${{{{ item.path }}}}\"] }}\n",
            blobs(include)
        )
    };
    let text = with_tasks(&format!("{}{}", task("a", "*.png"), task("b", "*.txt")));
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = asked.clone();
    let lister = BlobLister::new(move |_| {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(vec![blob("1.png", 0), blob("2.txt", 0), blob("3.png", 0)])
    });
    let loaded = load_in(folder.path(), &text, Some(lister)).unwrap();
    assert_eq!(commands(&loaded), ["1.png", "3.png", "2.txt"]);
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn a_container_that_lists_more_blobs_than_there_may_be_tasks_is_refused() {
    let span = Span::default();
    let container = Field::new(span, "https://a.blob.core.windows.net/in".to_owned());
    let selection = BlobSelection { container, prefix: None, include: None, exclude: None };
    let lister = BlobLister::new(|query| Ok(vec![blob("x", 0); query.most + 1]));
    let listings = Listings::new(Folders::default(), Some(lister));
    let finding = listings.blobs(&selection, span, 5).unwrap_err();
    assert_eq!(finding.message, "the container lists more than 5 blobs");
    assert_eq!(finding.code.name, "too-many-tasks");
}

#[test]
fn a_factory_waits_for_another_wholly_or_one_by_one() {
    let text = |depends_on: &str, count: u32| {
        with_tasks(&format!(
            "prepare: {{ for_each: {{ repeat: 3 }}, container: {{ image: b:1 }} }}\n\
             run: {{ for_each: {{ repeat: {count} }}, depends_on: [{depends_on}], container: {{ image: b:1 }} }}"
        ))
    };
    let waits = |depends_on: &str, count| -> Vec<Vec<String>> {
        tasks(&loaded(&text(depends_on, count))).into_iter().skip(3).map(|task| task.depends_on).collect()
    };
    for all in ["prepare", "prepare.*"] {
        assert_eq!(waits(all, 2), vec![vec!["prepare-1", "prepare-2", "prepare-3"]; 2]);
    }
    assert_eq!(waits("prepare.each", 3), [["prepare-1"], ["prepare-2"], ["prepare-3"]]);
    assert_eq!(findings(&text("prepare.each", 2)), ["unequal-counts: prepare.each"]);
    let shown = shown(&text("prepare.each", 2));
    assert!(shown.contains("`run` makes 2 tasks and `prepare` makes 3 tasks"), "{shown}");
    assert_eq!(findings(&text("prepair.each", 3)), ["unknown-task: prepair.each"]);
    assert_eq!(findings(&text("run.each", 3)), ["dependency-cycle: run.each"]);
}

#[test]
fn one_by_one_goes_on_over_several_steps() {
    let text = with_tasks(
        "a: { for_each: { repeat: 2 }, container: { image: b:1 } }\n\
         b: { for_each: { repeat: 2 }, depends_on: [a.each], container: { image: b:1 } }\n\
         c: { depends_on: [b, a.*], container: { image: b:1 } }",
    );
    let waits: Vec<_> = tasks(&loaded(&text)).into_iter().map(|task| task.depends_on).collect();
    assert_eq!(waits, [vec![], vec![], vec!["a-1"], vec!["a-2"], vec!["a-1", "a-2", "b-1", "b-2"]]);
}

#[test]
fn a_factory_without_values_is_warned_of_once_and_at_its_place() {
    let found = |for_each: &str| findings(&with_tasks(&format!("t: {{ for_each: {for_each}, command: x }}")));
    for (for_each, marked) in [
        ("{ range: [5, 1] }", "[5, 1]"),
        ("[]", "[]"),
        ("{ list: [] }", "[]"),
        ("{ a: [1], b: [], c: [] }", "[]"),
        ("{ files: \"nonexist/*.csv\" }", "\"nonexist/*.csv\""),
    ] {
        let of_rule: Vec<String> =
            found(for_each).into_iter().filter(|finding| finding.contains("empty-factory")).collect();
        assert_eq!(of_rule, [format!("warning empty-factory: {marked}")], "{for_each}");
    }
    let shown = shown(&with_tasks("t: { for_each: { files: { include: [\"a/*\", \"b/*\"] } }, command: x }"));
    assert!(shown.contains("matches `a/*` or `b/*`") && shown.contains("no file below /"), "{shown}");
}
