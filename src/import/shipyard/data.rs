//! Data that comes from Azure Storage and goes there.

use super::account::Account;
use super::command::quoted;
use super::section::Section;
use crate::import::yaml::{Map, Yaml};

/// What comes to a node: resource files, and what has to be done so that they lie where they did.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// `resource_files`.
    pub(super) files: Vec<Yaml>,
    /// Commands that put them into their places.
    pub(super) commands: Vec<String>,
}

/// Resource files of URLs.
pub(super) fn resource_files(section: &Section<'_>, account: &Account<'_>) -> Vec<Yaml> {
    let mut files = Vec::new();
    for file in &section.items() {
        let Some(url) = file.get("blob_source").word() else {
            file.dropped("it names no `blob_source`");
            continue;
        };
        let path = file.get("file_path").word();
        let path = path.unwrap_or_else(|| {
            url.split(['?', '#']).next().and_then(|url| url.rsplit('/').next()).unwrap_or("file").to_owned()
        });
        let mut members = Map::default();
        members.put("http_url", url_or_reference(&url, &file.get("blob_source"), account));
        members.put("file_path", Yaml::text(path));
        members.put_some("file_mode", file.get("file_mode").word().map(Yaml::text));
        files.push(members.in_short());
    }
    files
}

fn url_or_reference(url: &str, section: &Section<'_>, account: &Account<'_>) -> Yaml {
    let signed = url.contains("sig=")
        || crate::recipe::known_secret(url).is_some()
        || account.secret_in(url).is_some();
    if !signed {
        return Yaml::text(crate::import::expressions::inert(url));
    }
    let name = url.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    let number = section.log().number_of_secret(url).to_string();
    let variable = super::names::variable(&["RESOURCE", &number, name, "URL"]);
    section.changed(format!(
        "`http_url`, a reference to the variable {variable}: the URL has a signature, which is not copied"
    ));
    section.log().variable(&variable, format!("`{}`", section.path()));
    Yaml::env(&variable)
}

/// A path in Azure Storage: the container and what is below it.
pub(super) fn container_and_prefix(remote: &str) -> (&str, &str) {
    let remote = remote.trim_matches('/');
    remote.split_once('/').unwrap_or((remote, ""))
}

/// What comes from Azure Storage. `home` names the folder that resource files come to, to those who look for it from elsewhere.
pub(super) fn incoming(input: &Section<'_>, account: &Account<'_>, home: &str) -> Incoming {
    let mut incoming = Incoming::default();
    for source in input.at("azure_storage").items() {
        let Some(storage) = account.storage(&source.get("storage_account_settings")) else { continue };
        if source.get("is_file_share").is_on() {
            source.dropped(
                "only blobs can be resource files; mount the share under `pools.*.mounts` and read it there",
            );
            source.log().to_do(format!(
                "`{}` comes from a file share: mount it, or move it to a container",
                source.path()
            ));
            continue;
        }
        let remote = source.get("remote_path").word().unwrap_or_default();
        let (container, folder) = container_and_prefix(&remote);
        if container.is_empty() {
            source.dropped("it names no container");
            continue;
        }
        let prefix = narrowed(&source.get("include"), folder);
        let mut file = Map::default();
        file.put("storage_container_url", account.container_url(&storage, container));
        if !prefix.is_empty() {
            file.put("blob_prefix", Yaml::text(&prefix));
        }
        let place = Place::read(&source.get("local_path"), home);
        file.put_some("file_path", place.below.clone().map(Yaml::text));
        incoming.files.push(file.in_short());
        incoming.commands.extend(moves(&source, folder, &place));
    }
    incoming
}

/// Where files are wanted.
struct Place {
    /// A folder below the working directory.
    below: Option<String>,
    /// A folder elsewhere.
    elsewhere: Option<String>,
}

impl Place {
    fn read(local: &Section<'_>, home: &str) -> Self {
        let Some(path) = local.word() else { return Self { below: None, elsewhere: None } };
        let homes = [home, "$AZ_BATCH_TASK_WORKING_DIR", "${AZ_BATCH_TASK_WORKING_DIR}"];
        let below = homes.iter().find_map(|home| path.strip_prefix(home));
        match below {
            Some(below) => {
                let below = below.trim_matches('/');
                Self { below: (!below.is_empty()).then(|| below.to_owned()), elsewhere: None }
            }
            None if path.starts_with(['/', '$']) => {
                local.changed(
                    "a command copies the files there: resource files come below the working directory",
                );
                Self { below: None, elsewhere: Some(path) }
            }
            None => Self { below: Some(path), elsewhere: None },
        }
    }
}

