//! Volumes: mounts of the pool, and what tasks see of them.

use std::collections::HashSet;

use super::account::Account;
use super::names;
use super::section::Section;
use crate::import::log::Log;
use crate::import::yaml::{Map, Yaml};

/// All volumes of a configuration.
#[derive(Debug)]
pub(super) struct Volumes<'a> {
    volumes: Section<'a>,
    /// `pools.*.mounts`.
    pub(super) mounts: Map,
    /// What is to be said where mounts would stand, of those that are none.
    pub(super) missing: Vec<String>,
    /// Commands of the node that mount what Batch itself does not.
    pub(super) commands: Vec<String>,
    /// Volumes that are there: alias, and where on the node.
    places: Vec<(String, String)>,
}

impl<'a> Volumes<'a> {
    /// Reads the volumes.
    pub(super) fn new(config: &Section<'a>, account: &Account<'_>, log: &Log) -> Self {
        let volumes = config.get("volumes");
        let mut found = Self {
            volumes: volumes.clone(),
            mounts: Map::default(),
            missing: Vec::new(),
            commands: Vec::new(),
            places: Vec::new(),
        };
        let mut taken = HashSet::new();
        for (alias, volume) in volumes.get("shared_data_volumes").entries() {
            let key = names::unique(&names::slug(alias).unwrap_or_else(|| "volume".to_owned()), &mut taken);
            if found.mount(alias, &key, &volume, account, log) {
                found.places.push((alias.to_owned(), format!("$AZ_BATCH_NODE_MOUNTS_DIR/{key}")));
            }
        }
        found
    }

    /// Mounts a shared volume, if there is a way.
    fn mount(
        &mut self,
        alias: &str,
        key: &str,
        volume: &Section<'_>,
        account: &Account<'_>,
        log: &Log,
    ) -> bool {
        let driver = volume.get("volume_driver");
        match driver.word().map(|driver| driver.to_ascii_lowercase()).as_deref() {
            Some("azureblob") => self.blob(key, volume, account),
            Some("azurefile") => self.share(key, volume, account),
            Some("custom_linux_mount") => self.line_of_fstab(key, &volume.get("fstab_entry"), log),
            Some("glusterfs_on_compute") => self.refuse(
                alias,
                volume,
                "was a GlusterFS of the nodes' own disks, which nothing makes here: mount a share that all nodes see, such as\n\
                 azure_file_share or nfs, and bind it for the tasks that used the volume",
                "a GlusterFS of the nodes' own disks is not made; mount a share of Azure Files or NFS instead",
            ),
            Some("storage_cluster") => self.refuse(
                alias,
                volume,
                "was a file server of Batch Shipyard, a virtual machine of its own. Where it stays, NFS reaches it:\n\
                 { nfs: { source: \"ADDRESS:/PATH\" } }",
                "the file server is a virtual machine, which a recipe does not make; where it stays, mount it by its address: `nfs: { source: ADDRESS:/PATH }`",
            ),
            _ => {
                driver.dropped("not understood: no kind of volume that Batch Shipyard has");
                false
            }
        }
    }

    fn refuse(&mut self, alias: &str, volume: &Section<'_>, comment: &str, why: &str) -> bool {
        self.missing.push(format!("`{alias}` {comment}"));
        volume.dropped(why);
        volume.log().to_do(format!("`{}`: {why}", volume.path()));
        false
    }

    fn blob(&mut self, key: &str, volume: &Section<'_>, account: &Account<'_>) -> bool {
        let Some(storage) = account.storage(&volume.get("storage_account_settings")) else { return false };
        let mut blob = Map::default();
        blob.put("account_name", Yaml::text(&storage.name));
        blob.put("account_key", account.storage_key(&storage));
        blob.put(
            "container_name",
            Yaml::text(volume.get("azure_blob_container_name").word().unwrap_or_default()),
        );
        let options = volume.get("mount_options").texts().join(" ");
        if !options.is_empty() {
            blob.put("blobfuse_options", Yaml::text(options));
        }
        fill_in(volume, "azure_blob_container_name");
        self.mounts.put(key, wrapped("azure_blob", blob));
        true
    }

    fn share(&mut self, key: &str, volume: &Section<'_>, account: &Account<'_>) -> bool {
        let Some(storage) = account.storage(&volume.get("storage_account_settings")) else { return false };
        let share = volume.get("azure_file_share_name").word().unwrap_or_default();
        let url = format!("https://{}.file.{}/{share}", storage.name, storage.endpoint);
        let mut mount = Map::default();
        mount.put("account_name", Yaml::text(&storage.name));
        mount.put("account_key", account.storage_key(&storage));
        mount.put("azure_file_url", Yaml::text(url));
        mount.put_some("mount_options", mount_options(&volume.get("mount_options").texts()).map(Yaml::text));
        fill_in(volume, "azure_file_share_name");
        self.mounts.put(key, wrapped("azure_file_share", mount));
        true
    }

