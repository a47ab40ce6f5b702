//! The way out of a container to the account: connections to a port on the container's own loopback are handed on to the account's
//! socket.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::time::Instant;

/// How long, and how often meanwhile, the account is waited for: whoever runs it may just be starting anew.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(250);

/// What is said when nobody runs the account.
const NOBODY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Opens the way, and gives the URL of the account in this container.
pub(super) async fn open(socket: PathBuf) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((client, _)) => {
                    let socket = socket.clone();
                    tokio::spawn(async move { hand_on(client, &socket, PATIENCE).await });
                }
                // As when no descriptor is left.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    });
    Ok(url)
}

/// Hands a connection on. How it ends is for its two ends to say.
async fn hand_on(mut client: TcpStream, socket: &Path, patience: Duration) {
    match connect(socket, patience).await {
        Some(mut account) => {
            let _ = copy_bidirectional(&mut client, &mut account).await;
        }
        None => {
            let _ = client.write_all(NOBODY).await;
            let _ = client.shutdown().await;
        }
    }
}

async fn connect(socket: &Path, patience: Duration) -> Option<UnixStream> {
    let deadline = Instant::now() + patience;
    loop {
        match UnixStream::connect(socket).await {
            Ok(account) => return Some(account),
            Err(_) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn what_is_said_to_the_port_arrives_at_the_socket_also_at_one_that_comes_later() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let url = open(socket.clone()).await.unwrap();
        let address = url.strip_prefix("http://").unwrap().to_owned();
        let client = tokio::spawn(async move {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"ping").await.unwrap();
            let mut answer = [0; 4];
            client.read_exact(&mut answer).await.unwrap();
            answer
        });
        tokio::time::sleep(2 * PAUSE).await;
        let listener = UnixListener::bind(&socket).unwrap();
        let (mut account, _) = listener.accept().await.unwrap();
        let mut question = [0; 4];
        account.read_exact(&mut question).await.unwrap();
        account.write_all(b"pong").await.unwrap();
        assert_eq!((&question, &client.await.unwrap()), (b"ping", b"pong"));
    }

    #[tokio::test]
    async fn an_account_that_nobody_runs_is_unavailable() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        hand_on(accepted, Path::new("/nonexistent/socket"), Duration::ZERO).await;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
}
