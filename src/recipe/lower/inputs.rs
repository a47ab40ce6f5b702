//! Local files that tasks get, and files that are kept of them.

use crate::batch::model::{
    Confidential, OutputFile, OutputFileBlobContainerDestination, OutputFileDestination,
    OutputFileUploadConfiguration, ResourceFile,
};
use crate::recipe::document::{Field, Input, Output, OutputWhen, TextOrSecret, UrlOrSecret, optional};
use crate::recipe::input_files::InputFiles;
use crate::recipe::{document, files};
use crate::resource::InputFile;
use crate::secret::{SecretRef, blob_url};

/// The container that a recipe keeps files in.
#[derive(Debug, Clone)]
pub(super) struct Storage {
    /// For nodes.
    container: Confidential,
    /// For whoever applies the recipe.
    upload: Confidential,
}

/// What inputs of tasks come to.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub(super) resource_files: Vec<ResourceFile>,
    /// What has to be in the container before.
    pub(super) uploads: Vec<InputFile>,
}

impl Storage {
    pub(super) fn of(storage: &document::Storage) -> Option<Self> {
        let container = confidential(&storage.container_url)?;
        let upload = storage.upload_url.as_ref().map_or(Some(container.clone()), confidential)?;
        Some(Self { container, upload })
    }
}

/// The files that a task gets.
///
/// # Errors
/// Says what of them can't be had.
pub(super) fn inputs(
    inputs: Option<&Field<Vec<Field<Input>>>>,
    storage: Option<&Storage>,
    files: &InputFiles,
) -> Result<Inputs, String> {
    const DAMAGED: &str = "an input could not be understood";
    let mut all = Inputs::default();
    let Some(inputs) = inputs else { return Ok(all) };
    for field in inputs.get().ok_or(DAMAGED)? {
        let input = field.get().ok_or(DAMAGED)?;
        let to = optional(input.to.as_ref()).ok_or(DAMAGED)?;
        match (&input.path, &input.url) {
            (Some(path), _) => {
                let storage = storage.ok_or("the recipe has no `storage` for local files")?;
                local(path, to.as_deref(), storage, files, &mut all)?;
            }
            (None, Some(url)) => all.resource_files.push(ResourceFile {
                http_url: Some(confidential(url).ok_or(DAMAGED)?),
                file_path: to,
                ..ResourceFile::default()
            }),
            (None, None) => return Err(DAMAGED.to_owned()),
        }
    }
    Ok(all)
}

fn local(
    field: &Field<String>,
    to: Option<&str>,
    storage: &Storage,
    files: &InputFiles,
    all: &mut Inputs,
) -> Result<(), String> {
    let path = field.get().ok_or("a path could not be understood")?;
    let to = to.unwrap_or_else(|| path.trim_start_matches("./"));
    for (below, file) in files.read(path, field.span().source).map_err(|error| error.to_string())? {
        let place = match (below.as_str(), to.ends_with('/')) {
            ("", true) => format!("{to}{}", files::basename(path)),
            ("", false) => to.to_owned(),
            (below, _) => format!("{}/{below}", to.trim_end_matches('/')),
        };
        let blob = format!("inputs/{}", file.sha256);
        all.resource_files.push(ResourceFile {
            http_url: Some(blob_in(&storage.container, &blob)),
            file_path: Some(place),
            ..ResourceFile::default()
        });
        all.uploads.push(InputFile {
            path: file.path,
            size: file.size,
            sha256: file.sha256,
            container: storage.upload.clone(),
            blob,
        });
    }
    Ok(())
}

/// The files that are kept of a task. `None` if something could not be understood.
pub(super) fn outputs(
    outputs: Option<&Field<Vec<Field<Output>>>>,
    storage: Option<&Storage>,
) -> Option<Vec<OutputFile>> {
    let Some(outputs) = outputs else { return Some(Vec::new()) };
    let output = |field: &Field<Output>| {
        let output = field.get()?;
        let container_url = match &output.container_url {
            Some(url) => confidential(url)?,
            None => storage?.container.clone(),
        };
        let when = optional(output.when.as_ref())?.unwrap_or(OutputWhen::Success);
        Some(OutputFile {
            file_pattern: output.pattern.get()?.clone(),
            destination: OutputFileDestination {
                container: Some(OutputFileBlobContainerDestination {
                    path: optional(output.to.as_ref())?,
                    container_url,
                    identity_reference: None,
                    upload_headers: None,
                }),
            },
            upload_options: OutputFileUploadConfiguration { upload_condition: when.condition() },
        })
    };
    outputs.get()?.iter().map(output).collect()
}

fn confidential(url: &Field<UrlOrSecret>) -> Option<Confidential> {
    Some(match &url.get()?.0 {
        TextOrSecret::Plain(text) => Confidential::value(text.as_str()),
        TextOrSecret::Secret(secret) => secret.reference()?.into(),
    })
}

fn blob_in(container: &Confidential, blob: &str) -> Confidential {
    match container {
        Confidential::Value(url) => Confidential::value(blob_url(url.expose(), blob)),
        Confidential::Reference(reference) => {
            SecretRef::Blob { container: Box::new(reference.clone()), name: blob.to_owned() }.into()
        }
    }
}
