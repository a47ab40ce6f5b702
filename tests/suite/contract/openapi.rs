//! The OpenAPI document of the client's version as a judge of requests.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use batchyard::batch::auth::query_pairs;
use batchyard::batch::{DateTime, OperationSpec, WireDuration};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::every_operation::path_segments;
use crate::client::server::Received;

/// Headers that every request has or may have, which the document does not list.
const COMMON_HEADERS: &[&str] = &[
    "accept",
    "authorization",
    "client-request-id",
    "content-length",
    "host",
    "return-client-request-id",
    "user-agent",
];

/// A property of a definition.
pub type Property = (String, String);

/// The document.
pub struct Document {
    document: Value,
    /// The definitions as JSON Schema.
    schemas: Map<String, Value>,
    /// Made when they are needed first.
    validators: RefCell<BTreeMap<String, Rc<Validator>>>,
}

impl Document {
    /// The document beside the repository; without one, says so.
    pub fn find() -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../shared/reference/spec/2025-06-01-derived/BatchService.derived.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            eprintln!("skipped: the OpenAPI document of 2025-06-01 is not beside the repository");
            return None;
        };
        let document: Value = serde_json::from_str(&text).unwrap();
        let definitions = object(&document["definitions"]).iter();
        let schemas =
            definitions.map(|(name, schema)| (name.clone(), to_json_schema(&document, schema))).collect();
        Some(Self { document, schemas, validators: RefCell::default() })
    }

    /// What an enumeration may be.
    pub fn enumerations(&self) -> BTreeMap<String, BTreeSet<String>> {
        let values = |name| enumeration(&self.document, name).into_iter().map(text);
        object(&self.document["x-enums"]).keys().map(|name| (name.clone(), values(name).collect())).collect()
    }

    /// A definition by its name.
    pub fn definition(&self, name: &str) -> &Value {
        let definition = &self.document["definitions"][name];
        assert!(definition.is_object(), "the document has no definition {name}");
        definition
    }

    /// The values that a schema with an enumeration may have.
    pub fn values_of(&self, schema: &Value) -> Option<Vec<Value>> {
        let reference = schema["x-enum-ref"].as_str()?;
        Some(enumeration(&self.document, last_segment(reference)).into_iter().cloned().collect())
    }

    /// The status of success of an operation.
    pub fn success(&self, method: &str, path: &str) -> &str {
        self.document["paths"][path][method.to_lowercase()]["x-success-codes"].as_str().unwrap_or_default()
    }

    /// Whether an operation has that query parameter.
    pub fn takes(&self, spec: &OperationSpec, name: &str) -> bool {
        let operation = &self.document["paths"][spec.path][spec.method.as_str().to_lowercase()];
        parameters(operation, "query").any(|parameter| parameter["name"] == name)
    }

    /// What is wrong with a request whose body, if it has one, should be `definition`.
    pub fn faults(&self, request: &Received, definition: Option<&str>) -> Vec<String> {
        let Some(operation) = self.operation(request) else {
            return vec![format!("there is no {} {}", request.method, request.path)];
        };
        let mut faults = self.query_faults(request, operation);
        faults.extend(header_faults(request, operation));
        match (definition, request.body.is_empty()) {
            (Some(definition), false) => faults.extend(self.body_faults(&request.json(), definition)),
            (Some(_), true) => faults.push("there is no body".to_owned()),
            (None, false) => faults.push("there is a body".to_owned()),
            (None, true) => {}
        }
        faults
    }

    fn operation(&self, request: &Received) -> Option<&Value> {
        let segments = path_segments(&request.path);
        let fits = |path: &str| {
            let template: Vec<&str> = path.split('/').skip(1).collect();
            template.len() == segments.len()
                && template
                    .iter()
                    .zip(&segments)
                    .all(|(part, value)| part == value || part.starts_with('{') && !value.is_empty())
        };
        let method = request.method.to_lowercase();
        let paths = object(&self.document["paths"]).iter().filter(|(path, _)| fits(path));
        // `/pools/{poolId}` also fits where a fixed path does; none of the service's is ambiguous that way.
        let mut found = paths.filter_map(|(_, methods)| methods.get(&method));
        let operation = found.next()?;
        assert!(found.next().is_none(), "{} {} is ambiguous", request.method, request.path);
        Some(operation)
    }

    fn query_faults(&self, request: &Received, operation: &Value) -> Vec<String> {
        let sent: Vec<(String, String)> = query_pairs(&request.query).collect();
        let mut faults = Vec::new();
        for parameter in parameters(operation, "query") {
            let name = parameter["name"].as_str().unwrap();
            if parameter["required"] == true && !sent.iter().any(|(sent, _)| sent == name) {
                faults.push(format!("the query lacks {name}"));
            }
        }
        for (position, (name, value)) in sent.iter().enumerate() {
            if !parameters(operation, "query").any(|parameter| parameter["name"] == *name) {
                faults.push(format!("the query has {name}, which the document does not know"));
            }
            if sent[..position].iter().any(|(earlier, _)| earlier == name) {
                faults.push(format!("the query has {name} twice"));
            }
            if !self.query_value_fits(name, value) {
                faults.push(format!("the query's {name} is `{value}`"));
            }
        }
        faults
    }

    /// The document does not give the types of query parameters; these are the ones of the REST reference.
    fn query_value_fits(&self, name: &str, value: &str) -> bool {
        match name {
            "api-version" => self.document["info"]["version"] == value,
            "timeOut" => value.parse::<u32>().is_ok(),
            "maxresults" => value.parse().is_ok_and(|count: u32| (1..=1000).contains(&count)),
            "force" | "recursive" => matches!(value, "true" | "false"),
            "startTime" | "endtime" => value.parse::<DateTime>().is_ok(),
            _ => !value.is_empty(),
        }
    }

    /// What is wrong with a body.
    pub fn body_faults(&self, body: &Value, definition: &str) -> Vec<String> {
        let mut validators = self.validators.borrow_mut();
        let made = || Rc::new(validator(&self.schemas, definition));
        let validator = validators.entry(definition.to_owned()).or_insert_with(made).clone();
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// Every property that can be sent in a body of that definition.
    pub fn properties(&self, definition: &str) -> BTreeSet<Property> {
        let mut found = BTreeSet::new();
        let mut open = vec![definition.to_owned()];
        while let Some(name) = open.pop() {
            for (property, schema) in writable(self.definition(&name)) {
                if found.insert((name.clone(), property.clone())) {
                    open.extend(referenced(schema));
                }
            }
        }
        found
    }

    /// Those of them that a body has.
    pub fn properties_in(&self, body: &Value, definition: &str) -> BTreeSet<Property> {
        let mut found = BTreeSet::new();
        let mut open = vec![(body, definition.to_owned())];
        while let Some((value, name)) = open.pop() {
            for (property, schema) in writable(self.definition(&name)) {
                let Some(value) = value.get(property) else { continue };
                found.insert((name.clone(), property.clone()));
                let inner = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                open.extend(
                    referenced(schema)
                        .into_iter()
                        .flat_map(|name| inner.iter().map(move |value| (value, name.clone()))),
                );
            }
        }
        found
    }
}

