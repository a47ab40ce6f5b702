//! The shape of the source tree, enforced: who may use whom, how long a file may be, what it may be called.
//!
//! `docs/contributing/architecture.md` draws the picture and gives the reasons; this is the same picture as data. The
//! rules look at the product's code only: what stands under `#[cfg(test)]` may use anything.

mod references;
mod rules;
mod tokens;
mod tree;

use rules::Violation;
use tree::Tree;

/// A module of the crate root and the modules that it may use.
struct Layer {
    module: &'static str,
    may_use: &'static str,
}

const fn layer(module: &'static str, may_use: &'static str) -> Layer {
    Layer { module, may_use }
}

impl Layer {
    fn may_use(&self) -> impl Iterator<Item = &'static str> {
        self.may_use.split_whitespace()
    }
}

/// The layers, from the leaves up: a module may only use modules listed before it.
const LAYERS: &[Layer] = &[
    layer("diagnostic", ""),
    layer("secret", ""),
    layer("clock", ""),
    layer("env_vars", ""),
    layer("exit_code", ""),
    layer("loopback", ""),
    layer("bounded_file", ""),
    layer("process_group", ""),
    layer("error_chain", ""),
    // The contract is a value: it opens no socket and makes no decision.
    layer("batch", "secret"),
    layer("settings", "secret env_vars loopback bounded_file"),
    // The domain: what is desired and what is there. It carries references to secrets.
    layer("resource", "batch secret"),
    layer("recipe", "diagnostic bounded_file resource batch secret"),
    layer("import", "diagnostic recipe resource batch secret"),
    layer("plan", "resource batch secret diagnostic"),
    // The client never meets the emulator except in `batch`.
    layer("client", "batch secret clock loopback bounded_file process_group"),
    // What containers hold; who asks for it is for the upper ones to know.
    layer("storage", "secret clock env_vars loopback"),
    layer("observe", "client resource batch"),
    layer("apply", "observe plan client resource batch clock secret storage"),
    // Beside the account: who works on it, and what was done.
    layer("record", "apply plan resource batch clock secret storage"),
    layer("node", "batch secret clock storage loopback"),
    layer("emulator", "batch node secret clock bounded_file"),
    // Looks at what both towers stand on: what a recipe asks for, and what a node makes of it.
    layer("doctor", "batch resource node clock"),
    layer("pipeline", "diagnostic secret clock batch settings resource recipe plan client observe apply"),
    // Does for many recipes, again and again, what `pipeline` does for one.
    layer(
        "watch",
        "diagnostic secret clock loopback process_group error_chain batch resource recipe plan client observe apply record pipeline",
    ),
    layer(
        "view",
        "diagnostic error_chain batch resource recipe import plan observe apply record doctor pipeline watch",
    ),
    layer(
        "cli",
        "diagnostic secret clock env_vars exit_code loopback bounded_file batch settings resource recipe import plan client observe apply record \
         error_chain node emulator doctor storage pipeline watch view",
    ),
    // The binary: parse, run, exit code. `node` has a helper process that must start before any thread does.
    layer("main", "cli exit_code node"),
];

