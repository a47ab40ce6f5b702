//! The source files of the product, each with the module it makes up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::references::{Reference, re_exports, references};
use super::tokens::Code;

/// All product files below `src`.
pub struct Tree {
    pub files: Vec<SourceFile>,
    /// Every module's path, ancestors included.
    modules: BTreeSet<Vec<String>>,
    /// For a name that a module passes on from a child, where it comes from.
    re_exports: BTreeMap<Vec<String>, Vec<String>>,
}

/// One file of product code.
pub struct SourceFile {
    /// As a reader would open it: `src/plan/diff.rs`.
    pub path: String,
    /// The module: `["plan", "diff"]`. The crate root is empty, the binary is `["main"]`.
    pub module: Vec<String>,
    pub code: Code,
    pub references: Vec<Reference>,
}

impl Tree {
    /// Reads every `*.rs` below the folder `src`.
    pub fn read(src: &str) -> Self {
        let src = Path::new(src);
        let mut sources = Vec::new();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of the source tree") {
                let path = entry.expect("an entry of the source tree").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let relative = path.strip_prefix(src).expect("below src").display().to_string();
                    sources.push((relative, fs::read_to_string(&path).expect("a source file")));
                }
            }
        }
        sources.sort();
        let sources: Vec<_> = sources.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Self::of(&sources)
    }

    /// A tree of these files: paths below `src`, and their text.
    pub fn of(sources: &[(&str, &str)]) -> Self {
        let mut files: Vec<_> = sources.iter().map(|(path, text)| SourceFile::of(path, text)).collect();
        let test_modules: Vec<Vec<String>> = files.iter().flat_map(SourceFile::test_modules).collect();
        files.retain(|file| !test_modules.iter().any(|test| file.module.starts_with(test)));

        let ancestors = |file: &SourceFile| {
            (0..=file.module.len()).map(|end| file.module[..end].to_vec()).collect::<Vec<_>>()
        };
        let modules = files.iter().flat_map(ancestors).collect();
        let passed_on = |file: &SourceFile| {
            let module = file.module.clone();
            let found = re_exports(&module, &file.code.product);
            found.into_iter().map(move |(name, origin)| ([module.as_slice(), &[name]].concat(), origin))
        };
        let re_exports = files.iter().flat_map(passed_on).collect();
        Self { files, modules, re_exports }
    }

    /// The uses of one module by another where both have the same parent, each with the first place it is found.
    pub fn uses(&self) -> BTreeMap<Use, Place> {
        let mut uses = BTreeMap::new();
        for file in &self.files {
            for reference in &file.references {
                if let Some(found) = self.sibling_use(&file.module, &reference.path) {
                    uses.entry(found).or_insert(Place { path: file.path.clone(), line: reference.line });
                }
            }
        }
        uses
    }

    /// Where the way from the crate root to `from` and the way to `target` part, as a use between siblings.
    fn sibling_use(&self, from: &[String], target: &[String]) -> Option<Use> {
        let shared = from.iter().zip(target).take_while(|(a, b)| a == b).count();
        let user = from.get(shared)?;
        let parent = &from[..shared];
        let direct = target.get(..=shared)?;
        let used = match self.modules.contains(direct) {
            true => direct.last()?,
            false => self
                .re_exports
                .get(direct)
                .and_then(|origin| origin.get(shared))
                .filter(|used| *used != user)?,
        };
        Some(Use { parent: parent.to_vec(), user: user.clone(), used: used.clone() })
    }
}

/// One module uses a sibling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub parent: Vec<String>,
    pub user: String,
    pub used: String,
}

/// Where something was found.
#[derive(Debug, Clone)]
pub struct Place {
    pub path: String,
    pub line: usize,
}

impl SourceFile {
    fn of(relative: &str, text: &str) -> Self {
        let mut module: Vec<String> =
            relative.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod" || (last == "lib" && module.len() == 1)) {
            module.pop();
        }
        let code = Code::of(text);
        let references = references(&module, &code.product);
        Self { path: format!("src/{relative}"), module, code, references }
    }

    fn test_modules(&self) -> Vec<Vec<String>> {
        self.code
            .test_modules
            .iter()
            .map(|name| [self.module.as_slice(), std::slice::from_ref(name)].concat())
            .collect()
    }
}
