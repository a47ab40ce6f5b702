//! The local account, run by this process.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::emulator::Emulator;

/// The account, run by this process and served to commands that are run beside it.
#[derive(Debug)]
pub(super) struct Served {
    emulator: Emulator,
    stop: CancellationToken,
    server: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl Served {
    /// Begins to serve at a free port of this machine.
    pub(super) async fn start(emulator: Emulator) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let (emulator, stop) = (emulator.clone(), stop.clone());
            async move { emulator.serve(listener, None, stop).await }
        });
        Ok(Self { emulator, stop, server: Mutex::new(Some(server)) })
    }

    /// The account, for requests of this process.
    pub(super) fn router(&self) -> Router {
        self.emulator.router()
    }

    /// Stops in order: requests that have come are answered, containers are left running, the data folder is let go.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            // What the server could still say concerns requests that nobody waits for any more.
            let _ = server.await;
        }
        self.emulator.shut_down().await;
    }
}
