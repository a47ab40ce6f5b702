//! The files of a configuration.

use crate::diagnostic::{Collector, Diagnostic, Report, SourceId, Sources, Span};
use crate::recipe::codes;
use crate::recipe::node::{Node, NodeKind};
use crate::recipe::parse::parse;

/// The largest file that is read, in bytes: that of recipes.
pub const MAX_BYTES: usize = crate::recipe::parse::MAX_BYTES;

/// The root of each kind of file, by which a file is known whatever it is called.
pub(super) const ROOTS: &[&str] = &[
    "credentials",
    "batch_shipyard",
    "global_resources",
    "data_replication",
    "pool_specification",
    "job_specifications",
    "remote_fs",
    "slurm",
    "monitoring",
    "federation",
];

/// The names of the files, without their endings; of files of jobs there may be several, whose names begin so.
const STEMS: &[&str] = &["credentials", "config", "pool", "jobs", "fs", "slurm", "monitor", "federation"];

/// Whether a file belongs to a configuration, by its name or by what it says.
pub fn belongs(name: &str, text: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let says = |root: &str| text.contains(&format!("{root}:")) || text.contains(&format!("\"{root}\""));
    STEMS.contains(&stem) || stem.starts_with("jobs") || ROOTS.iter().any(|root| says(root))
}

/// A file of the configuration.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name, by which reports call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// All files, read.
#[derive(Debug)]
pub(super) struct Configuration {
    /// The files' texts, for their places.
    pub(super) sources: Sources,
    /// The files, each with its tree.
    pub(super) files: Vec<(SourceId, Node)>,
}

impl Configuration {
    /// Reads the files.
    ///
    /// # Errors
    /// When one of them is no YAML or JSON, or is no map.
    pub(super) fn read(files: &[File]) -> Result<Self, Report> {
        let mut sources = Sources::default();
        let mut findings = Collector::default();
        let mut trees = Vec::new();
        for file in files {
            // An empty file, or one of comments alone, says nothing.
            let is_silent = |line: &str| line.is_empty() || line.starts_with('#') || line == "---";
            if file.text.lines().all(|line| is_silent(line.trim())) {
                continue;
            }
            let id = sources.add(file.name.clone(), file.text.clone());
            let tree = if file.name.ends_with(".json") {
                json(id, &file.text, &mut findings)
            } else {
                parse(id, &sources, &mut findings)
            };
            let Some(tree) = tree else { continue };
            match &tree.kind {
                NodeKind::Mapping(_) => trees.push((id, tree)),
                NodeKind::Damaged => {}
                NodeKind::Scalar(_) if tree.is_null() => {}
                _ => findings.push(not_a_map(&tree)),
            }
        }
        if findings.has_errors() {
            for id in sources.ids() {
                hide_secrets(id, &sources, &mut findings);
            }
            return Err(findings.into_report(sources));
        }
        Ok(Self { sources, files: trees })
    }

    /// The value of a root: that of the first file that has it.
    pub(super) fn root(&self, name: &str) -> Option<&Node> {
        self.files.iter().find_map(|(_, tree)| tree.get(name))
    }

    /// All values of a root, for jobs, which may be in several files.
    pub(super) fn roots<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (SourceId, &'a Node)> {
        self.files.iter().filter_map(move |(id, tree)| Some((*id, tree.get(name)?)))
    }
}

/// Keeps what follows the name of a secret out of excerpts: of a text that is no YAML nobody can say which key has which value.
fn hide_secrets(id: SourceId, sources: &Sources, findings: &mut Collector) {
    let Some(source) = sources.get(id) else { return };
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let is_secret = ["key", "password", "passphrase", "secret", "token", "sig=", "pwd"]
            .iter()
            .any(|word| lower.contains(word));
        let behind = line.find([':', '=']).map_or(0, |at| at + 1);
        if is_secret {
            findings.hide(Span::new(id, start + behind, start + line.trim_end().len()));
        }
        start += line.len();
    }
}

fn json(id: SourceId, text: &str, findings: &mut Collector) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str(text) {
        Ok(value) => Some(Node::computed(Span::new(id, 0, 0), &value)),
        Err(error) => {
            let start: usize =
                text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = (start + error.column().saturating_sub(1)).min(text.len());
            // What the parser says ends with the place, which is shown anyway.
            let said = error.to_string();
            let reason = said.split(" at line ").next().unwrap_or_default().to_owned();
            findings.push(
                Diagnostic::new(&codes::SYNTAX, format!("this is no JSON: {reason}"))
                    .at(Span::new(id, at, at), ""),
            );
            None
        }
    }
}

fn not_a_map(tree: &Node) -> Diagnostic {
    Diagnostic::new(
        &codes::WRONG_TYPE,
        format!("a file of Batch Shipyard is a map, and this is {}", tree.describe()),
    )
    .at(tree.span, "")
    .help(format!(
        "it begins with one of {}",
        ROOTS.iter().map(|root| format!("`{root}:`")).collect::<Vec<_>>().join(", ")
    ))
}
