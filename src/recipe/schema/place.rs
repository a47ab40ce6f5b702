//! Where a value stands, as the schema sees it: whether a key is a property that the language knows, or a name that the
//! author of a recipe chose. `registries: { settings: … }` is a registry with an unfortunate name, no settings.

use super::places::{Inside, Places, ROOT, UNKNOWN};
use super::validator::Shape;

/// A place in a text of some shape.
#[derive(Clone, Copy)]
pub struct Place {
    places: &'static Places,
    at: usize,
    property: Option<&'static str>,
}

impl Place {
    /// The place of the whole text.
    pub fn of(shape: Shape) -> Self {
        Self { places: &shape.compiled().places, at: ROOT, property: None }
    }

    fn inside(self) -> Option<&'static Inside> {
        self.places.inside(self.at)
    }

    /// The place of the value under a key.
    pub fn member(self, key: &str) -> Self {
        let known = self.inside().and_then(|inside| inside.properties.get_key_value(key));
        let (property, at) = match known {
            Some((key, at)) => (Some(key.as_str()), Some(*at)),
            None => (None, self.inside().and_then(|inside| inside.member)),
        };
        Self { places: self.places, at: at.unwrap_or(UNKNOWN), property }
    }

    /// The place of the items of a list.
    pub fn item(self) -> Self {
        let at = self.inside().and_then(|inside| inside.item).unwrap_or(UNKNOWN);
        Self { places: self.places, at, property: None }
    }

    /// The property whose value stands here; none if it stands under a name, or under a key that the language does not have.
    pub fn property(self) -> Option<&'static str> {
        self.property
    }

    /// Whether a key is a name that says nothing about the text under it, as those of environment variables are.
    pub fn is_free_key(self, key: &str) -> bool {
        self.inside().is_some_and(|inside| inside.has_free_keys && !inside.properties.contains_key(key))
    }

    /// Whether a scalar here is text for a program, and taken as it is written.
    pub(super) fn is_text(self) -> bool {
        self.inside().is_some_and(|inside| inside.is_text)
    }

    /// Whether such a text stands here or anywhere inside.
    pub(super) fn leads_to_text(self) -> bool {
        self.inside().is_some_and(|inside| inside.leads_to_text)
    }

    /// Whether a map here stands for one of several things, and has one key, which says for which.
    pub fn takes_one_key(self) -> bool {
        self.inside().is_some_and(|inside| inside.takes_one_key)
    }

    /// Whether the schema knows which keys a map has here.
    pub fn is_known(self) -> bool {
        let is_described = |inside: &Inside| {
            !inside.properties.is_empty() || inside.member.is_some() || inside.has_free_keys
        };
        self.inside().is_some_and(is_described)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Place {
        path.split('.').fold(Place::of(Shape::Recipe), |place, key| place.member(key))
    }

    #[test]
    fn a_key_is_a_property_or_a_name_by_where_it_stands() {
        assert_eq!(at("jobs.image.pool").property(), Some("pool"));
        for name in ["jobs.pool", "jobs.j.tasks.image", "parameters.image", "pools.p.mounts.pool", "image"] {
            assert_eq!(at(name).property(), None, "{name}");
        }
        assert_eq!(at("defaults.container.image").property(), Some("image"));
        assert_eq!(at("schedules.s.job.pool").property(), Some("pool"));
        assert_eq!(at("schedules.s.job.pool.auto.pool.image").property(), Some("image"));
    }

    #[test]
    fn texts_under_names_of_ones_own_are_known_from_properties() {
        for free in ["jobs.j.environment", "jobs.j.metadata", "pools.p.metadata", "defaults.environment"] {
            assert!(at(free).is_free_key("password"), "{free}");
        }
        for named in ["registries", "registries.settings", "parameters", "jobs.j.tasks", "registry.settings"]
        {
            assert!(!at(named).is_free_key("password"), "{named}");
        }
        let extension = at("pools.p.extensions").item();
        let extension = if extension.is_known() { extension } else { at("pools.p.extensions.e") };
        assert!(extension.member("settings").is_free_key("password"));
        assert!(!extension.member("protected_settings").is_free_key("password"));
        assert!(!Place::of(Shape::Project).member("parameters").is_free_key("password"));
    }

    #[test]
    fn one_of_several_things_is_known_by_its_only_key() {
        for one in ["registries.r.password", "pools.p.mounts.m", "jobs.j.environment.key_vault"] {
            assert!(at(one).takes_one_key(), "{one}");
        }
        for many in ["jobs.env", "registries.file", "jobs.j.environment", "pools.p.mounts", "nowhere"] {
            assert!(!at(many).takes_one_key(), "{many}");
        }
    }
}
