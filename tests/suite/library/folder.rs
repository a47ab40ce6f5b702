//! The folders of the library.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use batchyard::recipe::{LoadRequest, Loaded, load};
use batchyard::view;
use regex::Regex;

use crate::support::Local;

/// Where the library is.
pub const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");
/// How many recipes are tried at a time: most of them wait.
const AT_A_TIME: usize = 4;

/// A recipe of the library in one of its versions.
#[derive(Debug)]
pub struct RecipeFolder {
    /// What the recipe is called.
    pub name: String,
    /// Its folder, from that of the library.
    pub below: String,
    /// What `new` and `extends` call it.
    pub asked: String,
}

impl RecipeFolder {
    pub fn path(&self) -> PathBuf {
        Path::new(LIBRARY).join(&self.below)
    }

    #[track_caller]
    pub fn text(&self, file: &str) -> String {
        let path = self.path().join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The recipe with these parameter files.
    #[track_caller]
    pub fn load(&self, params_files: Vec<PathBuf>) -> Loaded {
        load(&LoadRequest { path: self.path(), params_files, ..LoadRequest::default() })
            .unwrap_or_else(|report| panic!("{}:\n{}", self.asked, view::diagnostics::human(&report, false)))
    }

    /// `batchyard` with these arguments, on an account, with a value for every secret that the recipe takes from the environment.
    pub fn command(&self, local: &Local, args: &[&str]) -> crate::support::Command {
        let name = Regex::new(r"\benv: *([A-Z][A-Z0-9_]*)").unwrap();
        let text = self.text("recipe.yaml");
        name.captures_iter(&text)
            .fold(local.command(args), |command, found| command.env(&found[1], "c2VjcmV0"))
    }
}

/// All recipes, in all versions.
pub fn all() -> Vec<RecipeFolder> {
    let mut found = Vec::new();
    for name in folders(Path::new(LIBRARY)) {
        for inner in folders(&Path::new(LIBRARY).join(&name)) {
            if inner.starts_with('@') {
                let (below, asked) = (format!("{name}/{inner}"), format!("{name}{inner}"));
                found.push(RecipeFolder { name: name.clone(), below, asked });
            }
        }
        found.push(RecipeFolder { below: name.clone(), asked: name.clone(), name });
    }
    assert!(found.len() >= 18, "only {} recipes", found.len());
    found
}

fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Tries every recipe, some at a time, and names all that fail.
pub fn each(check: impl Fn(&RecipeFolder) + Sync) {
    let left = Mutex::new(all());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(recipe) = left.lock().unwrap().pop() else { return };
                    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&recipe)));
                    if tried.is_err() {
                        failed.lock().unwrap().push(recipe.asked);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "what failed is told above, of {}", failed.join(", "));
}
