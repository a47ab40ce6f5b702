//! What an author sees in an editor: the YAML language server that editors use, with our authoring schema.

mod language_server;

use batchyard::recipe::schema::fields;
use language_server::{Document, LanguageServer};

use crate::support::Service;

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
