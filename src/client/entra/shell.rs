//! Running the Azure CLI: what it prints is bounded, and nothing of it outlives whoever waits for it.

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};

use async_trait::async_trait;
use azure_identity::Executor;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::process_group::ProcessGroup;

/// The most that is taken of what a program prints, in bytes.
const MAX_OUTPUT: u64 = 1024 * 1024;

/// Runs programs, and ends those that nobody waits for any more, with all that they have started.
#[derive(Debug)]
pub(super) struct Shell;

#[async_trait]
impl Executor for Shell {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let group = ProcessGroup::of(&child);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
        let status = child.wait().await?;
        group.let_go();
        if status.success() && !matches!(serde_json::from_slice(&stdout), Ok(serde_json::Value::Object(_))) {
            return Err(unreadable(format!("`az` printed {} bytes that are no JSON object", stdout.len())));
        }
        Ok(Output { status, stdout, stderr })
    }
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let Some(pipe) = pipe else { return Ok(text) };
    pipe.take(MAX_OUTPUT + 1).read_to_end(&mut text).await?;
    if text.len() as u64 > MAX_OUTPUT {
        return Err(unreadable("`az` printed more than 1 MiB".to_owned()));
    }
    Ok(text)
}

fn unreadable(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn run(script: &str) -> io::Result<Output> {
        Shell.run(OsStr::new("/bin/sh"), &[OsStr::new("-c"), OsStr::new(script)]).await
    }

    #[tokio::test]
    async fn a_program_that_is_not_waited_for_leaves_no_child() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > '{}'; wait", file.display());
        let limit = Duration::from_secs(1);
        assert!(tokio::time::timeout(limit, run(&script)).await.is_err(), "it hangs");
        let child = std::fs::read_to_string(&file).unwrap();
        let status = format!("/proc/{}/status", child.trim());
        let is_gone = || std::fs::read_to_string(&status).map_or(true, |text| text.contains("State:\tZ"));
        for _ in 0..100 {
            if is_gone() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} still runs", child.trim());
    }

    #[tokio::test]
    async fn what_a_program_prints_is_bounded_and_must_be_json() {
        let endless = run("exec cat /dev/zero").await.unwrap_err();
        assert_eq!(endless.to_string(), "`az` printed more than 1 MiB");
        let garbage = run("echo hello").await.unwrap_err();
        assert_eq!(garbage.to_string(), "`az` printed 6 bytes that are no JSON object");
        assert_eq!(run("echo '{}'").await.unwrap().stdout, b"{}\n");
        assert_eq!(run("echo no >&2; exit 1").await.unwrap().stderr, b"no\n");
    }
}
