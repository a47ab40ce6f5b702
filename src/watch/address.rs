//! Where recipes come from: a folder, a file, or a git repository. A URL from outside is hostile until it is parsed.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use url::Url;

use crate::loopback::is_loopback;
use crate::secret::Secret;

/// Where recipes come from.
#[derive(Debug, Clone)]
pub enum SourceAddress {
    /// A folder, or a recipe's file, on this machine.
    Folder(PathBuf),
    /// A git repository.
    Git(GitAddress),
}

/// A git repository: what to fetch of it, and where in it the recipes are.
#[derive(Debug, Clone)]
pub struct GitAddress {
    /// The URL without a password: it can be shown.
    pub shown: String,
    /// The URL as it was given, where that holds a password.
    pub secret: Option<Secret>,
    /// The branch, or a full name such as `refs/tags/v1`; `None` means the repository's own choice.
    pub branch: Option<String>,
    /// The folder in the repository; empty for all of it.
    pub subfolder: PathBuf,
}

/// Why an address can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("`{0}` is no URL: {1}")]
    Url(String, url::ParseError),
    /// Nothing is fetched that way.
    #[error("recipes are not fetched by `{0}`: use https, ssh, git or file")]
    Scheme(String),
    /// Anybody on the way could change the recipes.
    #[error("`{0}` would fetch recipes in the clear, for anybody on the way to change: use https or ssh")]
    InTheClear(String),
    /// The host or the user would be taken for an option.
    #[error("`{0}` has a host, a user or a path that begins with a hyphen")]
    Hyphen(String),
    /// It is no branch.
    #[error("`{0}` is no name of a branch")]
    Branch(String),
    /// The folder is not in the repository.
    #[error("`{0}` is no folder in a repository: it is relative, without `..`")]
    Subfolder(String),
    /// Both the address and a flag say it.
    #[error("the address names {0} already")]
    Twice(&'static str),
    /// It means something for repositories only.
    #[error("{0} is for git repositories, and {1} is none")]
    NoRepository(&'static str, String),
}

impl SourceAddress {
    /// Reads an address: a URL, with `#BRANCH` and `:SUBFOLDER` at its end as `docker build` has them, `user@host:path` as `git` has
    /// it, or a path. `branch` and `subfolder` are what flags say.
    ///
    /// # Errors
    /// When nothing can or should be fetched from there.
    pub fn parse(text: &str, branch: Option<&str>, subfolder: Option<&str>) -> Result<Self, AddressError> {
        let (base, in_address) = text.split_once('#').map_or((text, None), |(base, rest)| (base, Some(rest)));
        let url = if base.contains("://") {
            Url::parse(base).map_err(|error| AddressError::Url(redacted(base), error))?
        } else if let Some(url) = scp_like(base).filter(|_| !Path::new(text).exists()) {
            Url::parse(&url).map_err(|error| AddressError::Url(base.to_owned(), error))?
        } else {
            let flag = branch.map(|_| "--branch").or(subfolder.map(|_| "--subfolder"));
            return match flag {
                Some(flag) => Err(AddressError::NoRepository(flag, text.to_owned())),
                None => Ok(Self::Folder(PathBuf::from(text))),
            };
        };
        let (named_branch, named_folder) =
            in_address.map_or(("", ""), |rest| rest.split_once(':').unwrap_or((rest, "")));
        let branch = one_of(Some(named_branch).filter(|name| !name.is_empty()), branch, "a branch")?;
        let subfolder = one_of(Some(named_folder).filter(|name| !name.is_empty()), subfolder, "a folder")?;
        Self::git(url, branch, subfolder)
    }

    fn git(url: Url, branch: Option<&str>, subfolder: Option<&str>) -> Result<Self, AddressError> {
        let shown = redacted(url.as_str());
        match url.scheme() {
            "https" | "ssh" | "file" => {}
            // Neither is authenticated; on this machine nobody is on the way.
            "http" | "git" if is_loopback(&url) => {}
            "http" | "git" => return Err(AddressError::InTheClear(shown)),
            other => return Err(AddressError::Scheme(other.to_owned())),
        }
        let hyphen = |text: &str| text.starts_with('-');
        if hyphen(url.username())
            || url.host_str().is_some_and(hyphen)
            || hyphen(url.path().trim_start_matches('/'))
        {
            return Err(AddressError::Hyphen(shown));
        }
        let may_hold_secrets = url.password().is_some() || holds_token(&url) || url.query().is_some();
        let secret = may_hold_secrets.then(|| Secret::new(url.to_string()));
        let branch = branch.map(checked_branch).transpose()?;
        let subfolder = subfolder.map_or_else(|| Ok(PathBuf::new()), checked_folder)?;
        Ok(Self::Git(GitAddress { shown, secret, branch, subfolder }))
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Git(git) => {
                f.write_str(&git.shown)?;
                if let Some(branch) = &git.branch {
                    write!(f, "#{branch}")?;
                }
                if git.subfolder != Path::new("") {
                    let hash = if git.branch.is_none() { "#" } else { "" };
                    write!(f, "{hash}:{}", git.subfolder.display())?;
                }
                Ok(())
            }
        }
    }
}

