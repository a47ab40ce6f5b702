//! Fetching a repository with the `git` program, which has the user's credential helpers, keys and proxies.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::address::GitAddress;
use super::secret_words;
use crate::process_group::ProcessGroup;

/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// The most of what git says that is shown.
const MOST_SAID: usize = 2_000;

/// As much may be kept in vain, in bytes.
const NOT_WORTH_IT: u64 = 16 * 1024 * 1024;
/// The one command that needs the repository itself.
const FETCH: &str = "fetch";

/// Why a repository can't be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum GitError {
    /// There is no git.
    #[error("the program `git` can't be started: {0}")]
    NoGit(std::io::Error),
    /// The file system says no.
    #[error("the clone {} can't be written: {cause}", .folder.display())]
    Folder {
        /// The folder of the clone.
        folder: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Git says no.
    #[error("git {command} failed: {said}")]
    Failed {
        /// What git was to do.
        command: &'static str,
        /// What it said, without secrets.
        said: String,
    },
    /// It took too long.
    #[error("git {0} took longer than {limit} s", limit = PATIENCE.as_secs())]
    TimedOut(&'static str),
}

/// Our own clone of a repository: one branch, its last commit only.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    address: GitAddress,
    folder: PathBuf,
    /// Whether the environment says which ssh to use, and how.
    ssh_is_chosen: bool,
}

impl Repository {
    /// The clone of a repository in a folder, which may not be there yet.
    pub(super) fn new(address: GitAddress, folder: PathBuf, ssh_is_chosen: bool) -> Self {
        Self { address, folder, ssh_is_chosen }
    }

    /// The folder of the recipes.
    pub(super) fn recipes(&self) -> PathBuf {
        self.folder.join(&self.address.subfolder)
    }

    /// What the folder of the recipes is in the world: the repository, its branch, and the folder in it.
    pub(super) fn origin(&self) -> PathBuf {
        let GitAddress { shown, branch, subfolder, .. } = &self.address;
        PathBuf::from(format!("{shown}#{}", branch.as_deref().unwrap_or_default())).join(subfolder)
    }

    /// The commit that is there; `None` if nothing was ever fetched.
    pub(super) async fn commit(&self) -> Option<String> {
        self.git("rev-parse", &["--verify", "--quiet", "HEAD^{commit}"]).await.ok()
    }

    /// Brings the clone to where the branch is now, wherever that was before: its history may have been rewritten. The folder is ours
    /// alone: whatever a crash, a full disk or a kill in the middle of it has left there, a clone that is made anew takes its place.
    pub(super) async fn update(&self) -> Result<String, GitError> {
        match self.try_update().await {
            Err(error) if self.is_at_fault(&error).await => self.make_anew().await,
            ended => ended,
        }
    }

    /// Whether a failure is one of the clone, and neither of the network nor of the repository.
    async fn is_at_fault(&self, error: &GitError) -> bool {
        match error {
            GitError::NoGit(_) | GitError::TimedOut(_) => false,
            // What is told of the branch from elsewhere can be fetched as well.
            GitError::Failed { command: FETCH, .. } => self.ask_remote().await.is_ok(),
            GitError::Folder { .. } | GitError::Failed { .. } => true,
        }
    }

    async fn ask_remote(&self) -> Result<String, GitError> {
        let elsewhere = self.folder.parent().unwrap_or(Path::new("/"));
        let asked = ["--quiet", "--exit-code", "--", &self.address.shown, &self.wanted()];
        let mut git = self.command_in(elsewhere, "ls-remote", &asked);
        self.choose_ssh(&mut git).await;
        self.run("ls-remote", git).await
    }

    /// Makes another clone, which takes the place of the one that is there once it is whole.
    async fn make_anew(&self) -> Result<String, GitError> {
        let other = Self { folder: self.folder.with_extension("new"), ..self.clone() };
        other.remove().await?;
        let tip = match other.try_update().await {
            Ok(tip) => tip,
            Err(error) => {
                // What can't be removed is what the next attempt complains about.
                let _ = other.remove().await;
                return Err(error);
            }
        };
        self.remove().await?;
        tokio::fs::rename(&other.folder, &self.folder).await.map_err(|cause| self.unwritable(cause))?;
        Ok(tip)
    }

