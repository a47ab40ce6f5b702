//! Lists: `$filter` as SQL over the columns that the service lets clients filter by.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::StoreError;
use crate::batch::odata::{Comparison, Filter, Literal};

/// The kind of value that a property has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Compared without regard to case.
    Text,
    /// Written as on the wire, so that the order of texts is the order of times.
    Time,
    /// An integer.
    Number,
    /// True or false.
    Boolean,
}

/// A property that a list can be filtered by.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its path on the wire: `executionInfo/exitCode`.
    pub(crate) property: &'static str,
    /// The SQL expression of its value.
    pub(crate) sql: &'static str,
    /// What kind of value it has.
    pub(crate) kind: Kind,
}

/// A condition in SQL, with the values of its placeholders.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Condition {
    sql: String,
    values: Vec<Value>,
}

/// A filter that this list does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The list can't be filtered by that property.
    #[error("this list can't be filtered by `{property}`; it can be by {known}")]
    Property { property: String, known: String },
    /// The literal is not of the property's kind.
    #[error("`{property}` can't be compared with that kind of value")]
    Literal { property: String },
}

/// Turns a filter into SQL. It means the same as [`Filter::matches`] on the object.
pub(crate) fn condition(filter: &Filter, columns: &[Column]) -> Result<Condition, Refused> {
    let mut condition = Condition::default();
    condition.add(filter, columns)?;
    Ok(condition)
}

impl Condition {
    fn add(&mut self, filter: &Filter, columns: &[Column]) -> Result<(), Refused> {
        match filter {
            Filter::And(left, right) => self.add_both(left, " AND ", right, columns),
            Filter::Or(left, right) => self.add_both(left, " OR ", right, columns),
            Filter::StartsWith(path, prefix) => {
                let column = find(path, columns)?;
                if column.kind != Kind::Text {
                    return Err(Refused::Literal { property: column.property.to_owned() });
                }
                self.sql.push_str(&format!("instr(lower({}), ?) = 1", column.sql));
                self.values.push(Value::Text(prefix.to_lowercase()));
                Ok(())
            }
            Filter::Compare(path, comparison, literal) => {
                let column = find(path, columns)?;
                let value = value(column, literal)?;
                let expression = match column.kind {
                    Kind::Text => format!("lower({})", column.sql),
                    Kind::Time | Kind::Number | Kind::Boolean => column.sql.to_owned(),
                };
                self.sql.push_str(&format!("{expression} {} ?", operator(*comparison)));
                self.values.push(value);
                Ok(())
            }
        }
    }

    fn add_both(
        &mut self,
        left: &Filter,
        word: &str,
        right: &Filter,
        columns: &[Column],
    ) -> Result<(), Refused> {
        self.sql.push('(');
        self.add(left, columns)?;
        self.sql.push_str(word);
        self.add(right, columns)?;
        self.sql.push(')');
        Ok(())
    }
}

fn find<'a>(path: &[String], columns: &'a [Column]) -> Result<&'a Column, Refused> {
    let property = path.join("/");
    columns.iter().find(|column| column.property == property).ok_or_else(|| Refused::Property {
        property,
        known: columns.iter().map(|column| column.property).collect::<Vec<_>>().join(", "),
    })
}

fn value(column: &Column, literal: &Literal) -> Result<Value, Refused> {
    match (column.kind, literal) {
        (Kind::Text, Literal::Text(text)) => Ok(Value::Text(text.to_lowercase())),
        (Kind::Time, Literal::Time(time)) => Ok(Value::Text(time.to_string())),
        (Kind::Number, Literal::Number(number)) => Ok(Value::Integer(*number)),
        (Kind::Boolean, Literal::Boolean(truth)) => Ok(Value::Integer(i64::from(*truth))),
        _ => Err(Refused::Literal { property: column.property.to_owned() }),
    }
}

/// An absent value is NULL: it is unequal to everything, and satisfies nothing else.
fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "IS NOT",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
    }
}

