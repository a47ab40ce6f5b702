//! Finding the values of secrets: in the environment and in files.

use std::path::{Path, PathBuf};

use super::variables::Variables;
use crate::bounded_file;
use crate::secret::{Secret, SecretRef, blob_url};

/// The largest file that may hold a secret, in bytes.
const MAX_SECRET_FILE: u64 = 64 * 1024;

/// Finds secrets in the environment and in files; relative paths start at `folder`, the recipe's. An error says why a value can't
/// be had, and nothing of the value.
pub fn secret_source(
    variables: Variables,
    folder: PathBuf,
) -> impl Fn(&SecretRef) -> Result<Secret, String> + Send + Sync + 'static {
    move |reference| find(&variables, &folder, reference)
}

fn find(variables: &Variables, folder: &Path, reference: &SecretRef) -> Result<Secret, String> {
    match reference {
        SecretRef::Env(name) => variables.get(name).map(Secret::new).ok_or_else(|| {
            format!("the environment variable {name} is not set, or empty; set it and try again")
        }),
        SecretRef::File(path) => read_secret_file(&folder.join(path)),
        SecretRef::KeyVault(_) => Err("this version does not read Azure Key Vault; put the value into an \
                                       environment variable or a file, and refer to that"
            .to_owned()),
        SecretRef::Blob { container, name } => {
            let container = find(variables, folder, container)?;
            Ok(Secret::new(blob_url(container.expose(), name)))
        }
    }
}

/// Reads a secret from a file, a line's end after it left out.
///
/// # Errors
/// Says why the file can't be read: it is none, a pipe or a device, too large, or not UTF-8.
pub fn read_secret_file(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let content = bounded_file::read(path, MAX_SECRET_FILE).map_err(|error| format!("{shown}: {error}"))?;
    let text = String::from_utf8(content).map_err(|_| format!("{shown}: it is not UTF-8"))?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(value.strip_suffix('\r').unwrap_or(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_the_environment_and_from_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "hunter2\n").unwrap();
        let source = secret_source(Variables::from_pairs([("TOKEN", "abc")]), folder.path().to_owned());
        assert_eq!(source(&SecretRef::Env("TOKEN".into())).unwrap().expose(), "abc");
        assert_eq!(source(&SecretRef::File("password".into())).unwrap().expose(), "hunter2");
        let blob = SecretRef::Blob { container: Box::new(SecretRef::Env("TOKEN".into())), name: "b".into() };
        assert_eq!(source(&blob).unwrap().expose(), "abc/b");
        let missing = source(&SecretRef::Env("NOPE".into())).unwrap_err();
        assert!(missing.contains("NOPE"), "{missing}");
        let device = source(&SecretRef::File("/dev/zero".into())).unwrap_err();
        assert_eq!(device, "/dev/zero: it is not a regular file");
        std::fs::write(folder.path().join("large"), "x".repeat(64 * 1024 + 1)).unwrap();
        assert!(source(&SecretRef::File("large".into())).unwrap_err().contains("larger"));
    }
}
