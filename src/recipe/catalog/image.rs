//! Marketplace images of virtual machines.

use std::sync::LazyLock;

use super::retirement::{Retirement, node_agent};
use super::table::Table;

static IMAGES: LazyLock<Table<6>> = LazyLock::new(|| Table::new(include_str!("images.tsv")));

/// Whether an image brings a container engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerEngine {
    /// It does.
    Present,
    /// It does not.
    Absent,
    /// That is not certain.
    Unknown,
}

/// A Marketplace image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownImage {
    /// The node agent that fits it.
    pub node_agent: &'static str,
    /// Whether it brings a container engine.
    pub engine: ContainerEngine,
    /// The end of its support, if one has been announced.
    pub retirement: Option<Retirement>,
}

impl KnownImage {
    /// The image that publisher, offer and SKU name. They are compared without regard to case.
    pub fn find(publisher: &str, offer: &str, sku: &str) -> Option<Self> {
        let sku = sku.to_ascii_lowercase();
        let mut rows = IMAGES.rows.iter();
        let [.., agent, engine, end] = rows.find(|[known_publisher, known_offer, pattern, ..]| {
            known_publisher.eq_ignore_ascii_case(publisher)
                && known_offer.eq_ignore_ascii_case(offer)
                && fits(pattern, &sku)
        })?;
        let retirement = match *end {
            "-" => node_agent(agent),
            date => Some(Retirement { date, replacement: "", as_of: IMAGES.as_of }),
        };
        let engine = match *engine {
            "docker" => ContainerEngine::Present,
            "none" => ContainerEngine::Absent,
            _ => ContainerEngine::Unknown,
        };
        Some(Self { node_agent: agent, engine, retirement })
    }
}

fn fits(pattern: &str, sku: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => sku.starts_with(prefix),
        None => pattern == sku,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::document::ImageAlias;

    #[test]
    fn images_are_found_and_end_with_their_node_agents() {
        let focal = KnownImage::find("Canonical", "0001-com-ubuntu-server-focal", "20_04-lts-gen2").unwrap();
        assert_eq!((focal.node_agent, focal.engine), ("batch.node.ubuntu 20.04", ContainerEngine::Absent));
        assert!(focal.retirement.unwrap().is_past());
        let windows = KnownImage::find(
            "MicrosoftWindowsServer",
            "WindowsServer",
            "2016-Datacenter-with-Containers-smalldisk",
        );
        assert_eq!(windows.unwrap().engine, ContainerEngine::Present);
        assert_eq!(KnownImage::find("a", "b", "c"), None);
    }

    #[test]
    fn short_names_and_this_table_agree() {
        for alias in ImageAlias::ALL {
            let known = KnownImage::find(alias.publisher, alias.offer, alias.sku).unwrap();
            let engine = if alias.containers { ContainerEngine::Present } else { ContainerEngine::Absent };
            assert_eq!((known.node_agent, known.engine), (alias.node_agent_sku, engine), "{}", alias.name);
            assert!(known.retirement.is_none_or(|end| !end.is_past()), "{}", alias.name);
        }
    }
}
