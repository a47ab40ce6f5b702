//! A node installs a package once.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity, Span};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "duplicate-package",
        severity: Severity::Warning,
        summary: "an application package is named twice",
        explanation: "A node installs one version of an application once; the second mention is a mistake or without \
                      effect.",
        examples: &[Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    application_packages: [{ application_id: blender, version: \"4.2\" }, ⟦{ application_id: blender, version: \"4.2\" }⟧]
    nodes: { dedicated: 2 }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    application_packages: [{ application_id: blender, version: \"4.2\" }, { application_id: blender, version: \"4.3\" }]
    nodes: { dedicated: 2 }
",
            }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let packages = scope.pool.application_packages.as_ref().and_then(Field::get);
    let mut seen: Vec<(String, Span)> = Vec::new();
    for field in packages.into_iter().flatten() {
        let Some(package) = field.get() else { continue };
        let version = package.version.as_ref().map_or(Some(""), |version| version.get().map(String::as_str));
        let (Some(application), Some(version)) = (package.application_id.get(), version) else { continue };
        let name = format!("{application} {version}").to_ascii_lowercase();
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
            findings.push(
                RULE.finding("the package is named twice")
                    .at(field.span(), "again here")
                    .at(*first, "first here"),
            );
        }
        seen.push((name, field.span()));
    }
}
