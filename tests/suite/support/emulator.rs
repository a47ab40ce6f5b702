//! `batchyard emulator`, started for a test.

use std::time::Duration;

use rustix::process::Signal;
use serde::Deserialize;

use super::{Running, Sandbox, Service};

/// How long the emulator may take to serve.
const START: Duration = Duration::from_secs(60);
/// How long it may take to stop its containers and end.
const STOP: Duration = Duration::from_secs(30);

/// What the emulator's nodes run tasks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// No processes at all.
    Simulated,
    /// Containers of the Docker engine that `tests/run` names.
    Docker,
    /// Containers without a daemon.
    Oci,
}

impl Runtime {
    /// The value of `--runtime`.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Docker => "docker",
            Self::Oci => "oci",
        }
    }
}

/// A running emulator on a free port, with the sandbox's data folder. Stopped when dropped.
#[derive(Debug)]
pub struct Emulator<'a> {
    sandbox: &'a Sandbox,
    engine: Option<String>,
    flags: Vec<String>,
    process: Running,
    ready: Ready,
}

/// The line that the emulator prints once it serves.
#[derive(Debug, Deserialize)]
struct ReadyLine {
    ready: Ready,
}

#[derive(Debug, Deserialize)]
struct Ready {
    endpoint: String,
    account: String,
    /// Absent if it is the test's own.
    key: Option<String>,
    /// The file of the certificate that it serves with.
    certificate: Option<String>,
}

impl<'a> Emulator<'a> {
    /// Starts an emulator whose state machines run at once; `None` tells the test to return, because the runtime needs
    /// an engine and there is none.
    #[track_caller]
    pub fn start(sandbox: &'a Sandbox, runtime: Runtime) -> Option<Self> {
        Self::start_with(sandbox, runtime, &[])
    }

    /// As [`start`](Self::start), with more flags.
    #[track_caller]
    pub fn start_with(sandbox: &'a Sandbox, runtime: Runtime, flags: &[&str]) -> Option<Self> {
        let engine = match runtime {
            Runtime::Docker => Some(Service::Docker.address()?),
            Runtime::Oci if !rustix::process::geteuid().is_root() => {
                eprintln!("skipped: containers without a daemon need root");
                return None;
            }
            Runtime::Simulated | Runtime::Oci => None,
        };
        let mut flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let address = (!flags.iter().any(|flag| flag == "--listen")).then_some("127.0.0.1:0");
        flags.extend(["--runtime", runtime.flag()].map(str::to_owned));
        let (process, ready) = serve(sandbox, &flags, engine.as_deref(), address);
        Some(Self { sandbox, engine, flags, process, ready })
    }

    /// Where it serves, as a client wants it: `http://127.0.0.1:…`.
    pub fn endpoint(&self) -> &str {
        &self.ready.endpoint
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.ready.account
    }

    /// The account's shared key.
    pub fn key(&self) -> &str {
        self.ready.key.as_deref().expect("an account whose key is published")
    }

    /// The path of the certificate that it serves with.
    pub fn certificate_file(&self) -> &str {
        self.ready.certificate.as_deref().expect("an emulator that serves over TLS")
    }

    /// The certificate that it serves with, in PEM.
    pub fn certificate(&self) -> String {
        std::fs::read_to_string(self.sandbox.path(self.certificate_file())).expect("the certificate's file")
    }

    /// What it has written to standard error so far: for the message of a failed test.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// The most memory that the process has had so far, in bytes.
    #[track_caller]
    pub fn memory_peak(&self) -> u64 {
        self.process.memory_peak()
    }

    /// Ends the emulator as a crash would: `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Serves the same data at the same address again, after a [`kill`](Self::kill) or in place of the running one.
    #[track_caller]
    pub fn restart(&mut self) {
        self.stop();
        let (_, address) = self.ready.endpoint.split_once("://").expect("an endpoint is a URL");
        let address = address.trim_end_matches('/').to_owned();
        (self.process, self.ready) = serve(self.sandbox, &self.flags, self.engine.as_deref(), Some(&address));
    }

    fn stop(&mut self) {
        self.process.signal(Signal::TERM);
        if self.process.ended_within(STOP).is_none() {
            self.process.kill();
        }
    }
}

impl Drop for Emulator<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

#[track_caller]
fn serve(
    sandbox: &Sandbox,
    flags: &[String],
    engine: Option<&str>,
    address: Option<&str>,
) -> (Running, Ready) {
    let mut command = sandbox
        .command(["emulator", "--format", "json", "--timing", "instant"])
        .args(flags)
        .args(["--data".as_ref(), sandbox.data().as_os_str()]);
    if let Some(address) = address {
        command = command.args(["--listen", address]);
    }
    if let Some(engine) = engine {
        command = command.env("DOCKER_HOST", engine);
    }
    let mut process = command.start();
    let ready = process.wait_for_line(START, |line| serde_json::from_str::<ReadyLine>(line).ok());
    (process, ready.ready)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_is_understood_with_more_in_it_than_is_used() {
        let line =
            r#"{"ready":{"endpoint":"http://127.0.0.1:1","account":"a","key":"az==","data":"d","later":1}}"#;
        let line: ReadyLine = serde_json::from_str(line).unwrap();
        assert_eq!((line.ready.endpoint.as_str(), line.ready.account.as_str()), ("http://127.0.0.1:1", "a"));
    }
}
