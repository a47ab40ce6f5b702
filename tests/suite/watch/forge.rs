//! A git repository.

use crate::support::{Output, Sandbox};

/// A repository to push to, and a clone of it that recipes are written in.
pub struct Forge<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Forge<'a> {
    pub fn new(sandbox: &'a Sandbox) -> Self {
        let forge = Self { sandbox };
        sandbox.program("git").args(["init", "-q", "--bare", "-b", "main", "forge.git"]).run().success();
        sandbox.program("git").args(["init", "-q", "-b", "main", "work"]).run().success();
        forge.git(&["remote", "add", "origin", "../forge.git"]);
        forge
    }

    #[track_caller]
    pub fn git(&self, args: &[&str]) -> Output {
        let who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let output = self.sandbox.program("git").args(["-C", "work"]).args(who).args(args).run();
        output.success();
        output
    }

    pub fn write(&self, name: &str, text: &str) {
        self.sandbox.write(&format!("work/prod/{name}/recipe.yaml"), text);
    }

    pub fn remove(&self, name: &str) {
        std::fs::remove_dir_all(self.sandbox.path(format!("work/prod/{name}"))).unwrap();
    }

    /// Commits what was written and pushes it, over whatever is there.
    pub fn push(&self, how: &[&str]) -> String {
        self.git(&["add", "-A"]);
        self.git(&[&["commit", "-q", "--allow-empty", "-m", "a change"], how].concat());
        self.git(&["push", "-q", "--force", "origin", "main"]);
        self.git(&["rev-parse", "HEAD"]).stdout.trim().to_owned()
    }

    pub fn url(&self) -> String {
        format!("file://{}#main:prod", self.sandbox.path("forge.git").display())
    }
}