/// The properties of an object that clients send.
pub fn writable(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object(&schema["properties"]).iter().filter(|(_, schema)| schema["readOnly"] != true)
}

/// The definition that a schema names.
pub fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().map(last_segment)
}

/// The definition that a property leads to, itself or by its elements.
fn referenced(schema: &Value) -> Option<String> {
    reference(schema).or_else(|| reference(&schema["items"])).map(str::to_owned)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn last_segment(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap()
}

fn object(value: &Value) -> &Map<String, Value> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&EMPTY)
}

fn enumeration<'a>(document: &'a Value, name: &str) -> Vec<&'a Value> {
    document["x-enums"][name].as_array().unwrap().iter().map(|member| &member["value"]).collect()
}

fn parameters<'a>(operation: &'a Value, place: &'a str) -> impl Iterator<Item = &'a Value> {
    operation["parameters"].as_array().unwrap().iter().filter(move |parameter| parameter["in"] == place)
}

fn header_faults(request: &Received, operation: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, value) in &request.headers {
        let known = COMMON_HEADERS.contains(&name.as_str())
            || parameters(operation, "header")
                .any(|parameter| parameter["name"].as_str().unwrap().eq_ignore_ascii_case(name));
        if !known {
            faults.push(format!("it has the header {name}, which the document does not know"));
        }
        let is_date = matches!(name.as_str(), "ocp-date" | "if-modified-since" | "if-unmodified-since");
        if is_date && DateTime::from_rfc1123(value).is_none() {
            faults.push(format!("the header {name} is `{value}`"));
        }
        if name == "ocp-range" && !value.starts_with("bytes=") {
            faults.push(format!("the header {name} is `{value}`"));
        }
    }
    for name in ["authorization", "ocp-date", "client-request-id"] {
        if request.header(name).is_empty() {
            faults.push(format!("it lacks the header {name}"));
        }
    }
    let content_type = operation["x-request-content-type"].as_str().unwrap_or_default();
    if request.header("content-type") != content_type {
        faults.push(format!("its content type is `{}`", request.header("content-type")));
    }
    let accepted = operation["x-accept"].as_array().unwrap();
    if !accepted.is_empty() && !accepted.iter().any(|accepted| accepted == request.header("accept")) {
        faults.push(format!("it accepts `{}`", request.header("accept")));
    }
    faults
}