/// One page of a list, in the order of keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListPage {
    /// Start after this key; empty starts at the beginning.
    pub(crate) after: String,
    /// The most rows.
    pub(crate) limit: u32,
    /// Which rows; all without one.
    pub(crate) condition: Option<Condition>,
}

impl ListPage {
    /// Runs `select` (up to and with a WHERE clause that says the scope) for this page.
    pub(super) fn query<T>(
        &self,
        store: &Connection,
        select: &str,
        scope: &[i64],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut values: Vec<Value> = scope.iter().map(|row| Value::Integer(*row)).collect();
        let mut sql = format!("{select} AND key > ?");
        values.push(Value::Text(self.after.clone()));
        if let Some(condition) = &self.condition {
            sql.push_str(&format!(" AND ({})", condition.sql));
            values.extend(condition.values.iter().cloned());
        }
        sql.push_str(" ORDER BY key LIMIT ?");
        values.push(Value::Integer(i64::from(self.limit)));
        let mut statement = store.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            page.push(read(row)?);
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] = &[
        Column { property: "id", sql: "key", kind: Kind::Text },
        Column { property: "state", sql: "json_extract(body, '$.state')", kind: Kind::Text },
        Column { property: "at", sql: "json_extract(body, '$.at')", kind: Kind::Time },
        Column { property: "run/code", sql: "json_extract(body, '$.run.code')", kind: Kind::Number },
        Column { property: "on", sql: "json_extract(body, '$.on')", kind: Kind::Boolean },
    ];

    #[test]
    fn a_filter_in_sql_finds_what_it_matches() {
        let store = Connection::open_in_memory().unwrap();
        store.execute_batch("CREATE TABLE t (key TEXT, body TEXT)").unwrap();
        let objects = [
            json!({"id": "Task-1", "state": "completed", "at": "2026-05-01T00:00:00.0000000Z", "run": {"code": 3}, "on": true}),
            json!({"id": "task-2", "state": "active", "at": "2026-05-02T00:00:00.5000000Z", "on": false}),
            json!({"id": "other", "state": "completed", "at": "2026-05-03T00:00:00.0000000Z", "run": {"code": 0}}),
        ];
        for object in &objects {
            let key = object["id"].as_str().unwrap().to_lowercase();
            store.execute("INSERT INTO t VALUES (?, ?)", (key, object.to_string())).unwrap();
        }
        for text in [
            "state eq 'Completed'",
            "state ne 'completed' or run/code eq 3",
            "startswith(id, 'TASK') and on eq true",
            "run/code ne 0",
            "run/code lt 4 and (at gt DateTime'2026-05-01T00:00:00Z' or on eq true)",
            "at ge DateTime'2026-05-02T00:00:00.5Z'",
            "id le 'task-1'",
        ] {
            let filter = Filter::parse(text).unwrap();
            let page = ListPage {
                limit: 9,
                condition: Some(condition(&filter, COLUMNS).unwrap()),
                ..ListPage::default()
            };
            let mut found = page
                .query(&store, "SELECT body FROM t WHERE 1", &[], |row| Ok(row.get::<_, String>(0)?))
                .unwrap();
            let mut expected: Vec<String> =
                objects.iter().filter(|object| filter.matches(object)).map(|o| o.to_string()).collect();
            found.sort();
            expected.sort();
            assert!(!expected.is_empty(), "{text}");
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn only_known_properties_and_fitting_literals_are_taken() {
        let refused = |text: &str| condition(&Filter::parse(text).unwrap(), COLUMNS).unwrap_err();
        assert!(
            matches!(refused("secret eq 'a'"), Refused::Property { property, .. } if property == "secret")
        );
        assert!(matches!(refused("state eq 1"), Refused::Literal { .. }));
        assert!(matches!(refused("startswith(at, '2026')"), Refused::Literal { .. }));
    }
}
