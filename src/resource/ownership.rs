//! Ownership: the metadata by which a recipe knows what is its own.

use std::collections::BTreeMap;
use std::fmt;

use crate::batch::DateTime;
use crate::batch::model::BatchMetadataItem;

use super::{Digest, RecipeName, TaskTally};

const RECIPE: &str = "batchyard.recipe";
const DIGEST: &str = "batchyard.digest";
const TOOL: &str = "batchyard.tool";
const TASKS: &str = "batchyard.tasks";
const NAMES: &str = "batchyard.metadata";
const GENERATION: &str = "batchyard.generation";
const INHERITED: &str = "batchyard.inherited";
const APPLIED: &str = "batchyard.applied";
const PENDING: &str = "batchyard.pending";

/// Names and values that the service keeps for the user; without the marks of recipes.
pub type MetadataSpec = BTreeMap<String, String>;

/// The mark that a recipe leaves on each pool, job and schedule that it makes, and the metadata that it asks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Ownership {
    /// The recipe.
    pub recipe: RecipeName,
    /// The digest of the spec that was applied last.
    pub digest: Option<Digest>,
    /// The tally of a job's tasks, written once all of them are there.
    pub tasks: Option<String>,
    /// The number of a job's generation, if it is not the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// How many of the tasks of the tally earlier generations of the job have, and it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherited: Option<u64>,
    /// The metadata that the recipe asks for. Its names are part of the mark, so that what a recipe no longer asks for can be told
    /// from what others have added.
    pub metadata: MetadataSpec,
    /// When it was written last; `None` in what a plan wants.
    #[serde(skip)]
    pub applied: Option<Applied>,
    /// What an apply has begun and not yet ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
}

/// When an object was written last, and by whom.
#[derive(Debug, Clone, Eq, serde::Serialize)]
pub struct Applied {
    /// When.
    pub at: DateTime,
    /// Who, as `ada@laptop`.
    pub by: String,
}

/// No two objects differ in that: it is told, not asked for.
impl PartialEq for Applied {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Applied {
    /// How long a name is that counts.
    const LONGEST: usize = 128;

    /// By somebody of that name, now.
    pub fn new(at: DateTime, by: &str) -> Self {
        // Neither drives it a terminal, nor does it turn a line round.
        let turns = |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_harmless = |c: &char| !c.is_control() && !turns(c);
        let by = by.chars().filter(is_harmless).take(Self::LONGEST).collect();
        Self { at, by }
    }

    fn parse(text: &str) -> Option<Self> {
        let (at, by) = text.split_once(' ')?;
        Some(Self::new(at.parse().ok()?, by))
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.by)
    }
}

/// Something that an apply has begun, and that the next one brings to its end if that one was killed: it stands with the object, so
/// that nobody has to remember it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// The job is disabled while it changes, and was not before: it has to be enabled again.
    Enable,
    /// Nodes that booted before then have to reboot; without a time, those that booted before the pool last changed.
    Reboot {
        /// When the pool changed.
        before: Option<DateTime>,
    },
    /// Nodes that have not booted since the pool changed go by what it was, and nobody has permitted to reboot them.
    Outdated,
}

impl Pending {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None if text == "enable" => Some(Self::Enable),
            None if text == "outdated" => Some(Self::Outdated),
            None if text == "reboot" => Some(Self::Reboot { before: None }),
            Some(("reboot", time)) => Some(Self::Reboot { before: Some(time.parse().ok()?) }),
            _ => None,
        }
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enable => f.write_str("enable"),
            Self::Outdated => f.write_str("outdated"),
            Self::Reboot { before: None } => f.write_str("reboot"),
            Self::Reboot { before: Some(time) } => write!(f, "reboot {time}"),
        }
    }
}

impl Ownership {
    /// The mark of `recipe` on an object of that digest and metadata.
    pub fn new(recipe: &RecipeName, digest: Digest, metadata: &MetadataSpec) -> Self {
        Self {
            recipe: recipe.clone(),
            digest: Some(digest),
            tasks: None,
            generation: None,
            inherited: None,
            metadata: metadata.clone(),
            applied: None,
            pending: None,
        }
    }

    /// How many tasks a job has that is as its mark records; `None` if nothing is recorded.
    pub fn recorded_tasks(&self) -> Option<u64> {
        TaskTally::count_in(self.tasks.as_deref()?)?.checked_sub(self.inherited.unwrap_or(0))
    }

