//! A snapshot of the environment, taken once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::env_vars;

/// The environment variables of the process.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<OsString, OsString>);

impl std::fmt::Debug for Variables {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Variables {
    /// Takes the snapshot.
    pub fn of_this_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// A snapshot that a test makes up.
    pub fn from_pairs<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of a variable; unset, empty and not UTF-8 are the same.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(OsString::from(name).as_os_str())?.to_str().filter(|value| !value.is_empty())
    }

    /// Who runs this: `ada@laptop`.
    pub fn who(&self) -> String {
        let names = [env_vars::USER, env_vars::LOGNAME];
        let name = names.iter().find_map(|name| self.get(name)).unwrap_or("somebody");
        let machine = rustix::system::uname();
        format!("{name}@{}", machine.nodename().to_string_lossy())
    }

    /// A variable that holds a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(OsString::from(name).as_os_str()).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// The recipe parameters that the environment sets, by name.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let pairs = self.0.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        pairs
            .filter_map(|(name, value)| {
                let name = name.strip_prefix(env_vars::BATCHYARD_PARAM_PREFIX)?;
                (!name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    /// The folder of the local account's data when none is given.
    pub fn data_folder(&self) -> Option<PathBuf> {
        self.path(env_vars::BATCHYARD_DATA).or_else(|| {
            let state = self.path(env_vars::XDG_STATE_HOME).filter(|path| path.is_absolute());
            let state = state.or_else(|| Some(self.path(env_vars::HOME)?.join(".local").join("state")))?;
            Some(state.join("batchyard"))
        })
    }

    /// The user's own project file, whether it is there or not.
    pub fn user_file(&self) -> Option<PathBuf> {
        let config = self.path(env_vars::XDG_CONFIG_HOME).filter(|path| path.is_absolute());
        let config = config.or_else(|| Some(self.path(env_vars::HOME)?.join(".config")))?;
        Some(config.join("batchyard").join("batchyard.yaml"))
    }

    /// Whether a file is the user's own project file, however its path is written.
    pub fn is_user_file(&self, path: &Path) -> bool {
        self.user_file().is_some_and(|user| {
            let canonical = |path: &Path| path.canonicalize().ok();
            user == path || canonical(path).is_some_and(|path| canonical(&user) == Some(path))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_follows_the_environment() {
        let folder = |variables: Variables| variables.data_folder().map(|path| path.display().to_string());
        let home = Variables::from_pairs([("HOME", "/home/ada")]);
        assert_eq!(folder(home).as_deref(), Some("/home/ada/.local/state/batchyard"));
        let xdg = Variables::from_pairs([("HOME", "/home/ada"), ("XDG_STATE_HOME", "/state")]);
        assert_eq!(folder(xdg).as_deref(), Some("/state/batchyard"));
        let own = Variables::from_pairs([("HOME", "/home/ada"), ("BATCHYARD_DATA", "data")]);
        assert_eq!(folder(own).as_deref(), Some("data"));
        assert_eq!(folder(Variables::default()), None);
    }

    #[test]
    fn the_users_own_file_is_known_by_any_path() {
        let home = tempfile::tempdir().unwrap();
        let variables = Variables::from_pairs([("HOME", home.path().to_str().unwrap())]);
        let file = variables.user_file().unwrap();
        assert!(variables.is_user_file(&file), "before it is there");
        let folder = file.parent().unwrap();
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(&file, "").unwrap();
        std::fs::write(home.path().join("batchyard.yaml"), "").unwrap();
        assert!(variables.is_user_file(&folder.join("../batchyard/batchyard.yaml")));
        assert!(!variables.is_user_file(&home.path().join("batchyard.yaml")));
        assert!(!variables.is_user_file(&home.path().join("absent.yaml")));
        assert!(!Variables::default().is_user_file(&file));
    }

    #[test]
    fn parameters_come_from_prefixed_variables() {
        let variables = Variables::from_pairs([("BATCHYARD_PARAM_nodes", "4"), ("nodes", "5")]);
        assert_eq!(variables.parameters(), BTreeMap::from([("nodes".to_owned(), "4".to_owned())]));
    }
}