    /// Removes whatever is there.
    async fn remove(&self) -> Result<(), GitError> {
        let removed = match tokio::fs::symlink_metadata(&self.folder).await {
            Ok(there) if there.is_dir() => tokio::fs::remove_dir_all(&self.folder).await,
            Ok(_) => tokio::fs::remove_file(&self.folder).await,
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        removed.map_err(|cause| self.unwritable(cause))
    }

    fn unwritable(&self, cause: std::io::Error) -> GitError {
        GitError::Folder { folder: self.folder.clone(), cause }
    }

    async fn try_update(&self) -> Result<String, GitError> {
        if !self.folder.join(".git").is_dir() {
            tokio::fs::create_dir_all(&self.folder).await.map_err(|cause| self.unwritable(cause))?;
            self.git("init", &["--quiet", "--initial-branch=watched", "--template="]).await?;
        }
        let refspec = format!("+{}:refs/watched/tip", self.wanted());
        let options = [
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--force",
        ];
        let arguments: Vec<&str> = options.into_iter().chain(["--", &self.address.shown, &refspec]).collect();
        self.fetch(&arguments).await?;
        let tip = self.git("rev-parse", &["--verify", "refs/watched/tip^{commit}"]).await?;
        if self.commit().await.as_ref() != Some(&tip) || !self.is_clean().await? {
            self.git("reset", &["--quiet", "--hard", &tip]).await?;
            self.git("clean", &["--quiet", "-ffdx"]).await?;
            self.tidy().await?;
        }
        Ok(tip)
    }

    /// What is fetched, as git names it.
    fn wanted(&self) -> String {
        match self.address.branch.as_deref() {
            Some(full) if full.starts_with("refs/") => full.to_owned(),
            Some(branch) => format!("refs/heads/{branch}"),
            None => "HEAD".to_owned(),
        }
    }

    async fn fetch(&self, arguments: &[&str]) -> Result<String, GitError> {
        let mut git = self.command(FETCH, arguments);
        self.choose_ssh(&mut git).await;
        self.run(FETCH, git).await
    }

    async fn choose_ssh(&self, git: &mut Command) {
        let may_choose_ssh = self.scheme() == "ssh" && !self.ssh_is_chosen;
        if may_choose_ssh && self.git("config", &["--get", "core.sshCommand"]).await.is_err() {
            git.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        }
    }

    /// Throws away the files of commits that are gone, once they take as much room as the one that is there.
    async fn tidy(&self) -> Result<(), GitError> {
        // An old git can't tell what is in use.
        let used = self.git("rev-list", &["--objects", "--disk-usage", "HEAD"]).await;
        let used: u64 = used.ok().and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        if kept(&self.git("count-objects", &["-v"]).await?) > 2 * used + NOT_WORTH_IT {
            self.git("gc", &["--quiet", "--prune=now"]).await?;
        }
        Ok(())
    }

    /// Whether nobody, and no kill in the middle of a reset, has left anything else there.
    async fn is_clean(&self) -> Result<bool, GitError> {
        Ok(self.git("status", &["--porcelain", "--untracked-files=all", "--ignored"]).await?.is_empty())
    }

    fn scheme(&self) -> &str {
        self.address.shown.split_once("://").map_or("", |(scheme, _)| scheme)
    }

    async fn git(&self, command: &'static str, arguments: &[&str]) -> Result<String, GitError> {
        self.run(command, self.command(command, arguments)).await
    }

    fn command(&self, command: &'static str, arguments: &[&str]) -> Command {
        self.command_in(&self.folder, command, arguments)
    }

    fn command_in(&self, folder: &Path, command: &'static str, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder);
        for setting in [
            // Nothing in a repository, and no template, makes programs run here.
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "protocol.ext.allow=never",
            "submodule.recurse=false",
            // What is a link in the repository is a text here: it leads nowhere else.
            "core.symlinks=false",
            "core.autocrlf=false",
            // What is to be thrown away is for us to say, and then at once.
            "gc.auto=0",
            "maintenance.auto=false",
            "core.logAllRefUpdates=false",
            "gc.reflogExpire=now",
            "gc.reflogExpireUnreachable=now",
            "advice.detachedHead=false",
        ] {
            git.args(["-c", setting]);
        }
        git.arg(command).args(arguments);
        for foreign in FOREIGN {
            git.env_remove(foreign);
        }
        git.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ALLOW_PROTOCOL", self.scheme()).env("LC_ALL", "C");
        // Whose repository a folder above may be is none of our business.
        git.env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder));
        git.env("SSH_ASKPASS_REQUIRE", "never").env("SSH_ASKPASS", "");
        if let Some(secret) = &self.address.secret {
            // In the environment, because the command line of a process can be read by everybody.
            let instead = format!("url.{}.insteadOf", secret.expose());
            git.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", instead);
            git.env("GIT_CONFIG_VALUE_0", &self.address.shown);
        }
        git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        git.process_group(0).kill_on_drop(true);
        git
    }

    async fn run(&self, command: &'static str, mut git: Command) -> Result<String, GitError> {
        let child = git.spawn().map_err(GitError::NoGit)?;
        // What git has started goes with it, when nobody waits any more.
        let group = ProcessGroup::of(&child);
        let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = ended.map_err(|_| GitError::TimedOut(command))?.map_err(GitError::NoGit)?;
        group.let_go();
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(GitError::Failed {
            command,
            said: self.without_secrets(&String::from_utf8_lossy(&output.stderr)),
        })
    }

    /// What git said, in one line, without the secrets of the URL and the place of the clone.
    fn without_secrets(&self, said: &str) -> String {
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut said = self.without_folder(&lines.join("; "));
        if let Some(secret) = &self.address.secret {
            said = secret_words::hide(said.replace(secret.expose(), &self.address.shown), secret.expose());
        }
        said.chars().take(MOST_SAID).collect()
    }

    /// A text without the place of the clone, which means nothing to whoever reads it.
    pub(super) fn without_folder(&self, text: &str) -> String {
        let folder = self.folder.display().to_string();
        text.replace(&format!("{folder}/"), "").replace(&folder, "the clone")
    }
}

/// How many bytes a clone keeps, by what `git count-objects -v` says.
fn kept(counted: &str) -> u64 {
    let sizes = counted.lines().filter_map(|line| line.split_once(": "));
    let kib =
        sizes.filter(|(name, _)| name.starts_with("size")).filter_map(|(_, kib)| kib.parse::<u64>().ok());
    kib.sum::<u64>() * 1024
}

/// What a hook of another repository, from which this program may have been started, would have git work on.
const FOREIGN: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG_PARAMETERS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clone_keeps_is_loose_packed_and_garbage() {
        let counted = "count: 3\nsize: 2\nin-pack: 9\npacks: 1\nsize-pack: 5\nprune-packable: 0\ngarbage: 0\nsize-garbage: 1\n";
        assert_eq!(kept(counted), 8 * 1024);
        assert_eq!(kept("garbage"), 0);
    }
}