    /// Reads the mark of an object; `None` means that no recipe owns it.
    pub fn from_metadata(metadata: Option<&Vec<BatchMetadataItem>>) -> Option<Self> {
        let items = metadata.map(Vec::as_slice).unwrap_or_default();
        let names = recorded_names(items);
        let asked_for = items.iter().filter(|item| names.contains(&item.name));
        Some(Self {
            recipe: RecipeName::new(value_of(items, RECIPE)?).ok()?,
            digest: value_of(items, DIGEST).and_then(Digest::parse),
            tasks: value_of(items, TASKS).map(str::to_owned),
            generation: value_of(items, GENERATION).and_then(|number| number.parse().ok()),
            inherited: value_of(items, INHERITED).and_then(|count| count.parse().ok()),
            applied: value_of(items, APPLIED).and_then(Applied::parse),
            pending: value_of(items, PENDING).and_then(Pending::parse),
            metadata: asked_for.map(|item| (item.name.clone(), item.value.clone())).collect(),
        })
    }

    /// The metadata of an object: what was there that isn't ours, what the recipe asks for, and the mark.
    pub fn to_metadata(&self, existing: &[BatchMetadataItem]) -> Vec<BatchMetadataItem> {
        let item =
            |name: &str, value: &str| BatchMetadataItem { name: name.to_owned(), value: value.to_owned() };
        let before = recorded_names(existing);
        let is_ours = |name: &String| {
            name.starts_with("batchyard.") || before.contains(name) || self.metadata.contains_key(name)
        };
        let mut metadata: Vec<_> = existing.iter().filter(|item| !is_ours(&item.name)).cloned().collect();
        metadata.extend(self.metadata.iter().map(|(name, value)| item(name, value)));
        metadata.push(item(RECIPE, self.recipe.as_str()));
        metadata.extend(self.digest.iter().map(|digest| item(DIGEST, digest.as_str())));
        metadata.push(item(TOOL, concat!("batchyard/", env!("CARGO_PKG_VERSION"))));
        metadata.extend(self.tasks.iter().map(|tasks| item(TASKS, tasks)));
        metadata.extend(self.generation.iter().map(|number| item(GENERATION, &number.to_string())));
        metadata.extend(self.inherited.iter().map(|count| item(INHERITED, &count.to_string())));
        metadata.extend(self.applied.iter().map(|applied| item(APPLIED, &applied.to_string())));
        metadata.extend(self.pending.iter().map(|pending| item(PENDING, &pending.to_string())));
        if !self.metadata.is_empty() {
            let names: Vec<&String> = self.metadata.keys().collect();
            metadata.push(item(NAMES, &serde_json::json!(names).to_string()));
        }
        metadata
    }
}

fn value_of<'a>(items: &'a [BatchMetadataItem], name: &str) -> Option<&'a str> {
    items.iter().find(|item| item.name == name).map(|item| item.value.as_str())
}

/// The names of the metadata that a recipe asked for when it was applied last.
fn recorded_names(items: &[BatchMetadataItem]) -> Vec<String> {
    value_of(items, NAMES).and_then(|names| serde_json::from_str(names).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_survives_the_wire_and_leaves_the_rest_alone() {
        let recipe = RecipeName::new("hello").unwrap();
        let mut mark = Ownership::new(&recipe, Digest::of(&1), &MetadataSpec::new());
        mark.tasks = Some("3:abc".into());
        (mark.generation, mark.inherited) = (Some(2), Some(1));
        mark.pending =
            Some(Pending::Reboot { before: Some("2026-11-30T10:00:00.1234567Z".parse().unwrap()) });
        mark.applied = Some(Applied::new("2026-11-30T10:00:00Z".parse().unwrap(), "ada@laptop\u{1b}"));
        let theirs = BatchMetadataItem { name: "cost-centre".into(), value: "42".into() };
        let metadata = mark.to_metadata(std::slice::from_ref(&theirs));
        assert_eq!(metadata.first(), Some(&theirs));
        let read = Ownership::from_metadata(Some(&metadata));
        assert_eq!(read.as_ref(), Some(&mark));
        assert_eq!(read.unwrap().applied.unwrap().by, "ada@laptop");
        assert_eq!(mark.to_metadata(&metadata), metadata, "writing it again changes nothing");
        assert_eq!(Ownership::from_metadata(Some(&vec![theirs])), None);
    }

    #[test]
    fn what_a_recipe_no_longer_asks_for_goes_and_what_others_added_stays() {
        let recipe = RecipeName::new("hello").unwrap();
        let asked = |names: &[&str]| {
            let metadata = names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
            Ownership::new(&recipe, Digest::of(&1), &metadata)
        };
        let mut there = asked(&["a", "b"]).to_metadata(&[]);
        there.push(BatchMetadataItem { name: "theirs".into(), value: "2".into() });
        assert_eq!(Ownership::from_metadata(Some(&there)), Some(asked(&["a", "b"])));
        let names = |items: Vec<BatchMetadataItem>| -> Vec<String> {
            let own = items.into_iter().map(|item| item.name);
            own.filter(|name| !name.starts_with("batchyard.")).collect()
        };
        assert_eq!(names(asked(&["b", "c"]).to_metadata(&there)), ["theirs", "b", "c"]);
        assert_eq!(names(asked(&[]).to_metadata(&there)), ["theirs"]);
    }
}