#[test]
fn the_source_tree_keeps_its_shape() {
    let tree = Tree::read(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let violations = rules::check(&tree, LAYERS);
    assert!(violations.is_empty(), "rules broken: {}\n{}", violations.len(), report(&violations));
}

#[test]
fn the_layers_are_layers() {
    for (position, layer) in LAYERS.iter().enumerate() {
        for used in layer.may_use() {
            let below = LAYERS[..position].iter().any(|lower| lower.module == used);
            assert!(below, "`{}` may use `{used}`, which is not listed before it", layer.module);
        }
    }
}

fn report(violations: &[Violation]) -> String {
    violations.iter().map(|violation| format!("{violation}\n")).collect()
}

mod examples {
    //! The checker checked: for each rule a small tree that breaks it, and what is said about it.

    use super::{LAYERS, Tree, report, rules};

    /// What the checker says about a tree of these files.
    fn check(files: &[(&str, &str)]) -> String {
        report(&rules::check(&Tree::of(files), LAYERS))
    }

    #[track_caller]
    fn complains(files: &[(&str, &str)], expected: &str) {
        let report = check(files);
        assert!(report.contains(expected), "expected: {expected}\nreported: {report}");
    }

    #[track_caller]
    fn accepts(files: &[(&str, &str)]) {
        assert_eq!(check(files), "");
    }

    #[test]
    fn a_forbidden_import_is_found_however_it_is_written() {
        let message = "src/client/http.rs:2: `client` must not use `emulator`";
        for code in [
            "\nuse crate::emulator::Service;",
            "\nuse crate::{batch::Pool, emulator::Service};",
            "\nfn call() { crate::emulator::start() }",
            "\nuse super::super::emulator;",
            "\nuse crate::{self as root, emulator};",
        ] {
            complains(&[("client/http.rs", code), ("emulator.rs", ""), ("batch.rs", "")], message);
        }
    }

    #[test]
    fn imports_along_the_layers_are_fine() {
        accepts(&[
            ("lib.rs", "pub mod batch; pub mod client; pub mod secret;"),
            ("main.rs", "fn main() -> batchyard::exit_code::ExitCode { batchyard::cli::run() }"),
            ("client/http.rs", "use crate::batch::Pool; use crate::secret::Secret;"),
            ("batch/auth.rs", "use crate::secret::Secret;"),
        ]);
    }

    #[test]
    fn comments_strings_and_tests_import_nothing() {
        accepts(&[(
            "batch/pool.rs",
            r##"
                //! Served by [`crate::emulator`]. /* crate::client */
                /* nested /* crate::plan */ crate::plan */
                const WORDS: &str = "crate::client::Client"; const RAW: &str = r#"a " crate::cli"#;
                fn quote<'a>(c: char) -> bool { c == '"' || c == '\'' } // crate::view
                #[cfg(test)]
                mod tests { use crate::emulator::Service; fn f() { crate::client::get() } }
            "##,
        )]);
    }

    #[test]
    fn a_file_that_only_tests_declare_is_test_code() {
        let tests = "use crate::emulator::Service;";
        accepts(&[("batch/mod.rs", "#[cfg(test)]\nmod vectors;"), ("batch/vectors.rs", tests)]);
    }

    #[test]
    fn code_after_the_tests_is_still_looked_at() {
        let code = "#[cfg(test)]\nmod tests { }\nuse crate::emulator::Service;";
        complains(
            &[("batch/pool.rs", code), ("emulator.rs", "")],
            "src/batch/pool.rs:3: `batch` must not use `emulator`",
        );
    }

    #[test]
    fn a_module_must_have_its_place_in_the_layers() {
        complains(&[("gadget/wheel.rs", "")], "src/gadget/wheel.rs:1: `gadget` is in no layer");
    }

    #[test]
    fn siblings_must_not_import_each_other() {
        let report = check(&[
            ("plan/mod.rs", "mod diff; mod step;"),
            ("plan/diff.rs", "use super::step::Step;"),
            ("plan/step.rs", "\n\nuse crate::plan::diff::Diff;"),
        ]);
        assert!(
            report.contains("src/plan/diff.rs:1: `plan::diff` and `plan::step` use each other"),
            "{report}"
        );
        assert!(report.contains("src/plan/step.rs:3"), "names the other end too: {report}");
    }

    #[test]
    fn a_re_export_does_not_hide_a_mutual_import() {
        complains(
            &[
                (
                    "plan/mod.rs",
                    "mod diff; mod step; pub use step::{Step as PlanStep}; pub(crate) use diff::Diff;",
                ),
                ("plan/diff.rs", "use super::PlanStep;"),
                ("plan/step.rs", "use super::Diff;"),
            ],
            "`plan::diff` and `plan::step` use each other",
        );
    }

    #[test]
    fn siblings_may_import_one_way_and_children_their_parent() {
        accepts(&[
            ("plan/mod.rs", "mod diff; mod step; pub use step::Step;"),
            ("plan/diff.rs", "use super::Step; use super::step::Graph;"),
            ("plan/step.rs", "use super::Limit;"),
        ]);
    }

    #[test]
    fn only_product_lines_count_towards_the_length_of_a_file() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "fn f() {}\n".repeat(400));
        accepts(&[("plan/diff.rs", &format!("{}{tests}", "// a line\n".repeat(500)))]);
        complains(
            &[("plan/diff.rs", &format!("{}{tests}", "// a line\n".repeat(501)))],
            "src/plan/diff.rs:501: 501 lines without its tests, more than 500",
        );
    }

    #[test]
    fn drawers_for_everything_are_refused_as_files_and_as_folders() {
        complains(&[("plan/utils.rs", "")], "src/plan/utils.rs:1: `utils` says nothing about what is inside");
        complains(&[("plan/common/diff.rs", "")], "`common` says nothing");
    }

    #[test]
    fn a_mod_file_is_a_table_of_contents() {
        accepts(&[(
            "plan/mod.rs",
            "//! Plans.\n\nmod diff;\npub(crate) mod step;\n#[doc(inline)]\npub use diff::{Diff, Field};\n#[cfg(test)]\nmod tests;",
        )]);
        complains(&[("plan/mod.rs", "mod diff;\n\npub struct Plan;")], "src/plan/mod.rs:3: code in a mod.rs");
        complains(&[("plan/mod.rs", "mod diff { }")], "src/plan/mod.rs:1: code in a mod.rs");
    }
}
