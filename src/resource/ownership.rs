//! Ownership: the metadata by which a recipe knows what is its own.

use crate::batch::model::BatchMetadataItem;

use super::{Digest, RecipeName};

const RECIPE: &str = "batchyard.recipe";
const DIGEST: &str = "batchyard.digest";
const TOOL: &str = "batchyard.tool";
const TASKS: &str = "batchyard.tasks";

/// The mark that a recipe leaves on each pool and job that it makes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Ownership {
    /// The recipe.
    pub recipe: RecipeName,
    /// The digest of the spec that was applied last.
    pub digest: Option<Digest>,
    /// The tally of a job's tasks, written once all of them are there.
    pub tasks: Option<String>,
}

impl Ownership {
    /// The mark of `recipe` on an object of that digest.
    pub fn new(recipe: &RecipeName, digest: Digest) -> Self {
        Self { recipe: recipe.clone(), digest: Some(digest), tasks: None }
    }

    /// Reads the mark of an object; `None` means that no recipe owns it.
    pub fn from_metadata(metadata: Option<&Vec<BatchMetadataItem>>) -> Option<Self> {
        let value = |name: &str| {
            metadata.into_iter().flatten().find(|item| item.name == name).map(|item| item.value.as_str())
        };
        Some(Self {
            recipe: RecipeName::new(value(RECIPE)?).ok()?,
            digest: value(DIGEST).and_then(Digest::parse),
            tasks: value(TASKS).map(str::to_owned),
        })
    }

    /// The metadata of an object: what was there that isn't ours, and the mark.
    pub fn to_metadata(&self, existing: &[BatchMetadataItem]) -> Vec<BatchMetadataItem> {
        let item =
            |name: &str, value: &str| BatchMetadataItem { name: name.to_owned(), value: value.to_owned() };
        let mut metadata: Vec<_> =
            existing.iter().filter(|item| !item.name.starts_with("batchyard.")).cloned().collect();
        metadata.push(item(RECIPE, self.recipe.as_str()));
        metadata.extend(self.digest.iter().map(|digest| item(DIGEST, digest.as_str())));
        metadata.push(item(TOOL, concat!("batchyard/", env!("CARGO_PKG_VERSION"))));
        metadata.extend(self.tasks.iter().map(|tasks| item(TASKS, tasks)));
        metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_survives_the_wire_and_leaves_the_rest_alone() {
        let recipe = RecipeName::new("hello").unwrap();
        let mut mark = Ownership::new(&recipe, Digest::of(&1));
        mark.tasks = Some("3:abc".into());
        let theirs = BatchMetadataItem { name: "cost-centre".into(), value: "42".into() };
        let metadata = mark.to_metadata(std::slice::from_ref(&theirs));
        assert_eq!(metadata.first(), Some(&theirs));
        assert_eq!(Ownership::from_metadata(Some(&metadata)), Some(mark.clone()));
        assert_eq!(mark.to_metadata(&metadata), metadata, "writing it again changes nothing");
        assert_eq!(Ownership::from_metadata(Some(&vec![theirs])), None);
    }
}