/// A schema of the document as JSON Schema. Objects are closed, and have only what clients send.
fn to_json_schema(document: &Value, schema: &Value) -> Value {
    let mut converted = Map::new();
    for (keyword, value) in object(schema) {
        match keyword.as_str() {
            "description" | "readOnly" => {}
            "$ref" => {
                converted.insert(
                    "$ref".to_owned(),
                    json!(format!("#/$defs/{}", last_segment(value.as_str().unwrap()))),
                );
            }
            "type" | "format" => {
                converted.insert(keyword.clone(), value.clone());
            }
            // 64-bit integers are strings on the wire.
            "x-format" => {
                converted.insert("format".to_owned(), value.clone());
            }
            "x-enum-ref" => {
                let values = enumeration(document, last_segment(value.as_str().unwrap()));
                converted.insert("enum".to_owned(), json!(values));
            }
            "items" | "additionalProperties" => {
                converted.insert(keyword.clone(), to_json_schema(document, value));
            }
            "properties" => {
                let properties: Map<String, Value> = writable(schema)
                    .map(|(name, schema)| (name.clone(), to_json_schema(document, schema)))
                    .collect();
                converted.insert("properties".to_owned(), Value::Object(properties));
                converted.insert("additionalProperties".to_owned(), json!(false));
            }
            "required" => {
                let sent: BTreeSet<&String> = writable(schema).map(|(name, _)| name).collect();
                let required = value.as_array().unwrap().iter();
                let required: Vec<&Value> =
                    required.filter(|name| sent.iter().any(|sent| **name == **sent)).collect();
                converted.insert("required".to_owned(), json!(required));
            }
            _ => panic!("what `{keyword}` means in a schema is not known here"),
        }
    }
    Value::Object(converted)
}

fn validator(schemas: &Map<String, Value>, definition: &str) -> Validator {
    let schema = json!({"$ref": format!("#/$defs/{definition}"), "$defs": schemas});
    jsonschema::options()
        .should_validate_formats(true)
        .with_format("date-time", |text: &str| text.ends_with('Z') && text.parse::<DateTime>().is_ok())
        .with_format("duration", |text: &str| text.starts_with('P') && text.parse::<WireDuration>().is_ok())
        .with_format("int64", |text: &str| text.parse::<i64>().is_ok())
        .build(&schema)
        .unwrap()
}
