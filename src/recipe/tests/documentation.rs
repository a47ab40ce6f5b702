//! The examples of `docs/recipe-language.md`.
//!
//! The word behind the fence says what an example is: `yaml PATH` is a file, and a recipe if it is called `recipe.yaml`;
//! `yaml task` is the task `t` of a recipe, and the `text` behind it says what it expands to.

use std::path::Path;

use super::support::tasks;
use crate::recipe::listing::{Blob, BlobLister};
use crate::recipe::{LoadRequest, load, project};
use crate::view;

const PAGE: &str = include_str!("../../../docs/recipe-language.md");

/// A fenced block: what stands behind the fence, and what is inside.
struct Block {
    word: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(word), None) => open = Some(Block { word: word.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}

#[track_caller]
fn loaded(request: &LoadRequest) -> crate::recipe::Loaded {
    load(request).unwrap_or_else(|report| panic!("{}", view::diagnostics::human(&report, false)))
}

#[test]
fn every_recipe_of_the_page_is_valid_and_every_task_makes_what_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks();
    let mut recipes = Vec::new();
    for block in &blocks {
        let Some(name) = block.word.strip_prefix("yaml ").filter(|name| *name != "task") else { continue };
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &block.text).unwrap();
        if Path::new(name).file_name().is_some_and(|name| name == "recipe.yaml") {
            recipes.push(path);
        }
    }
    for path in &recipes {
        loaded(&LoadRequest { path: path.clone(), ..LoadRequest::default() });
    }
    let overlaid = loaded(&LoadRequest {
        path: folder.path().join("nightly"),
        overlays: vec![folder.path().join("prod.yaml")],
        ..LoadRequest::default()
    });
    let pool = &overlaid.desired.pools["workers"].spec;
    assert_eq!(
        (pool.vm_size.as_str(), pool.dedicated_nodes, pool.slots_per_node),
        ("Standard_D16s_v5", 20, 2)
    );
    project::read(&folder.path().join("batchyard.yaml")).unwrap();
    assert!(recipes.len() >= 6);

    let mut examples = 0;
    for (block, following) in blocks.iter().zip(blocks.iter().skip(1)) {
        if block.word == "yaml task" {
            assert_eq!(following.word, "text", "{}", block.text);
            assert_eq!(expanded(folder.path(), &block.text), following.text, "{}", block.text);
            examples += 1;
        }
    }
    assert!(examples >= 6);
    for block in &blocks {
        assert!(
            block.word == "text" || block.word.starts_with("yaml "),
            "an example that nothing runs: {}",
            block.text
        );
    }
}

/// The tasks that a task becomes, as `id: command`.
fn expanded(folder: &Path, task: &str) -> String {
    let task: String = task.lines().map(|line| format!("        {line}\n")).collect();
    let path = folder.join("task.yaml");
    let recipe = format!(
        "api_version: batchyard/v1\nname: x\njobs:\n  j:\n    pool: {{ id: p }}\n    tasks:\n      t:\n{task}"
    );
    std::fs::write(&path, recipe).unwrap();
    let blobs = Some(BlobLister::new(|_| Ok(container())));
    let loaded = loaded(&LoadRequest { path, blobs, ..LoadRequest::default() });
    tasks(&loaded).iter().map(|task| format!("{}: {}\n", task.id, task.arguments().join(" "))).collect()
}

/// The container of the page.
fn container() -> Vec<Blob> {
    let sizes = [
        ("images/cat.png", 2048),
        ("images/notes.txt", 512),
        ("images/pets/dog.png", 4096),
        ("images/pets/thumbnails/dog.png", 64),
    ];
    sizes.map(|(name, size)| Blob { name: name.to_owned(), size }).to_vec()
}
