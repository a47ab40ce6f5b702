//! What an author sees in an editor: the YAML language server that editors use, with our authoring schema.

mod language_server;

use batchyard::recipe::schema::{FieldDoc, fields};
use batchyard::recipe::{LoadRequest, load};
use language_server::{Document, LanguageServer};

use crate::support::{Sandbox, Service};

/// The line by which a recipe names its schema, as the library's recipes do.
const MODELINE: &str = concat!(
    "# yaml-language-server: $schema=",
    env!("CARGO_MANIFEST_DIR"),
    "/schemas/recipe.v1.schema.json\n"
);

fn start() -> Option<LanguageServer> {
    Service::YamlLanguageServer.address().map(|script| LanguageServer::start(&script))
}

fn recipe(tasks: &str) -> String {
    format!(
        "{MODELINE}api_version: batchyard/v1
name: edited
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
      t:
{tasks}"
    )
}

#[test]
fn an_editor_underlines_a_misspelt_key_and_nothing_else() {
    let Some(mut server) = start() else { return };
    let right = recipe("        container: { image: busybox, run_options: --rm }\n        retries: 2\n");
    let found = server.open(&Document::new("right", &right));
    assert!(found.is_empty(), "{found:?}");
    let wrong = right.replace("retries", "retires");
    let found = server.open(&Document::new("wrong", &wrong));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].text(&wrong), "retires");
    let wrong = right.replace("run_options", "run_option");
    let found = server.open(&Document::new("inside", &wrong));
    assert_eq!(found.iter().map(|finding| finding.text(&wrong)).collect::<Vec<_>>(), ["run_option"]);
}

#[test]
fn an_editor_completes_the_keys_of_a_container() {
    let Some(mut server) = start() else { return };
    let text = recipe("        container:\n          image: busybox\n          \n");
    let document = Document::new("completed", &text);
    server.open(&document);
    let offered = server.completions(&document, document.end_of("busybox\n          "));
    for key in ["run_options", "working_directory", "mounts", "registry"] {
        assert!(offered.iter().any(|label| label == key), "{key} is not among {offered:?}");
    }
    assert!(!offered.iter().any(|label| label == "image"), "what is there is not offered again: {offered:?}");
    assert!(
        !offered.iter().any(|label| label == "vm_size"),
        "what belongs elsewhere is not offered: {offered:?}"
    );
}

#[test]
fn an_editor_shows_what_run_options_are() {
    let Some(mut server) = start() else { return };
    let text = recipe("        container: { image: busybox, run_options: --rm }\n");
    let document = Document::new("hovered", &text);
    server.open(&document);
    let shown = server.hover(&document, document.start_of("run_options"));
    let documented = fields().into_iter().find(|field| field.path.last_key() == "run_options").unwrap();
    assert!(plain(&shown).contains(&plain(&documented.description)), "{shown}");
}

/// Text without the marks of Markdown.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\\' | '`')).collect()
}

#[test]
fn an_editor_accepts_expressions_in_place_of_values_and_refuses_them_where_they_cannot_be() {
    let Some(mut server) = start() else { return };
    let right = recipe("        container: { image: \"${{ params.image }}\", run_options: \"${{ params.options }}\" }\n        retries: \"${{ params.retries }}\"\n        slots: \"${{ params.slots }}\"\n")
        .replace("dedicated: 1", "dedicated: \"${{ params.nodes }}\"");
    let found = server.open(&Document::new("expressions", &right));
    assert!(found.is_empty(), "{found:?}");
    let wrong = right.replace("batchyard/v1", "\"${{ params.version }}\"");
    let found = server.open(&Document::new("version", &wrong));
    assert_eq!(
        found.iter().map(|finding| finding.text(&wrong)).collect::<Vec<_>>(),
        ["\"${{ params.version }}\""]
    );
}

#[test]
fn an_editor_accepts_an_expression_exactly_where_the_program_does() {
    let Some(mut server) = start() else { return };
    // What is described once and used in several places is looked at in one of them.
    let mut all: Vec<FieldDoc> = Vec::new();
    for field in fields() {
        if !all.iter().any(|known| FieldDoc { path: field.path.clone(), ..known.clone() } == field) {
            all.push(field);
        }
    }
    let texts: Vec<(String, usize)> = all.iter().map(with_expression).collect();
    let documents: Vec<Document> = texts
        .iter()
        .enumerate()
        .map(|(number, (text, _))| Document::new(&number.to_string(), text))
        .collect();
    let found = server.open_all(&documents);
    let (mut accepted, mut refused, mut disagreements) = (0, 0, Vec::new());
    for ((field, (text, line)), found) in all.iter().zip(&texts).zip(found) {
        let program_accepts = accepts_expression(text, *line);
        let found: Vec<_> = found.iter().filter(|finding| finding.is_about_line(*line)).collect();
        *(if program_accepts { &mut accepted } else { &mut refused }) += 1;
        if program_accepts != found.is_empty() {
            disagreements.push(format!(
                "{}: the program accepts: {program_accepts}, the editor says {found:?}",
                field.path
            ));
        }
    }
    assert!(
        disagreements.is_empty(),
        "{} of {}:\n{}",
        disagreements.len(),
        all.len(),
        disagreements.join("\n")
    );
    assert!(accepted > 60 && refused > 10, "{accepted} accepted, {refused} refused");
}

/// A recipe in which an expression stands for the value of a field, and the line of that, from 0. Everything else that
/// the recipe needs is missing.
fn with_expression(field: &FieldDoc) -> (String, usize) {
    let mut text = format!("{MODELINE}parameters: {{ unknown: {{ type: string }} }}\n");
    if field.path.to_string().starts_with("parameters") {
        text = MODELINE.to_owned();
    }
    let mut indentation = 0;
    // `a.<name>[].b` is written as a map, a map of names, a list of maps.
    for step in field.path.to_string().replace("[]", ".[]").split('.') {
        match step {
            "[]" => {
                text.push_str(&format!("\n{:indentation$}-", ""));
            }
            "<name>" => text.push_str(&format!("\n{:indentation$}some_name:", "")),
            key => text.push_str(&format!("\n{:indentation$}{key}:", "")),
        }
        indentation += 2;
    }
    text.push_str(" \"${{ params.unknown }}\"\n");
    let text = text.replacen("\n\n", "\n", 1);
    let line = text.lines().count() - 1;
    (text, line)
}

/// Whether the program has nothing to say against an expression on a line, be its parameter a string, a secret or a number; that
/// it has no value is no matter.
fn accepts_expression(text: &str, line: usize) -> bool {
    ["string", "secret", "integer, default: 1"]
        .iter()
        .any(|kind| accepts(&text.replace("type: string", &format!("type: {kind}")), line))
}

fn accepts(text: &str, line: usize) -> bool {
    let sandbox = Sandbox::new().file("recipe.yaml", text);
    let request = LoadRequest { path: sandbox.path("recipe.yaml"), ..LoadRequest::default() };
    let Err(report) = load(&request) else { return true };
    !report.diagnostics.iter().any(|finding| {
        let place = finding.primary_span().and_then(|span| report.sources.start(span));
        let refusals =
            ["bad-expression", "plaintext-secret", "invalid-value", "wrong-type", "undefined-name"];
        refusals.contains(&finding.code.name) && place.is_some_and(|place| place.line == line + 1)
    })
}
