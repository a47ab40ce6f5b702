//! Virtual machine images.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::Field;

/// A Marketplace image under a short name.
#[derive(Debug, PartialEq, Eq)]
pub struct ImageAlias {
    /// The short name.
    pub name: &'static str,
    /// The image's publisher.
    pub publisher: &'static str,
    /// The image's offer.
    pub offer: &'static str,
    /// The image's SKU.
    pub sku: &'static str,
    /// The node agent that fits it.
    pub node_agent_sku: &'static str,
    /// Whether it brings a container engine.
    pub containers: bool,
}

impl ImageAlias {
    /// The images that have a short name.
    pub const ALL: &'static [Self] = &[
        Self {
            name: "ubuntu-22.04-container",
            publisher: "microsoft-dsvm",
            offer: "ubuntu-hpc",
            sku: "2204",
            node_agent_sku: "batch.node.ubuntu 22.04",
            containers: true,
        },
        Self {
            name: "ubuntu-24.04-container",
            publisher: "microsoft-dsvm",
            offer: "ubuntu-hpc",
            sku: "2404",
            node_agent_sku: "batch.node.ubuntu 24.04",
            containers: true,
        },
        Self {
            name: "ubuntu-22.04",
            publisher: "canonical",
            offer: "0001-com-ubuntu-server-jammy",
            sku: "22_04-lts",
            node_agent_sku: "batch.node.ubuntu 22.04",
            containers: false,
        },
        Self {
            name: "ubuntu-24.04",
            publisher: "canonical",
            offer: "ubuntu-24_04-lts",
            sku: "server",
            node_agent_sku: "batch.node.ubuntu 24.04",
            containers: false,
        },
    ];

    /// The image with a short name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|alias| alias.name == name)
    }

    /// The image that a reference spells out, if it has a short name.
    pub fn by_reference(publisher: &str, offer: &str, sku: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|alias| {
            alias.publisher.eq_ignore_ascii_case(publisher)
                && alias.offer.eq_ignore_ascii_case(offer)
                && alias.sku.eq_ignore_ascii_case(sku)
        })
    }
}

/// The image of a pool's virtual machines.
#[derive(Debug, Clone, PartialEq)]
pub enum ImageChoice {
    /// A short name of a Marketplace image.
    Alias(String),
    /// A Marketplace image in full, or one of your own by its ARM id.
    Reference(Box<ImageReference>),
}

impl ImageChoice {
    /// The entry of the table of short names, if the image has one.
    pub fn alias(&self) -> Option<&'static ImageAlias> {
        match self {
            Self::Alias(name) => ImageAlias::by_name(name),
            Self::Reference(image) => ImageAlias::by_reference(
                image.publisher.as_ref()?.get()?,
                image.offer.as_ref()?.get()?,
                image.sku.as_ref()?.get()?,
            ),
        }
    }
}

/// An image in full.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageReference {
    /// Publisher of a Marketplace image.
    pub publisher: Option<Field<String>>,
    /// Its offer.
    pub offer: Option<Field<String>>,
    /// Its SKU.
    pub sku: Option<Field<String>>,
    /// Its version; `latest` if absent.
    pub version: Option<Field<String>>,
    /// ARM id of an image of one's own.
    pub id: Option<Field<String>>,
    /// Id of an image that somebody shares in a compute gallery.
    pub shared_gallery_image_id: Option<Field<String>>,
    /// Id of an image of a community gallery.
    pub community_gallery_image_id: Option<Field<String>>,
}

impl<'de> Deserialize<'de> for ImageChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = ImageChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the short name of an image, or a map")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<ImageChoice, E> {
        Ok(ImageChoice::Alias(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImageChoice, A::Error> {
        ImageReference::deserialize(MapAccessDeserializer::new(map))
            .map(|image| ImageChoice::Reference(Box::new(image)))
    }
}

/// An image of a gallery, by the id under which others know it.
fn gallery(key: &str, description: &str, prefix: &str) -> Schema {
    json_schema!({
        "type": "object",
        "description": description,
        "properties": {
            key: {
                "type": "string",
                "pattern": format!("^{prefix}"),
                "patternErrorMessage": format!("expected an id that begins with {prefix}"),
                "description": "The id of the image, or of a version of it.",
                "examples": [format!("{prefix}gallery-1/images/hpc/versions/latest")],
            },
        },
        "required": [key],
        "additionalProperties": false,
    })
}

impl JsonSchema for ImageChoice {
    fn schema_name() -> Cow<'static, str> {
        "Image".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = ImageAlias::ALL.iter().map(|alias| alias.name).collect();
        json_schema!({
            "description": "A Marketplace image by its short name or in full, or an image of a gallery or of your own by its id.",
            "x-rest": ["BatchVmImageReference"],
            "anyOf": [
                { "type": "string", "enum": names, "description": "Short name of a Marketplace image." },
                {
                    "type": "object",
                    "description": "A Marketplace image.",
                    "properties": {
                        "publisher": { "type": "string", "minLength": 1, "description": "The image's publisher." },
                        "offer": { "type": "string", "minLength": 1, "description": "The image's offer." },
                        "sku": { "type": "string", "minLength": 1, "description": "The image's SKU." },
                        "version": { "type": "string", "minLength": 1, "default": "latest", "description": "The image's version." },
                    },
                    "required": ["publisher", "offer", "sku"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "description": "An image of your own.",
                    "properties": {
                        "id": {
                            "type": "string",
                            "pattern": "^/",
                            "patternErrorMessage": "expected an ARM id that begins with /subscriptions/",
                            "description": "ARM id of a managed image or of a version in a compute gallery.",
                        },
                    },
                    "required": ["id"],
                    "additionalProperties": false,
                },
                gallery("shared_gallery_image_id", "An image that somebody shares in a compute gallery.", "/sharedGalleries/"),
                gallery("community_gallery_image_id", "An image of a community gallery.", "/communityGalleries/"),
            ],
        })
    }
}
