//! What other people's programs make of our files: recipes against our schemas, and findings in formats of others.

use std::path::{Path, PathBuf};

use batchyard::recipe::discover;

use crate::support::{Command, Output, Sandbox, Service};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Two mistakes and a warning's worth of characters that formats have to escape.
const INVALID: &str = "api_version: batchyard/v1
name: invalid
pools:
  \"<&>%\": { vmSize: 'a \"b\" <c> & d', image: ubuntu-22.04-container, nodes: { dedicated: many } }
";

/// The folder of the validators' commands.
fn validators() -> Option<PathBuf> {
    Service::Validators.address().map(PathBuf::from)
}

fn check(validators: &Path, schema: &str, files: &[PathBuf]) -> Output {
    let schema = format!("{ROOT}/schemas/{schema}");
    let command = Command::program(validators.join("check-jsonschema")).args(["--schemafile", &schema]);
    command.args(files).run()
}

/// Every recipe of the repository.
fn recipes() -> Vec<PathBuf> {
    discover(&Path::new(ROOT).join("recipes")).unwrap()
}

#[test]
fn every_recipe_of_the_repository_fits_the_authoring_schema() {
    let Some(validators) = validators() else { return };
    let recipes = recipes();
    assert!(recipes.len() >= 4, "{recipes:?}");
    check(&validators, "recipe.v1.schema.json", &recipes).success();
}

#[test]
fn every_recipe_of_the_repository_fits_the_resolved_schema_once_it_is_rendered() {
    let Some(validators) = validators() else { return };
    let sandbox = Sandbox::new();
    let mut rendered = Vec::new();
    for (number, recipe) in recipes().iter().enumerate() {
        let render =
            |format| sandbox.run(["render".into(), recipe.clone(), "--format".into(), PathBuf::from(format)]);
        let texts = [
            ("yaml", render("yaml").success().stdout.clone()),
            ("json", render("json").success().json()["recipe"].to_string()),
        ];
        for (format, text) in texts {
            let path = format!("{number}.{format}");
            sandbox.write(&path, &text);
            rendered.push(sandbox.path(path));
        }
    }
    check(&validators, "recipe.v1.resolved.schema.json", &rendered).success();
}

#[test]
fn an_outside_validator_refuses_what_the_program_refuses() {
    let Some(validators) = validators() else { return };
    let sandbox = Sandbox::new().file("recipe.yaml", INVALID);
    let output = check(&validators, "recipe.v1.schema.json", &[sandbox.path("recipe.yaml")]);
    output.code(1).stdout_contains("vmSize");
    let expression =
        INVALID.replace("vmSize", "vm_size").replace("many", "\"${{ params.n }}\"").replace("<&>%", "p");
    sandbox.write("recipe.yaml", &expression);
    check(&validators, "recipe.v1.schema.json", &[sandbox.path("recipe.yaml")]).success();
    check(&validators, "recipe.v1.resolved.schema.json", &[sandbox.path("recipe.yaml")]).code(1);
}

/// Runs a Python program that reads the output of `validate` in a format, from a file.
fn read_with_python(format: &str, program: &str) -> Option<Output> {
    let validators = validators()?;
    let sandbox = Sandbox::new().file("a b/recipe.yaml", INVALID);
    let valid = discover(&Path::new(ROOT).join("recipes/hello")).unwrap();
    let output =
        sandbox.run(["validate", "--format", format, ".", valid[0].to_str().unwrap(), "nowhere.yaml"]);
    sandbox.write("findings", &output.code(3).stdout);
    Some(sandbox.program(validators.join("python")).args(["-c", program]).run())
}

#[test]
fn sarif_is_read_by_a_model_of_its_own_schema() {
    let program = "
import json, pydantic_sarif.model as sarif
text = open('findings').read()
log = next(m for m in vars(sarif).values() if getattr(m, '__name__', '').startswith('StaticAnalysisResultsFormatSarif'))
run = log.model_validate(json.loads(text)).runs[0]
print(len(run.results), run.results[0].ruleId, run.results[0].locations[0].physicalLocation.artifactLocation.uri)
";
    let Some(output) = read_with_python("sarif", program) else { return };
    output.success().stdout_is("4 invalid-value a%20b/recipe.yaml");
}

#[test]
fn junit_is_read_by_a_reader_of_test_reports() {
    let program = "
from junitparser import JUnitXml
report = JUnitXml.fromfile('findings')
print(report.tests, report.failures, [case.name for suite in report for case in suite if case.result])
";
    let Some(output) = read_with_python("junit", program) else { return };
    output.success().stdout_is("3 2 ['a b/recipe.yaml', 'nowhere.yaml']");
}
