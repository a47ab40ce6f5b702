//! Recipes that are part of the program, in all their versions.
//!
//! A recipe is a folder. When it changes so that recipes which extend it would have to change with it, the folder as it was is kept in
//! it, as `@1`, `@2` and so on, and goes on being what `NAME@1` means; the recipe itself is the version after the last one that is kept.

use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::recipe::source::FILE_NAMES;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/recipes");

/// The file that says how the recipes are grouped, in the order in which they are listed.
const GROUPS: &str = "library.yaml";
/// What recipes are in that no group names.
const NO_GROUP: &str = "Others";
/// What begins the name of a folder that keeps an older version.
const KEPT: char = '@';
/// The plan that the tests of the library expect: of no use to who copies a recipe.
const EXPECTED_PLAN: &str = "plan.txt";

/// A folder of recipes.
#[derive(Debug, Clone, Copy)]
pub struct Shelf {
    root: &'static Dir<'static>,
}

/// A recipe in one of its versions.
#[derive(Debug, Clone, Copy)]
pub struct LibraryRecipe {
    /// What it is called.
    pub name: &'static str,
    /// The number of its version, from 1 on.
    pub version: u32,
    folder: &'static Dir<'static>,
}

/// Recipes that are about the same.
#[derive(Debug)]
pub struct Group {
    /// What they are about.
    pub title: String,
    /// The recipes, in their newest versions.
    pub recipes: Vec<LibraryRecipe>,
}

/// A group as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    title: String,
    recipes: Vec<String>,
}

impl Shelf {
    /// The recipes of the program.
    pub fn embedded() -> Self {
        Self { root: &EMBEDDED }
    }

    /// The recipes below a folder.
    #[cfg(test)]
    pub(super) fn of(root: &'static Dir<'static>) -> Self {
        Self { root }
    }

    /// All recipes in their newest versions, by name.
    pub fn newest(self) -> impl Iterator<Item = LibraryRecipe> {
        self.root.dirs().filter_map(|folder| newest(name_of(folder)?, folder))
    }

    /// The versions of a recipe, the oldest first: none if there is no such recipe.
    pub fn versions(self, name: &str) -> Vec<LibraryRecipe> {
        let named = |folder: &&'static Dir<'static>| name_of(folder) == Some(name);
        let Some(folder) = self.root.dirs().find(named) else { return Vec::new() };
        let Some(name) = name_of(folder) else { return Vec::new() };
        kept(name, folder).into_iter().chain(newest(name, folder)).collect()
    }

    /// All recipes in their newest versions, grouped.
    pub fn groups(self) -> Vec<Group> {
        let file = self.root.get_file(GROUPS).and_then(|file| file.contents_utf8());
        let entries: Vec<GroupEntry> =
            file.and_then(|text| serde_yaml::from_str(text).ok()).unwrap_or_default();
        let mut left: Vec<LibraryRecipe> = self.newest().collect();
        let mut groups: Vec<Group> = Vec::new();
        for entry in entries {
            let mut take = |name: &String| {
                let position = left.iter().position(|recipe| recipe.name == name)?;
                Some(left.remove(position))
            };
            let recipes = entry.recipes.iter().filter_map(&mut take).collect();
            groups.push(Group { title: entry.title, recipes });
        }
        groups.push(Group { title: NO_GROUP.to_owned(), recipes: left });
        groups.retain(|group| !group.recipes.is_empty());
        groups
    }
}

impl LibraryRecipe {
    /// Its folder, with all that is in it.
    pub fn folder(&self) -> &'static Dir<'static> {
        self.folder
    }

