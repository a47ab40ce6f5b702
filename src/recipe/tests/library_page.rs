//! The page of the documentation that lists the library.

use std::fmt::Write as _;
use std::path::Path;

use crate::recipe::library::{LibraryRecipe, Shelf};
use crate::recipe::{LoadRequest, load};
use crate::view;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/library.md");
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");

const INTRODUCTION: &str = "# The library

<!-- Written by the test `recipe::tests::library_page` from the recipes themselves. -->

Recipes to begin with, which are part of the program: nothing is downloaded.

```console
$ batchyard new --list            # all of them, with their versions
$ batchyard new --list mpi        # those that are about a word
$ batchyard new openmpi-hello my  # a copy in the folder `my`, called `my`
$ batchyard plan my --params my/params.yaml
```

A copy is yours. Its `README.md` says what the recipe shows, what it costs and how to stop paying, how to adapt it, and whether it has run for
real and on what; `params.yaml` has example parameters. What a recipe needs that no public image has comes with it as a `Dockerfile`.

## Extending one

A recipe may also begin with one of the library and say only what is different:

```yaml
api_version: batchyard/v1
name: nightly-sweep
extends: library:parameter-sweep@1
parameters:
  seeds: { default: 500 }
```

## Versions

`@1` is a version of that recipe. It counts up when a change would break recipes that extend it: another name of a pool, of a task or of a
parameter, say. What an older version was stays in the program, so a recipe that names one means the same after an update. Without
`@` the newest is meant. Who asks for a version that is not there learns which are.

Kept versions are folders of the recipe: when `recipes/NAME` changes so, what it was goes to `recipes/NAME/@1`, and the recipe itself becomes
version 2. Tests hold all versions to the same.

## The recipes

The machines are those of a recipe's defaults. All of them are validated, planned, applied with simulated tasks and destroyed in every
test run; where the emulator refuses something, such as Windows or InfiniBand, the recipe's README says so.
";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the variable that blesses snapshots, not a setting of the program"
)]
fn the_page_of_the_library_is_current() {
    let page = page();
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page, "docs/library.md is out of date; write it anew with INSTA_UPDATE=always");
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for group in Shelf::embedded().groups() {
        writeln!(page, "\n### {}\n\n| recipe | version | | machines |\n|---|---|---|---|", group.title)
            .unwrap();
        for recipe in &group.recipes {
            let LibraryRecipe { name, version, .. } = recipe;
            let (description, machines) = (recipe.description(), machines(name));
            writeln!(
                page,
                "| [{name}](../recipes/{name}/README.md) | {version} | {description} | {machines} |"
            )
            .unwrap();
        }
    }
    page
}

/// The machines of a recipe's pools, with its defaults.
fn machines(name: &str) -> String {
    let path = Path::new(LIBRARY).join(name);
    let loaded = load(&LoadRequest { path, ..LoadRequest::default() })
        .unwrap_or_else(|report| panic!("{name}: {}", view::diagnostics::human(&report, false)));
    let desired = loaded.desired;
    let own = desired.pools.values().map(|pool| &pool.spec);
    let pools: Vec<String> = own
        .map(|pool| match (&pool.autoscale, pool.dedicated_nodes, pool.spot_nodes) {
            (Some(_), ..) => format!("as many {} as a formula says", pool.vm_size),
            (None, dedicated, 0) => format!("{dedicated} × {}", pool.vm_size),
            (None, 0, spot) => format!("{spot} × {} (Spot)", pool.vm_size),
            (None, dedicated, spot) => format!("{dedicated} × {}, and {spot} (Spot)", pool.vm_size),
        })
        .collect();
    if pools.is_empty() { "made for each job".to_owned() } else { pools.join(", ") }
}
