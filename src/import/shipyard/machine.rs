//! Virtual machines: sizes and images, and what takes the place of those that Azure has no more.

use super::section::Section;
use crate::import::yaml::{Map, Yaml};
use crate::recipe::catalog::{self, ContainerEngine, KnownImage, VmSize};

/// What has as many graphics processors, where the catalog's replacement has fewer.
const SEVERAL_GPUS: &[(&str, &str, &str)] = &[
    ("standard_nc12", "Standard_NC64as_T4_v3", "it has four GPUs, where it had two"),
    ("standard_nc24", "Standard_NC64as_T4_v3", "it has four GPUs, as it had"),
    ("standard_nc24r", "Standard_NC64as_T4_v3", "it has four GPUs, as it had, and no InfiniBand"),
    ("standard_nv12", "Standard_NV72ads_A10_v5", "it has two GPUs, as it had"),
    ("standard_nv24", "Standard_NV72ads_A10_v5", "it has two GPUs, where it had four"),
];

/// The image for all that have no engine of their own: it brings one, and the drivers of NVIDIA and InfiniBand.
const IMAGE: &str = "ubuntu-24.04-container";

/// The image of Windows in place of one without a container engine.
const WITH_CONTAINERS: &str = "2019-datacenter-with-containers-smalldisk";

/// The machines of a pool.
#[derive(Debug)]
pub(super) struct Machine {
    /// The size, as it was or as it is called now.
    pub(super) size: String,
    /// What the size was, if it is another one.
    pub(super) size_was: Option<String>,
    /// Keys of the pool: image, node agent, licence.
    pub(super) image: Map,
    /// Whether nodes run Windows.
    pub(super) is_windows: bool,
    /// Whether commands on the node were written for another Linux.
    pub(super) was_centos: bool,
}

impl Machine {
    /// Reads size and image of a pool.
    pub(super) fn of(pool: &Section<'_>) -> Self {
        let (size, size_was) = size(&pool.get("vm_size"));
        let mut machine =
            Self { size, size_was, image: Map::default(), is_windows: false, was_centos: false };
        let configuration = pool.get("vm_configuration");
        let custom = configuration.get("custom_image");
        let platform = configuration.get("platform_image");
        let is_there = custom.get("arm_image_id").word().is_some_and(|id| id.starts_with("/subscriptions/"));
        if custom.is_present() && (is_there || !platform.is_present()) {
            machine.custom(&custom);
            platform.dropped("the pool has a `custom_image`, and only one of the two can be");
        } else {
            custom.dropped("the pool has a `platform_image`, and this names no image");
            machine.platform(&platform);
        }
        machine
    }

    /// Whether it has graphics processors.
    pub(super) fn has_gpu(&self) -> bool {
        VmSize::parse(&self.size).is_some_and(|size| size.has_gpu())
    }

    /// Whether nodes reach each other's memory.
    pub(super) fn has_rdma(&self) -> bool {
        VmSize::parse(&self.size).is_some_and(|size| size.has_rdma())
    }

    fn custom(&mut self, custom: &Section<'_>) {
        let id = custom.get("arm_image_id").word().unwrap_or_default();
        let agent = custom.get("node_agent").word().unwrap_or_default();
        self.is_windows = agent.to_ascii_lowercase().contains("windows");
        self.image.put("image", Yaml::short([("id", Yaml::text(id))]));
        self.image.put("node_agent_sku", Yaml::text(agent));
        self.license(custom);
    }

