//! Reading a project file.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Collector, Diagnostic, Report, Sources};
use crate::recipe::document::{self, CredentialKind, Field, Project, ProjectAccount, ProjectRecord, entries};
use crate::recipe::node::Node;
use crate::recipe::schema::{Shape, conform};
use crate::recipe::{codes, decode, parse, secrets, source};
use crate::secret::SecretRef;

/// What a project file says.
#[derive(Debug)]
pub struct ProjectFile {
    /// The file.
    pub path: PathBuf,
    /// The account to work on when none is named.
    pub default_account: Option<String>,
    /// Accounts by their names.
    pub accounts: Vec<(String, Account)>,
    /// Where the URL of the record's container is found.
    pub record: Option<SecretRef>,
    /// Files that are laid over recipes; a later one wins.
    pub overlays: Vec<PathBuf>,
    /// Folders of recipes; an earlier one wins.
    pub library: Vec<PathBuf>,
    /// Values of parameters, with their places.
    pub(in crate::recipe) parameters: Option<Node>,
}

/// An account that a project file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// On Azure, or an emulator elsewhere.
    Remote {
        /// Its URL.
        endpoint: String,
        /// Its name, if the URL does not tell.
        name: Option<String>,
        /// Where its key is found.
        key: Option<SecretRef>,
        /// What proves who asks, if not the key.
        credential: Option<CredentialKind>,
        /// A file of certificates to trust.
        ca_file: Option<PathBuf>,
    },
    /// On this machine.
    Local {
        /// The folder of its data.
        data: PathBuf,
    },
}

/// Reads a project file by itself.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(path: &Path) -> Result<ProjectFile, Report> {
    let (mut sources, mut findings) = (Sources::default(), Collector::default());
    let file = ProjectFile::read(path, &mut sources, &mut findings);
    match file {
        Some(file) if !findings.has_errors() => Ok(file),
        _ => Err(findings.into_report(sources)),
    }
}

impl ProjectFile {
    /// Reads a project file. `None` if something in it is wrong, which has been reported.
    pub(in crate::recipe) fn read(
        path: &Path,
        sources: &mut Sources,
        findings: &mut Collector,
    ) -> Option<Self> {
        let before = findings.error_count();
        let id = source::read(path, sources, findings)?;
        let tree = parse::parse(id, sources, findings);
        if findings.error_count() > before {
            secrets::hide_in_text(id, sources, findings);
        }
        let mut tree = tree?;
        secrets::refuse_plaintext(&mut tree, Shape::Project, findings);
        refuse_keys(&mut tree, findings);
        conform(&mut tree, Shape::Project, findings);
        let decoded: Field<Project> = decode::decode(&tree, findings);
        let project = decoded.get()?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let accounts = entries(project.accounts.as_ref()).iter();
        let accounts: Vec<_> = accounts
            .filter_map(|entry| {
                Some((entry.name.clone(), account(entry.value.get()?, &entry.value, folder, findings)?))
            })
            .collect();
        (findings.error_count() == before).then(|| Self {
            path: path.to_owned(),
            default_account: project.default_account.as_ref().and_then(Field::get).cloned(),
            accounts,
            record: project.record.as_ref().and_then(container),
            overlays: paths(project.overlays.as_ref(), folder),
            library: paths(project.library.as_ref(), folder),
            parameters: tree.get("parameters").cloned(),
        })
    }
}

fn account(
    account: &ProjectAccount,
    field: &Field<ProjectAccount>,
    folder: &Path,
    findings: &mut Collector,
) -> Option<Account> {
    let ProjectAccount { endpoint, account: name, key, credential, ca_file, data } = account;
    if let (Some(key), Some(_)) = (key, credential) {
        let message = "an account has either `key` or `credential`";
        findings.push(Diagnostic::new(&codes::INVALID_VALUE, message).at(key.span(), ""));
        return None;
    }
    match (endpoint, data) {
        (Some(endpoint), None) => Some(Account::Remote {
            endpoint: endpoint.get()?.clone(),
            name: document::optional(name.as_ref())?,
            key: match key {
                Some(key) => Some(key.get()?.reference()?),
                None => None,
            },
            credential: document::optional(credential.as_ref())?,
            ca_file: document::optional(ca_file.as_ref())?.map(|path| folder.join(path)),
        }),
        (None, Some(data))
            if name.is_none() && key.is_none() && credential.is_none() && ca_file.is_none() =>
        {
            Some(Account::Local { data: folder.join(data.get()?) })
        }
        (None, Some(data)) => {
            let message = "an account with `data` is on this machine and has only that";
            findings.push(Diagnostic::new(&codes::INVALID_VALUE, message).at(data.span(), ""));
            None
        }
        _ => {
            let message = "an account has either `endpoint` or `data`";
            findings.push(Diagnostic::new(&codes::INVALID_VALUE, message).at(field.span(), ""));
            None
        }
    }
}

fn container(record: &Field<ProjectRecord>) -> Option<SecretRef> {
    record.get()?.container_url.get()?.reference()
}

/// The key of an account, written where its reference belongs.
fn refuse_keys(tree: &mut Node, findings: &mut Collector) {
    let accounts = tree.find_mut(&[crate::recipe::node::Segment::Key("accounts".to_owned())]);
    let Some(accounts) = accounts else { return };
    secrets::refuse_plaintext_under(accounts, "key", "the key of an account", findings);
}

fn paths(listed: Option<&Field<Vec<Field<String>>>>, folder: &Path) -> Vec<PathBuf> {
    let listed = listed.and_then(Field::get).into_iter().flatten();
    listed.filter_map(Field::get).map(|path| folder.join(path)).collect()
}
