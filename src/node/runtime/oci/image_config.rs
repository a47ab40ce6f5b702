//! What an image's configuration says, in the format that Docker and the OCI share.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

pub(super) use crate::node::platform::architecture;
use crate::node::runtime::{Image, ImageReport, Platform};

/// The parts of an image's configuration that running it needs.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ImageConfig {
    /// Which processors it is for.
    #[serde(default)]
    pub(super) architecture: String,
    /// Which system it is for.
    #[serde(default)]
    pub(super) os: String,
    /// Which of these processors.
    #[serde(default)]
    variant: Option<String>,
    /// Which version of the system.
    #[serde(rename = "os.version", default)]
    os_version: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    history: Option<Vec<Step>>,
    #[serde(default)]
    config: Option<Settings>,
    #[serde(default)]
    rootfs: RootFs,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    env: Option<Vec<String>>,
    #[serde(default)]
    entrypoint: Option<Vec<String>>,
    #[serde(default)]
    cmd: Option<Vec<String>>,
    #[serde(default)]
    working_dir: Option<String>,
    #[serde(default)]
    stop_signal: Option<String>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    volumes: Option<BTreeMap<String, IgnoredAny>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Step {
    #[serde(default)]
    created_by: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

impl ImageConfig {
    /// Understands a configuration.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("its configuration: {error}"))
    }

    /// Understands a configuration and checks that it can run here.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let config = Self::read(json)?;
        let here = architecture();
        if !config.os.is_empty() && config.os != "linux" {
            return Err(format!("it is for {}, this runtime runs linux images", config.os));
        }
        if !config.architecture.is_empty() && config.architecture != here {
            return Err(format!("it is for {} processors, this machine has {here}", config.architecture));
        }
        Ok(config)
    }

    /// The digests of the layers, lowest first, each of the uncompressed tar archive.
    pub(super) fn layers(&self) -> &[String] {
        &self.rootfs.diff_ids
    }

    /// The signal that asks its program to end, if it isn't SIGTERM.
    pub(super) fn stop_signal(&self) -> Option<&str> {
        self.config.as_ref()?.stop_signal.as_deref().filter(|signal| !signal.is_empty())
    }

    /// The paths that get a folder of each container's own, to write to.
    pub(super) fn volumes(&self) -> Vec<String> {
        let volumes = self.config.iter().flat_map(|config| &config.volumes).flatten();
        volumes.map(|(path, _)| path.clone()).collect()
    }

    /// What it says of the image with the id `id`; what only manifests say is left empty.
    pub(super) fn report(&self, id: String) -> ImageReport {
        let steps = self.history.iter().flatten().filter_map(|step| step.created_by.clone());
        ImageReport {
            platform: Platform {
                os: self.os.clone(),
                architecture: self.architecture.clone(),
                variant: self.variant.clone(),
                os_version: self.os_version.clone(),
            },
            config: self.image(id),
            created: self.created.clone(),
            labels: self.config.iter().flat_map(|config| config.labels.clone()).flatten().collect(),
            history: steps.collect(),
            ..ImageReport::default()
        }
    }

    /// The image, under the id `id`.
    pub(super) fn image(&self, id: String) -> Image {
        let settings = self.config.clone().unwrap_or_default();
        Image {
            id,
            entrypoint: settings.entrypoint.unwrap_or_default(),
            command: settings.cmd.unwrap_or_default(),
            working_directory: settings.working_dir.unwrap_or_default(),
            user: settings.user.unwrap_or_default(),
            environment: settings.env.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_writes_null_where_nothing_is_set() {
        let json = format!(
            r#"{{"architecture":"{}","os":"linux","config":{{"Entrypoint":null,"Cmd":["sh"],"Env":["A=1"],"User":"","Volumes":{{"/data":{{}}}}}},
                "rootfs":{{"type":"layers","diff_ids":["sha256:1"]}}}}"#,
            architecture()
        );
        let config = ImageConfig::parse(json.as_bytes()).unwrap();
        let image = config.image("sha256:x".into());
        assert_eq!(image.entrypoint, Vec::<String>::new());
        assert_eq!(image.command, ["sh"]);
        assert_eq!(image.environment, ["A=1"]);
        assert_eq!(config.layers(), ["sha256:1"]);
        assert_eq!(config.stop_signal(), None);
        assert_eq!(config.volumes(), ["/data"]);
    }

    #[test]
    fn images_for_other_machines_are_refused() {
        let error = ImageConfig::parse(br#"{"architecture":"vax","os":"linux"}"#).unwrap_err();
        assert!(error.contains("vax"), "{error}");
        let error = ImageConfig::parse(br#"{"os":"windows"}"#).unwrap_err();
        assert!(error.contains("windows"), "{error}");
        assert!(ImageConfig::parse(b"[").is_err());
    }
}