fn one_of<'a>(
    address: Option<&'a str>,
    flag: Option<&'a str>,
    what: &'static str,
) -> Result<Option<&'a str>, AddressError> {
    match (address, flag) {
        (Some(_), Some(_)) => Err(AddressError::Twice(what)),
        (address, flag) => Ok(address.or(flag)),
    }
}

/// `user@host:path` as a URL. A path with a colon has no `@` before it.
fn scp_like(text: &str) -> Option<String> {
    let (authority, path) = text.split_once(':')?;
    let (user, host) = authority.split_once('@')?;
    let plain =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    (plain(user) && plain(host)).then(|| format!("ssh://{authority}/{}", path.trim_start_matches('/')))
}

/// Whether the name of the user is a token, as code hosts take it: over https nobody is called by a name alone.
fn holds_token(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http") && !url.username().is_empty()
}

/// An address without what may be a secret in it.
fn redacted(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        // What can't be parsed is not shown where a secret could be.
        let address = address.split('?').next().unwrap_or_default();
        return match address.rsplit_once('@') {
            Some((_, rest)) => format!("…@{rest}"),
            None => address.to_owned(),
        };
    };
    if url.password().is_some() || holds_token(&url) {
        // A URL that has them can lose them.
        let _ = url.set_password(None);
        if holds_token(&url) {
            let _ = url.set_username("");
        }
    }
    // Some hosts take a token there.
    if url.query().is_some() {
        url.set_query(Some("***"));
    }
    url.to_string()
}

/// The rules of `git check-ref-format`, and no hyphen at the start.
fn checked_branch(name: &str) -> Result<String, AddressError> {
    let bad_character = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    let bad = name.starts_with('-')
        || name == "@"
        || name.ends_with('.')
        || name.contains("..")
        || name.contains("@{")
        || name.chars().any(bad_character)
        || name.split('/').any(bad_part);
    if bad { Err(AddressError::Branch(name.to_owned())) } else { Ok(name.to_owned()) }
}