/// What the names of the blobs begin with, as far as the one pattern tells it.
fn narrowed(include: &Section<'_>, folder: &str) -> String {
    let patterns = include.texts();
    let whole = if folder.is_empty() { String::new() } else { folder.to_owned() };
    let [pattern] = patterns.as_slice() else { return whole };
    let literal = pattern.split(['*', '?', '[']).next().unwrap_or_default();
    let narrower = if literal.is_empty() || whole.is_empty() || literal.starts_with(&whole) {
        literal.to_owned()
    } else {
        format!("{whole}/{literal}")
    };
    if narrower.len() > whole.len() {
        include.changed("`blob_prefix`: what comes is chosen by what the names begin with");
        narrower
    } else {
        whole
    }
}

/// The number behind `--strip-components`.
fn stripped(options: &str) -> usize {
    let words: Vec<&str> = options.split([' ', '=']).filter(|word| !word.is_empty()).collect();
    let number = words
        .iter()
        .position(|word| *word == "--strip-components")
        .and_then(|at| words.get(at + 1)?.parse().ok());
    number.unwrap_or(0)
}

/// Commands that move what has come under the blobs' whole names to where it was wanted.
fn moves(source: &Section<'_>, folder: &str, place: &Place) -> Vec<String> {
    let extra = source.get("blobxfer_extra_options");
    let strip = stripped(&extra.word().unwrap_or_default());
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).take(strip).collect();
    let base = place.below.clone().unwrap_or_else(|| ".".to_owned());
    if parts.is_empty() && place.elsewhere.is_none() {
        return Vec::new();
    }
    let from = std::iter::once(base.as_str())
        .chain(parts.iter().copied())
        .filter(|part| *part != ".")
        .collect::<Vec<_>>()
        .join("/");
    let from = if from.is_empty() { ".".to_owned() } else { from };
    if !parts.is_empty() {
        extra.changed("the command copies the files from below the folders that they come with");
    }
    match &place.elsewhere {
        Some(elsewhere) => {
            let below = if from == "." {
                folder.split('/').next().unwrap_or_default().to_owned()
            } else {
                format!("{from}/.")
            };
            let below = if below.is_empty() { ".".to_owned() } else { below };
            vec![
                format!("mkdir -p \"{elsewhere}\""),
                format!("cp -R {} \"{elsewhere}\"", plain_or_quoted(&below)),
            ]
        }
        None => vec![format!("cp -R {} {}", plain_or_quoted(&format!("{from}/.")), plain_or_quoted(&base))],
    }
}

fn plain_or_quoted(path: &str) -> String {
    let is_plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if is_plain { path.to_owned() } else { quoted(path) }
}

/// Files that are kept of a task.
struct Kept {
    pattern: String,
    to: Option<String>,
    container_url: Yaml,
    /// The word of a recipe's `outputs`, and that of `output_files`.
    when: Option<(&'static str, &'static str)>,
}

/// `outputs` of a task.
pub(super) fn outputs(output: &Section<'_>, account: &Account<'_>) -> Vec<Yaml> {
    let short = |kept: Kept| {
        let mut output = Map::default();
        output.put("pattern", Yaml::text(kept.pattern));
        output.put_some("to", kept.to.map(Yaml::text));
        output.put("container_url", kept.container_url);
        output.put_some("when", kept.when.map(|(when, _)| Yaml::text(when)));
        output.in_short()
    };
    all_kept(output, account).into_iter().map(short).collect()
}

/// `output_files` of a manager task, which has no `outputs`.
pub(super) fn output_files(output: &Section<'_>, account: &Account<'_>) -> Vec<Yaml> {
    let long = |kept: Kept| {
        let mut container = Map::default();
        container.put("container_url", kept.container_url);
        container.put_some("path", kept.to.map(Yaml::text));
        let condition = kept.when.map_or("task_success", |(_, condition)| condition);
        let mut file = Map::default();
        file.put("file_pattern", Yaml::text(kept.pattern));
        file.put("destination", Yaml::short([("container", container.in_short())]));
        file.put("upload_options", Yaml::short([("upload_condition", Yaml::text(condition))]));
        file.long()
    };
    all_kept(output, account).into_iter().map(long).collect()
}