    /// The text of the recipe.
    pub fn text(&self) -> &'static str {
        let files = FILE_NAMES.iter().filter_map(|name| self.folder.get_file(self.folder.path().join(name)));
        files.filter_map(|file| file.contents_utf8()).next().unwrap_or_default()
    }

    /// What it is for: the value of its `description`.
    pub fn description(&self) -> String {
        let document: Option<serde_yaml::Value> = serde_yaml::from_str(self.text()).ok();
        let description = document.as_ref().and_then(|document| document.get("description")?.as_str());
        description.unwrap_or_default().to_owned()
    }

    /// The files that a copy of it has, with their paths below its folder: all but older versions and what only tests need.
    pub fn files(&self) -> Vec<(&'static Path, &'static [u8])> {
        let mut files = Vec::new();
        let mut open = vec![self.folder];
        while let Some(folder) = open.pop() {
            open.extend(folder.dirs().filter(|inner| version_of(inner).is_none()));
            let below = folder.files().filter_map(|file| {
                let path = file.path().strip_prefix(self.folder.path()).ok()?;
                (path != Path::new(EXPECTED_PLAN)).then_some((path, file.contents()))
            });
            files.extend(below);
        }
        files.sort_unstable_by_key(|(path, _)| *path);
        files
    }
}

fn name_of(folder: &'static Dir<'static>) -> Option<&'static str> {
    folder.path().file_name()?.to_str()
}

/// The version that a folder keeps, if it keeps one.
fn version_of(folder: &'static Dir<'static>) -> Option<u32> {
    name_of(folder)?.strip_prefix(KEPT)?.parse().ok().filter(|version| *version > 0)
}

/// The older versions of a recipe, the oldest first.
fn kept(name: &'static str, folder: &'static Dir<'static>) -> Vec<LibraryRecipe> {
    let versions = folder.dirs().filter_map(|folder| Some((version_of(folder)?, folder)));
    let mut kept: Vec<_> =
        versions.map(|(version, folder)| LibraryRecipe { name, version, folder }).collect();
    kept.sort_unstable_by_key(|recipe| recipe.version);
    kept
}

/// The newest version of a recipe; none if the folder holds no recipe.
fn newest(name: &'static str, folder: &'static Dir<'static>) -> Option<LibraryRecipe> {
    let version = kept(name, folder).last().map_or(1, |last| last.version.saturating_add(1));
    let recipe = LibraryRecipe { name, version, folder };
    (!recipe.text().is_empty()).then_some(recipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    static FIXTURE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/library");

    fn paths(recipe: &LibraryRecipe) -> Vec<&'static str> {
        recipe.files().iter().map(|(path, _)| path.to_str().unwrap()).collect()
    }

    #[test]
    fn a_recipe_is_the_version_after_the_last_one_that_is_kept() {
        let shelf = Shelf::of(&FIXTURE);
        let newest: Vec<_> = shelf.newest().map(|recipe| (recipe.name, recipe.version)).collect();
        assert_eq!(newest, [("farewell", 1), ("greeting", 3)]);
        let versions = shelf.versions("greeting");
        assert_eq!(versions.iter().map(|recipe| recipe.version).collect::<Vec<_>>(), [1, 2, 3]);
        let said: Vec<String> = versions.iter().map(LibraryRecipe::description).collect();
        assert_eq!(said, ["Says hello.", "Says hello to somebody.", "Says hello to many."]);
        assert!(shelf.versions("greetings").is_empty());
    }

    #[test]
    fn a_copy_has_neither_older_versions_nor_what_only_tests_need() {
        let shelf = Shelf::of(&FIXTURE);
        let [first, _, third] = &shelf.versions("greeting")[..] else { panic!("three versions") };
        assert_eq!(paths(first), ["README.md", "recipe.yaml"]);
        assert_eq!(paths(third), ["README.md", "data/names.txt", "recipe.yaml"]);
        assert!(third.folder().get_file(third.folder().path().join("plan.txt")).is_some());
    }

    #[test]
    fn groups_come_in_their_order_and_what_is_in_none_comes_last() {
        let groups = Shelf::of(&FIXTURE).groups();
        let titles: Vec<_> = groups
            .iter()
            .map(|group| (group.title.as_str(), group.recipes.iter().map(|it| it.name).collect::<Vec<_>>()))
            .collect();
        assert_eq!(titles, [("Beginnings", vec!["greeting"]), ("Others", vec!["farewell"])]);
    }

    #[test]
    fn every_recipe_of_the_program_is_in_a_group() {
        let groups = Shelf::embedded().groups();
        let others = groups.iter().find(|group| group.title == NO_GROUP);
        let names: Vec<_> = others.iter().flat_map(|group| &group.recipes).map(|it| it.name).collect();
        assert!(names.is_empty(), "recipes/library.yaml names a group for none of {names:?}");
    }
}
