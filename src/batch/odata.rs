//! The OData of lists: `$filter`, `$select`, `maxresults`; rendered by the client, parsed and evaluated by the service.

use serde_json::Value;

use super::DateTime;
use super::operation::Query;

mod parser;

/// The most objects that a page may hold; also the default.
pub const MAX_RESULTS: u32 = 1_000;

/// The properties to return. Empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select(Vec<String>);

impl Select {
    /// These properties, by their names on the wire.
    pub fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Reads `a,b, c`.
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// Removes everything that is not selected from an object. The id of a listed object is only kept if selected.
    pub fn apply(&self, object: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        if let Value::Object(properties) = object {
            properties.retain(|name, _| {
                name.starts_with("odata.") || self.0.iter().any(|selected| selected == name)
            });
        }
    }

    /// The query parameter that says so.
    pub fn parameters(&self) -> Query {
        if self.0.is_empty() { Query::new() } else { vec![("$select", self.0.join(","))] }
    }
}

/// What to list, how much of each object, and how many a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// A `$filter` expression.
    pub filter: Option<String>,
    /// The properties to return.
    pub select: Select,
    /// The most objects a page, 1 to 1000.
    pub max_results: Option<u32>,
}

impl ListQuery {
    /// Only these properties.
    pub fn select(names: &[&str]) -> Self {
        Self { select: Select::of(names), ..Self::default() }
    }

    /// The query parameters that say so.
    pub fn parameters(&self) -> Query {
        let mut query = self.select.parameters();
        query.extend(self.filter.iter().map(|filter| ("$filter", filter.clone())));
        query.extend(self.max_results.map(|max| ("maxresults", max.to_string())));
        query
    }
}

/// Why a `$filter` can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at character {position} of the filter")]
pub struct InvalidFilter {
    /// What is wrong.
    pub problem: String,
    /// Where, counted from 1.
    pub position: usize,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// A literal of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `'text'`
    Text(String),
    /// `42`
    Number(i64),
    /// `true`
    Boolean(bool),
    /// `DateTime'2026-01-01T00:00:00Z'`
    Time(DateTime),
}

/// A `$filter` expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// At least one holds.
    Or(Box<Filter>, Box<Filter>),
    /// `state eq 'active'`, `executionInfo/exitCode ne 0`
    Compare(Vec<String>, Comparison, Literal),
    /// `startswith(id, 'train')`
    StartsWith(Vec<String>, String),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`InvalidFilter`] says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, InvalidFilter> {
        parser::parse(text)
    }

    /// Whether an object of the wire satisfies the filter. A property that is absent satisfies nothing but `ne`.
    pub fn matches(&self, object: &Value) -> bool {
        match self {
            Self::And(left, right) => left.matches(object) && right.matches(object),
            Self::Or(left, right) => left.matches(object) || right.matches(object),
            Self::StartsWith(path, prefix) => property(object, path)
                .and_then(Value::as_str)
                .is_some_and(|text| text.to_lowercase().starts_with(&prefix.to_lowercase())),
            Self::Compare(path, comparison, literal) => {
                let ordering = property(object, path).and_then(|value| compare(value, literal));
                match comparison {
                    Comparison::Equal => ordering.is_some_and(std::cmp::Ordering::is_eq),
                    Comparison::NotEqual => ordering.is_none_or(std::cmp::Ordering::is_ne),
                    Comparison::Greater => ordering.is_some_and(std::cmp::Ordering::is_gt),
                    Comparison::GreaterOrEqual => ordering.is_some_and(std::cmp::Ordering::is_ge),
                    Comparison::Less => ordering.is_some_and(std::cmp::Ordering::is_lt),
                    Comparison::LessOrEqual => ordering.is_some_and(std::cmp::Ordering::is_le),
                }
            }
        }
    }

    /// Every property that the filter names, as paths.
    pub fn properties(&self) -> Vec<&[String]> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                let mut paths = left.properties();
                paths.extend(right.properties());
                paths
            }
            Self::Compare(path, ..) | Self::StartsWith(path, _) => vec![path],
        }
    }
}

fn property<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, name| value.get(name))
}

fn compare(value: &Value, literal: &Literal) -> Option<std::cmp::Ordering> {
    match (value, literal) {
        (Value::String(text), Literal::Text(other)) => Some(text.to_lowercase().cmp(&other.to_lowercase())),
        (Value::String(text), Literal::Time(other)) => {
            text.parse::<DateTime>().ok().map(|time| time.cmp(other))
        }
        (Value::String(text), Literal::Number(other)) => {
            text.parse::<i64>().ok().map(|number| number.cmp(other))
        }
        (Value::Number(number), Literal::Number(other)) => number.as_i64().map(|number| number.cmp(other)),
        (Value::Bool(truth), Literal::Boolean(other)) => Some(truth.cmp(other)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(filter: &str) -> bool {
        let task = json!({"id": "Task-1", "state": "completed", "creationTime": "2026-05-01T00:00:00.0000000Z",
            "executionInfo": {"exitCode": 3}, "enableAutoScale": false});
        Filter::parse(filter).unwrap().matches(&task)
    }

    #[test]
    fn filters_are_evaluated_as_the_service_does() {
        assert!(holds("state eq 'Completed'"));
        assert!(holds("startswith(id,'task') and executionInfo/exitCode ne 0"));
        assert!(holds("(state eq 'active' or state eq 'completed') and enableAutoScale eq false"));
        assert!(holds("creationTime gt DateTime'2026-04-30T23:59:59Z'"));
        assert!(holds("creationTime lt datetime'Sat, 02 May 2026 00:00:00 GMT'"));
        assert!(holds("executionInfo/result ne 'success'"), "an absent property is unequal");
        assert!(!holds("executionInfo/result eq 'success'"));
        assert!(!holds("state eq 'active' or executionInfo/exitCode le 2"));
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        for (filter, position) in [
            ("state", 6),
            ("state eq", 9),
            ("state like 'a'", 7),
            ("state eq 'a", 10),
            ("(a eq 1", 8),
            ("a eq 1 b", 8),
        ] {
            assert_eq!(Filter::parse(filter).unwrap_err().position, position, "{filter}");
        }
        assert!(Filter::parse(&"(".repeat(100_000)).is_err());
        let many = |count: usize| vec!["a eq 1"; count].join(" or ");
        assert!(Filter::parse(&many(256)).is_ok() && Filter::parse(&many(257)).is_err());
    }

    #[test]
    fn selection_keeps_what_it_names() {
        let mut object = json!({"odata.metadata": "m", "id": "a", "state": "b", "url": "c"});
        Select::parse("id, state").apply(&mut object);
        assert_eq!(object, json!({"odata.metadata": "m", "id": "a", "state": "b"}));
        assert_eq!(Select::of(&["id", "state"]).parameters(), vec![("$select", "id,state".to_owned())]);
    }
}
