//! Fetching a repository with the `git` program, which has the user's credential helpers, keys and proxies.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::address::GitAddress;

/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// The most of what git says that is shown.
const MOST_SAID: usize = 2_000;

/// Why a repository can't be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum GitError {
    /// There is no git.
    #[error("the program `git` can't be started: {0}")]
    NoGit(std::io::Error),
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

    /// Brings the clone to where the branch is now, wherever that was before: its history may have been rewritten.
    /// The folder is ours alone: what a kill in the middle of it has left is thrown away.
    pub(super) async fn update(&self) -> Result<String, GitError> {
        match self.try_update().await {
            Err(GitError::Failed { said, .. }) if BROKEN.iter().any(|sign| said.contains(sign)) => {
                // What can't be removed is what the next attempt complains about.
                let _ = tokio::fs::remove_dir_all(&self.folder).await;
                self.try_update().await
            }
            ended => ended,
        }
    }

    async fn try_update(&self) -> Result<String, GitError> {
        if !self.folder.join(".git").is_dir() {
            tokio::fs::create_dir_all(&self.folder).await.map_err(GitError::NoGit)?;
            self.git("init", &["--quiet", "--initial-branch=watched", "--template="]).await?;
        }
        let wanted = match self.address.branch.as_deref() {
            Some(full) if full.starts_with("refs/") => full.to_owned(),
            Some(branch) => format!("refs/heads/{branch}"),
            None => "HEAD".to_owned(),
        };
        let refspec = format!("+{wanted}:refs/watched/tip");
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
        }
        Ok(tip)
    }

    async fn fetch(&self, arguments: &[&str]) -> Result<String, GitError> {
        let mut git = self.command("fetch", arguments);
        let may_choose_ssh = self.scheme() == "ssh" && !self.ssh_is_chosen;
        if may_choose_ssh && self.git("config", &["--get", "core.sshCommand"]).await.is_err() {
            git.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        }
        self.run("fetch", git).await
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
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.folder);
        for setting in [
            // Nothing in a repository, and no template, makes programs run here.
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "protocol.ext.allow=never",
            "submodule.recurse=false",
            // What is a link in the repository is a text here: it leads nowhere else.
            "core.symlinks=false",
            "core.autocrlf=false",
            "gc.auto=0",
            "maintenance.auto=false",
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
        git.env("GIT_CEILING_DIRECTORIES", self.folder.parent().unwrap_or(&self.folder));
        git.env("SSH_ASKPASS_REQUIRE", "never").env("SSH_ASKPASS", "");
        if let Some(secret) = &self.address.secret {
            // In the environment, because the command line of a process can be read by everybody.
            let instead = format!("url.{}.insteadOf", secret.expose());
            git.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", instead);
            git.env("GIT_CONFIG_VALUE_0", &self.address.shown);
        }
        git.stdin(Stdio::null()).kill_on_drop(true);
        git
    }

    async fn run(&self, command: &'static str, mut git: Command) -> Result<String, GitError> {
        let ended = tokio::time::timeout(PATIENCE, git.output()).await;
        let output = ended.map_err(|_| GitError::TimedOut(command))?.map_err(GitError::NoGit)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(GitError::Failed {
            command,
            said: self.without_secrets(&String::from_utf8_lossy(&output.stderr)),
        })
    }

    /// What git said, in one line, without the secrets of the URL.
    fn without_secrets(&self, said: &str) -> String {
        let mut said =
            said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        if let Some(secret) = &self.address.secret {
            said = said.replace(secret.expose(), &self.address.shown);
            let url = url::Url::parse(secret.expose()).ok();
            let parts = url.iter().flat_map(|url| [url.password().unwrap_or_default(), url.username()]);
            for part in parts.filter(|part| !part.is_empty()) {
                let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
                said = said.replace(part, "***").replace(&decoded, "***");
            }
        }
        said.chars().take(MOST_SAID).collect()
    }
}

/// What git says of a clone that was left half done.
const BROKEN: [&str; 5] =
    [".lock': File exists", "not a git repository", "bad object", "is corrupt", "unable to read tree"];

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