fn checked_folder(name: &str) -> Result<PathBuf, AddressError> {
    let path: PathBuf = Path::new(name).components().filter(|part| *part != Component::CurDir).collect();
    let fine = path
        .components()
        .all(|part| matches!(part, Component::Normal(part) if !part.eq_ignore_ascii_case(".git")));
    if fine { Ok(path) } else { Err(AddressError::Subfolder(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(text: &str) -> GitAddress {
        match SourceAddress::parse(text, None, None).unwrap() {
            SourceAddress::Git(git) => git,
            SourceAddress::Folder(path) => panic!("{} is a folder", path.display()),
        }
    }

    fn refused(text: &str) -> String {
        SourceAddress::parse(text, None, None).unwrap_err().to_string()
    }

    #[test]
    fn urls_name_a_branch_and_a_folder_as_docker_build_does() {
        let plain = git("https://example.org/team/recipes.git");
        assert_eq!((plain.branch, plain.subfolder), (None, PathBuf::new()));
        let full = git("https://example.org/r.git#release/2:prod/west");
        assert_eq!((full.branch.as_deref(), full.subfolder.to_str()), (Some("release/2"), Some("prod/west")));
        assert_eq!(git("file:///srv/r.git#:./prod/").subfolder.to_str(), Some("prod"));
        assert_eq!(git("git@example.org:team/r.git#v1").shown, "ssh://git@example.org/team/r.git");
        assert_eq!(git("ssh://git@example.org/r").shown, "ssh://git@example.org/r");
        let shown = |text| SourceAddress::parse(text, None, None).unwrap().to_string();
        for text in [
            "https://example.org/r#main:prod",
            "https://example.org/r#:prod",
            "https://example.org/r#main",
            "recipes",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn flags_say_what_the_address_does_not() {
        let parse = |text, branch, folder| SourceAddress::parse(text, branch, folder);
        let SourceAddress::Git(git) = parse("file:///r", Some("main"), Some("a")).unwrap() else { panic!() };
        assert_eq!((git.branch.as_deref(), git.subfolder.to_str()), (Some("main"), Some("a")));
        assert_eq!(parse("file:///r#main", Some("main"), None).unwrap_err(), AddressError::Twice("a branch"));
        let refused = parse("recipes", Some("main"), None).unwrap_err().to_string();
        assert_eq!(refused, "--branch is for git repositories, and recipes is none");
    }

    #[test]
    fn passwords_are_kept_out_of_sight() {
        for text in [
            "https://me:hunter2@example.org/r",
            "https://hunter2@example.org/r#main",
            "https://example.org/r?access_token=hunter2",
        ] {
            let address = SourceAddress::parse(text, None, None).unwrap();
            assert!(!format!("{address} {address:?}").contains("hunter2"), "{address:?}");
            let SourceAddress::Git(git) = address else { panic!() };
            assert!(git.secret.unwrap().expose().contains("hunter2"));
        }
        for text in [
            "ftp://me:hunter2@example.org/r",
            "http://me:hunter2@example.org/r",
            "https://me:hunter2@[/r",
            "https://[/r?t=hunter2",
        ] {
            assert!(!refused(text).contains("hunter2"), "{}", refused(text));
        }
        assert!(git("ssh://git@example.org/r").secret.is_none(), "the user of ssh is no secret");
    }

    #[test]
    fn what_could_be_an_option_or_lead_elsewhere_is_refused() {
        assert!(
            refused("ssh://-oProxyCommand=x/r").contains("hyphen")
                || refused("ssh://-oProxyCommand=x/r").contains("URL")
        );
        assert!(refused("ssh://-x@example.org/r").contains("hyphen"));
        assert!(refused("ext::sh -c x://y").contains("ext"));
        assert!(refused("ftp://example.org/r").contains("not fetched by `ftp`"));
        assert!(refused("http://example.org/r").contains("in the clear"));
        assert!(refused("git://example.org/r").contains("in the clear"));
        assert!(SourceAddress::parse("http://127.0.0.1:1/r", None, None).is_ok());
        for branch in ["-x", "a..b", "a b", "a~1", "a:b", "/a", "a/", ".a", "a.lock", "@", "a@{1}", "a\n"] {
            assert!(SourceAddress::parse("file:///r", Some(branch), None).is_err(), "{branch}");
        }
        for folder in ["../x", "/etc", "a/../../b", ".git", "a/.GIT/hooks"] {
            assert!(SourceAddress::parse("file:///r", None, Some(folder)).is_err(), "{folder}");
        }
    }
}
