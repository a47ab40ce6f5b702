//! The program on its local account, with the runtime that a test chooses.

use super::{Command, Output, Runtime, Sandbox, Service};

/// A sandbox whose commands run containers with one runtime.
#[derive(Debug)]
pub struct Local {
    sandbox: Sandbox,
    runtime: Runtime,
    engine: Option<String>,
}

impl Local {
    /// A local account; `None` tells the test to return, because this machine can't run its containers.
    #[track_caller]
    pub fn new(runtime: Runtime) -> Option<Self> {
        let engine = match runtime {
            Runtime::Docker => Some(Service::Docker.address()?),
            Runtime::Oci if !rustix::process::geteuid().is_root() => {
                eprintln!("skipped: containers without a daemon need root");
                return None;
            }
            Runtime::Simulated | Runtime::Oci => None,
        };
        Some(Self { sandbox: Sandbox::new(), runtime, engine })
    }

    /// Its sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// `batchyard` with these arguments, on this account.
    pub fn command(&self, args: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Command {
        let command = self.sandbox.command(["--runtime", self.runtime.flag()]).args(args);
        match &self.engine {
            Some(engine) => command.env("DOCKER_HOST", engine),
            None => command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock"),
        }
    }

    /// Runs `batchyard` with these arguments, on this account.
    #[track_caller]
    pub fn run(&self, args: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Output {
        self.command(args).run()
    }
}