    fn platform(&mut self, image: &Section<'_>) {
        let word = |key: &str| image.get(key).word().unwrap_or_default();
        let (publisher, offer, sku) = (word("publisher"), word("offer"), word("sku"));
        self.is_windows = publisher.eq_ignore_ascii_case("microsoftwindowsserver");
        self.was_centos = offer.to_ascii_lowercase().starts_with("centos");
        let known = KnownImage::find(&publisher, &offer, &sku);
        let stays = known.is_some_and(|known| {
            known.engine == ContainerEngine::Present && !known.retirement.is_some_and(|end| end.is_past())
        });
        if stays || self.is_windows {
            let brings_none = known.is_some_and(|known| known.engine == ContainerEngine::Absent);
            let sku = if brings_none { WITH_CONTAINERS.to_owned() } else { sku };
            let version = image.get("version").word().filter(|version| version != "latest");
            let mut full = Map::default();
            full.put("publisher", Yaml::text(publisher))
                .put("offer", Yaml::text(offer))
                .put("sku", Yaml::text(sku));
            full.put_some("version", version.map(Yaml::text));
            if brings_none {
                image
                    .get("sku")
                    .changed(format!("`{WITH_CONTAINERS}`: the other brings no container engine"));
            }
            for key in ["publisher", "offer", "sku"] {
                image.get(key).kept(format!("`pools.*.image.{key}`"));
            }
            self.image.put("image", full.in_short());
            let agent = known.map_or("batch.node.windows amd64", |known| known.node_agent);
            self.image.put("node_agent_sku", Yaml::text(agent));
        } else {
            let was = [publisher.as_str(), &offer, &sku].join(" ");
            let was = was.trim();
            let ended = known.and_then(|known| known.retirement).filter(|end| end.is_past());
            let reason = match ended {
                Some(end) => format!("Batch supports it no longer since {}", end.date),
                None if known.is_some() => "it brings no container engine".to_owned(),
                None if was.is_empty() => "the configuration names none".to_owned(),
                None => "it is not known to bring a container engine".to_owned(),
            };
            let name = self.successor(&sku, ended.is_some());
            image.changed(format!("`{name}`: {reason}"));
            let comment = if was.is_empty() { reason } else { format!("was {was}: {reason}") };
            self.image.add("image", Yaml::text(name), Some(comment));
        }
        self.license(image);
    }

    /// The image in place of one that cannot stay.
    fn successor(&self, sku: &str, has_ended: bool) -> &'static str {
        if !has_ended && sku.starts_with("22") { "ubuntu-22.04-container" } else { IMAGE }
    }

    fn license(&mut self, image: &Section<'_>) {
        if image.get("license_type").one_of(&["windows_server"]).is_some() {
            self.image.put("license_type", Yaml::text("Windows_Server"));
        }
    }
}

/// A size: what it is, and what it was if Azure has it no more.
fn size(section: &Section<'_>) -> (String, Option<String>) {
    let Some(written) = section.word() else { return ("Standard_D2s_v3".to_owned(), None) };
    let ended = catalog::vm_size(&written).filter(|end| end.is_past());
    let Some(end) = ended else { return (spelled(&written), None) };
    let several = SEVERAL_GPUS.iter().find(|(size, ..)| written.eq_ignore_ascii_case(size));
    let (replacement, how) =
        several.map_or((end.replacement, "compare cores, memory and price"), |(_, size, how)| (*size, *how));
    section.changed(format!("`{replacement}`: Azure retired {written} on {}; {how}", end.date));
    (replacement.to_owned(), Some(format!("was {written}, which Azure retired on {}", end.date)))
}

/// The name as Azure's own pages write it: `Standard_D1_v2`.
fn spelled(size: &str) -> String {
    let Some((series, rest)) = size.split_once('_') else { return size.to_owned() };
    let series = match series.to_ascii_lowercase().as_str() {
        "standard" => "Standard",
        "basic" => "Basic",
        _ => series,
    };
    let parts = rest.split('_').map(|part| match part.strip_prefix('V') {
        Some(number) if number.parse::<u8>().is_ok() => format!("v{number}"),
        _ => part.to_owned(),
    });
    format!("{series}_{}", parts.collect::<Vec<_>>().join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_spelled_as_azure_does() {
        for (written, expected) in [
            ("STANDARD_D1_V2", "Standard_D1_v2"),
            ("standard_HC44rs", "Standard_HC44rs"),
            ("Standard_D2s_v3", "Standard_D2s_v3"),
            ("whatever", "whatever"),
        ] {
            assert_eq!(spelled(written), expected);
        }
    }

    #[test]
    fn what_takes_the_place_of_several_gpus_is_there_to_stay() {
        for (size, replacement, _) in SEVERAL_GPUS {
            assert!(catalog::vm_size(size).is_some_and(|end| end.is_past()), "{size}");
            assert_eq!(catalog::vm_size(replacement), None, "{replacement}");
        }
    }
}
