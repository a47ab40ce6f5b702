//! The shape of recipes, looked up by names.

use serde_json::Value;

use crate::recipe::schema;

/// The schema of recipes without expressions.
#[derive(Debug)]
pub(super) struct Language(Value);

/// What a value of a recipe looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    /// The name of the definition, if it has one: `Duration`.
    pub(super) name: &'a str,
    schema: &'a Value,
}

impl Language {
    pub(super) fn new() -> Self {
        Self(schema::resolved())
    }

    /// What stands under a key of a definition: `network` of `Pool`.
    pub(super) fn property(&self, definition: &str, key: &str) -> Option<Shape<'_>> {
        let schema = self.0.get("$defs")?.get(definition)?;
        self.member(Shape { name: "", schema }, key)
    }

    /// What stands under a key of such a value.
    pub(super) fn member<'a>(&'a self, shape: Shape<'a>, key: &str) -> Option<Shape<'a>> {
        Some(self.resolve(shape.schema.get("properties")?.get(key)?))
    }

    /// What the members of such a map are, if their names are one's own.
    pub(super) fn entry<'a>(&'a self, shape: Shape<'a>) -> Option<Shape<'a>> {
        let members = shape.schema.get("additionalProperties").filter(|members| members.is_object())?;
        Some(self.resolve(members))
    }

    /// What the items of such a list are.
    pub(super) fn item<'a>(&'a self, shape: Shape<'a>) -> Option<Shape<'a>> {
        Some(self.resolve(shape.schema.get("items")?))
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> Shape<'a> {
        let mut shape = Shape { name: "", schema };
        loop {
            let is_something = |branch: &&Value| branch.get("type").is_none_or(|of| of != "null");
            let branches = shape.schema.get("anyOf").and_then(Value::as_array);
            let only = branches.map(|all| all.iter().filter(is_something).collect::<Vec<_>>());
            let named = shape.schema.get("$ref").and_then(Value::as_str);
            let target = named.and_then(|path| Some((path, self.0.pointer(path.strip_prefix('#')?)?)));
            shape = match (target, only.as_deref()) {
                (Some((path, schema)), _) => {
                    Shape { name: path.rsplit('/').next().unwrap_or_default(), schema }
                }
                (None, Some([only])) => Shape { name: shape.name, schema: only },
                _ => return shape,
            };
        }
    }
}

impl Shape<'_> {
    /// Whether such a map has that key.
    pub(super) fn has(self, key: &str) -> bool {
        self.schema.get("properties").is_some_and(|properties| properties.get(key).is_some())
    }

    /// Whether such a map has keys that the language gives it.
    pub(super) fn is_map(self) -> bool {
        self.schema.get("properties").is_some()
    }

    /// Keys that such a map must have.
    pub(super) fn required(&self) -> impl Iterator<Item = &str> {
        self.schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The words that such a value is one of.
    pub(super) fn words(&self) -> Vec<&str> {
        let words = self.schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        words.filter_map(|word| word.get("const")?.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_language_are_found() {
        let language = Language::new();
        let network = language.property("Pool", "network").unwrap();
        assert!(network.name == "Network" && network.is_map() && network.has("subnet_id"));
        let scope = language.member(network, "dynamic_vnet_assignment_scope").unwrap();
        assert_eq!(scope.words(), ["none", "job"]);
        let accounts = language.property("Pool", "user_accounts").unwrap();
        assert_eq!(language.entry(accounts).unwrap().required().collect::<Vec<_>>(), ["password"]);
        let files = language.property("Task", "resource_files").unwrap();
        let url = language.member(language.item(files).unwrap(), "http_url").unwrap();
        assert_eq!(url.name, "UrlOrSecret");
        assert!(language.property("Pool", "no_such_key").is_none());
    }
}