fn all_kept(output: &Section<'_>, account: &Account<'_>) -> Vec<Kept> {
    let mut all = Vec::new();
    for target in output.at("azure_storage").items() {
        let Some(storage) = account.storage(&target.get("storage_account_settings")) else { continue };
        if target.get("is_file_share").is_on() {
            target.dropped("Batch keeps files in blobs only; mount the share under `pools.*.mounts` and have the task write to it");
            target
                .log()
                .to_do(format!("`{}` goes to a file share: mount it, or use a container", target.path()));
            continue;
        }
        let remote = target.get("remote_path").word().unwrap_or_default();
        let (container, folder) = container_and_prefix(&remote);
        if container.is_empty() {
            target.dropped("it names no container");
            continue;
        }
        let local = target.get("local_path").word().unwrap_or_else(|| "$AZ_BATCH_TASK_DIR".to_owned());
        let when = match target.get("condition").one_of(&["taskcompletion", "taskfailure", "tasksuccess"]) {
            Some("taskcompletion") => Some(("always", "task_completion")),
            Some("taskfailure") => Some(("failure", "task_failure")),
            _ => None,
        };
        for (pattern, to) in patterns(&local, &target.get("include").texts(), folder) {
            let container_url = account.container_url(&storage, container);
            all.push(Kept { pattern, to, container_url, when });
        }
    }
    all
}

/// The patterns that stand for a folder of the node and what of it is kept, each with where it goes.
fn patterns(local: &str, include: &[String], folder: &str) -> Vec<(String, Option<String>)> {
    let bare = |text: &str| text.replace("${", "$").replace('}', "");
    let local = bare(local);
    let relative = if let Some(below) = local.strip_prefix("$AZ_BATCH_TASK_WORKING_DIR") {
        below.trim_matches('/').to_owned()
    } else if let Some(below) = local.strip_prefix("$AZ_BATCH_TASK_DIR") {
        format!("../{}", below.trim_matches('/')).trim_end_matches('/').to_owned()
    } else {
        local.trim_end_matches('/').to_owned()
    };
    let whole = (!folder.is_empty()).then(|| folder.to_owned());
    let in_folder = |name: &str| match &whole {
        Some(folder) => format!("{folder}/{name}"),
        None => name.to_owned(),
    };
    let below = |pattern: &str| {
        if relative.is_empty() { pattern.to_owned() } else { format!("{relative}/{pattern}") }
    };
    let has_wildcard = |text: &str| text.contains(['*', '?', '[']);
    let name_of = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    if include.is_empty() {
        let name = name_of(&relative);
        // A name with a dot in the middle is a file's.
        let is_file = name.find('.').is_some_and(|dot| dot > 0);
        if is_file {
            return vec![(relative.clone(), Some(in_folder(&name)))];
        }
        return vec![(below("**/*"), whole)];
    }
    include
        .iter()
        .map(|pattern| {
            let to = if has_wildcard(pattern) { whole.clone() } else { Some(in_folder(&name_of(pattern))) };
            (below(pattern), to)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_relative_to_the_working_directory() {
        let pairs = |local: &str, include: &[&str], folder: &str| {
            let include: Vec<String> = include.iter().map(|text| (*text).to_owned()).collect();
            let pairs = patterns(local, &include, folder);
            pairs
                .into_iter()
                .map(|(pattern, to)| format!("{pattern} > {}", to.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        assert_eq!(pairs("$AZ_BATCH_TASK_WORKING_DIR", &["*.txt"], "out"), ["*.txt > out"]);
        assert_eq!(pairs("$AZ_BATCH_TASK_WORKING_DIR/a.txt", &[], "out"), ["a.txt > out/a.txt"]);
        assert_eq!(pairs("$AZ_BATCH_TASK_DIR", &[], ""), ["../**/* > "]);
        assert_eq!(pairs("${AZ_BATCH_TASK_WORKING_DIR}/sub", &["a.bam"], "x/y"), ["sub/a.bam > x/y/a.bam"]);
    }

    #[test]
    fn stripped_components_are_counted() {
        assert_eq!(stripped("--strip-components 2"), 2);
        assert_eq!(stripped("--x --strip-components=1"), 1);
        assert_eq!(stripped("--strip-components many"), 0);
        assert_eq!(stripped(""), 0);
    }
}
