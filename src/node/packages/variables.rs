//! The variables by which tasks find packages.
//!
//! On Linux nodes of the service a variable is called after the application's id and the version, with an underscore in place of a
//! period, hyphen or number sign, in lower case and also as they are written; after the id alone where the default version is meant.

use super::InstalledPackage;
use crate::node::layout::NodeLayout;

const PREFIX: &str = "AZ_BATCH_APP_PACKAGE_";

/// The variables of packages, in their order: each name once, as the last of them says.
pub(in crate::node) fn variables<'a>(
    packages: impl IntoIterator<Item = &'a InstalledPackage>,
    layout: &NodeLayout,
) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for package in packages {
        let path = package.path(layout).to_string_lossy().into_owned();
        let name = name(package);
        for name in [name.to_ascii_lowercase(), name] {
            let name = format!("{PREFIX}{name}");
            match variables.iter_mut().find(|(known, _)| *known == name) {
                Some((_, value)) => value.clone_from(&path),
                None => variables.push((name, path.clone())),
            }
        }
    }
    variables
}

fn name(package: &InstalledPackage) -> String {
    let name = match package.by_default {
        true => package.application.clone(),
        false => format!("{}_{}", package.application, package.version),
    };
    name.replace(['.', '-', '#'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(application: &str, version: &str, by_default: bool) -> InstalledPackage {
        InstalledPackage {
            application: application.to_owned(),
            version: version.to_owned(),
            by_default,
            folder: format!("{application}{version}"),
        }
    }

    #[test]
    fn names_are_flat_and_come_in_both_cases() {
        let layout = NodeLayout::new("/node".into());
        let packages = [package("Blender-x", "2.7", false), package("ffmpeg", "4", true)];
        let variables = variables(&packages, &layout);
        let expected = [
            ("AZ_BATCH_APP_PACKAGE_blender_x_2_7", "/node/applications/Blender-x2.7"),
            ("AZ_BATCH_APP_PACKAGE_Blender_x_2_7", "/node/applications/Blender-x2.7"),
            ("AZ_BATCH_APP_PACKAGE_ffmpeg", "/node/applications/ffmpeg4"),
        ];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn of_two_packages_that_are_called_alike_the_later_one_is_found() {
        let layout = NodeLayout::new("/node".into());
        let packages = [package("a", "1.0", false), package("a", "1-0", false)];
        let variables = variables(&packages, &layout);
        assert_eq!(
            variables,
            [("AZ_BATCH_APP_PACKAGE_a_1_0".to_owned(), "/node/applications/a1-0".to_owned())]
        );
    }
}
