//! Virtual machine images.

use super::desk::Scribe;
use super::texts;
use crate::batch::model::BatchVmImageReference;
use crate::import::report::Fate;
use crate::import::yaml::{Map, Yaml};
use crate::recipe::document::ImageAlias;

/// The version of an image that does not name one.
const LATEST: &str = "latest";

impl Scribe<'_> {
    /// Puts an image and the node agent that fits it.
    pub(super) fn image(&self, map: &mut Map, image: &BatchVmImageReference, node_agent: &str) {
        if let Some(alias) = alias(image).filter(|alias| alias.node_agent_sku == node_agent) {
            map.put("image", Yaml::text(alias.name));
            return;
        }
        let BatchVmImageReference {
            publisher,
            offer,
            sku,
            version,
            virtual_machine_image_id,
            shared_gallery_image_id,
            community_gallery_image_id,
        } = image;
        let mut reference = Map::default();
        let mut put = |key: &str, value: &Option<String>| {
            reference.put_some(key, value.as_deref().map(texts::text));
        };
        put("publisher", publisher);
        put("offer", offer);
        put("sku", sku);
        put("version", &version.clone().filter(|version| version != LATEST));
        put("id", virtual_machine_image_id);
        put("shared_gallery_image_id", shared_gallery_image_id);
        put("community_gallery_image_id", community_gallery_image_id);
        if reference.is_empty() {
            self.note("image", Fate::Dropped, "the account does not say which image the pool has");
        }
        map.put("image", reference.in_short()).put("node_agent_sku", texts::text(node_agent));
    }
}

/// The short name of an image that is exactly what it stands for.
fn alias(image: &BatchVmImageReference) -> Option<&'static ImageAlias> {
    ImageAlias::ALL.iter().find(|alias| {
        let stands_for = BatchVmImageReference {
            publisher: Some(alias.publisher.to_owned()),
            offer: Some(alias.offer.to_owned()),
            sku: Some(alias.sku.to_owned()),
            version: Some(LATEST.to_owned()),
            ..BatchVmImageReference::default()
        };
        stands_for == *image
    })
}