    /// A line of `/etc/fstab`.
    fn line_of_fstab(&mut self, key: &str, entry: &Section<'_>, log: &Log) -> bool {
        let source = entry.get("fs_spec").word().unwrap_or_default();
        let kind = entry.get("fs_vfstype").word().unwrap_or_default();
        let options: Vec<String> =
            entry.get("fs_mntops").word().unwrap_or_default().split(',').map(str::to_owned).collect();
        let value_of = |names: &[&str]| {
            let pairs = options.iter().filter_map(|option| option.split_once('='));
            pairs.filter(|(name, _)| names.contains(name)).map(|(_, value)| value.to_owned()).next()
        };
        let is_login = |option: &String| {
            ["username=", "user=", "password=", "pass=", "credentials="]
                .iter()
                .any(|login| option.starts_with(login))
        };
        let has_login = options.iter().any(is_login);
        let rest: Vec<String> =
            options.iter().filter(|option| !is_login(option) && *option != "defaults").cloned().collect();
        let mut mount = Map::default();
        match kind.as_str() {
            "nfs" | "nfs4" => {
                mount.put("source", Yaml::text(source));
                mount.put_some("mount_options", mount_options(&rest).map(Yaml::text));
                self.mounts.put(key, wrapped("nfs", mount));
            }
            "cifs" => {
                let variable = names::variable(&[key, "PASSWORD"]);
                log.variable(&variable, format!("the password among `{}.fs_mntops`", entry.path()));
                mount.put("source", Yaml::text(source));
                mount.put("username", Yaml::text(value_of(&["username", "user"]).unwrap_or_default()));
                mount.put("password", Yaml::env(&variable));
                mount.put_some("mount_options", mount_options(&rest).map(Yaml::text));
                entry.get("fs_mntops").changed(
                    "the options of the mount; the password is a reference to a variable, and not copied",
                );
                self.mounts.put(key, wrapped("cifs", mount));
            }
            _ => {
                let folder = format!("\"$AZ_BATCH_NODE_MOUNTS_DIR/{key}\"");
                let options = mount_options(&rest).map(|options| format!(" {options}")).unwrap_or_default();
                let quoted = super::command::quoted;
                self.commands.push(format!("mkdir -p {folder}"));
                self.commands.push(format!(
                    "mount -t {}{options} {} {folder}",
                    quoted(&kind),
                    quoted(&source)
                ));
                let login = if has_login { ", without the login among its options" } else { "" };
                entry.changed(format!("the start task mounts it{login}: Batch itself knows no `{kind}`"));
            }
        }
        true
    }

    /// The run options by which a task sees the volumes that it names, of either kind.
    pub(super) fn run_options(&self, users: &[&Section<'_>]) -> Vec<String> {
        let mut options = Vec::new();
        for user in users {
            let names = user.get("shared_data_volumes");
            for alias in names.texts() {
                let volume = self.volumes.get("shared_data_volumes").get(&alias);
                let place = self.places.iter().find(|(known, _)| *known == alias);
                match place.zip(volume.get("container_path").word()) {
                    Some(((_, place), path)) => push(&mut options, bind(place, &path, &volume)),
                    None if volume.is_present() => {
                        names.changed("without the volumes that nothing mounts here");
                    }
                    None => names.changed(format!(
                        "the run option `-v`, without `{alias}`, which the configuration has not"
                    )),
                }
            }
            let names = user.get("data_volumes");
            for alias in names.texts() {
                let volume = self.volumes.get("data_volumes").get(&alias);
                match (volume.get("host_path").word(), volume.get("container_path").word()) {
                    (Some(host), Some(path)) => push(&mut options, bind(&host, &path, &volume)),
                    (None, Some(path)) | (Some(path), None) => push(&mut options, format!("-v {path}")),
                    (None, None) => {
                        names.dropped(format!("the configuration has no volume `{alias}` with a path"));
                    }
                }
            }
        }
        options
    }
}

fn bind(place: &str, path: &str, volume: &Section<'_>) -> String {
    let only = if volume.get("bind_options").one_of(&["ro", "rw"]) == Some("ro") { ":ro" } else { "" };
    format!("-v {place}:{path}{only}")
}

fn push(options: &mut Vec<String>, option: String) {
    if !options.contains(&option) {
        options.push(option);
    }
}

fn wrapped(kind: &str, mount: Map) -> Yaml {
    let mut outer = Map::default();
    outer.put(kind, mount.long());
    outer.long()
}

/// Options as `mount` takes them.
fn mount_options(options: &[String]) -> Option<String> {
    let options: Vec<&str> = options
        .iter()
        .map(|option| option.trim().trim_start_matches("-o").trim())
        .filter(|option| !option.is_empty())
        .collect();
    (!options.is_empty()).then(|| format!("-o {}", options.join(",")))
}

/// Reminds of a value that is missing.
fn fill_in(section: &Section<'_>, key: &str) {
    let value = section.get(key);
    if value.word().is_none() {
        section.log().to_do(format!("`{}` is missing: fill it in where the recipe has \"\"", value.path()));
    }
}
