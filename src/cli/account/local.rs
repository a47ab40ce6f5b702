//! The local account, wherever it is at the moment: at rest, run by this process, or by another one.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;
use tower::ServiceExt as _;
use url::Url;

use super::pinned::pinned;
use super::request::{SendError, send, sign};
use super::served::Served;
use super::settings::{LocalSettings, open_error};
use crate::batch::auth::{InvalidKey, SharedKey};
use crate::cli::error::CommandError;
use crate::cli::printer::Printer;
use crate::clock::SystemClock;
use crate::emulator::{AtRest, Emulator, Endpoint, OpenError};
use crate::exit_code::ExitCode;
use crate::loopback;

/// How long, and how often meanwhile, a process is waited for that holds the data folder and can't be talked to: it is about to
/// serve it, or about to end.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// How long a connection may idle before it is not used again; servers close theirs later than that.
const IDLE: Duration = Duration::from_secs(5);

/// What the account is wanted to do, if it is this process that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing but be read.
    Resting,
    /// End what it runs.
    WindingDown,
    /// Run.
    Running,
}

/// Where the account is.
enum Reach {
    /// Nobody runs it.
    AtRest { router: Router, key: SharedKey, unchecked: Vec<String> },
    /// This process runs it.
    Served { served: Served, key: SharedKey },
    /// Another process runs it.
    Elsewhere { at: Endpoint, key: SharedKey, network: reqwest::Client },
}

/// Why the account can't be reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReachError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the key of the local account can't be used")]
    Key(#[from] InvalidKey),
    #[error("the local account can't be served")]
    Serve(#[from] std::io::Error),
    #[error("the network can't be used")]
    Network(#[from] reqwest::Error),
    #[error("the certificate that {} names can't be used", folder.display())]
    Certificate { folder: PathBuf, source: rustls::Error },
    #[error("{} says that it is served at {endpoint}, which is not on this machine", folder.display())]
    NotHere { endpoint: String, folder: PathBuf },
}

impl From<ReachError> for CommandError {
    fn from(error: ReachError) -> Self {
        match error {
            ReachError::Open(error) => open_error(error),
            ReachError::NotHere { .. } => Self::new(ExitCode::Error, error.to_string())
                .hint(Some("use another folder with --data".to_owned())),
            error => Self::from_error(error),
        }
    }
}

/// The local account. Clones are the same one; requests to it are a tower service.
#[derive(Clone)]
pub(super) struct LocalAccount(Arc<Inner>);

struct Inner {
    settings: LocalSettings,
    printer: Printer,
    wanted: Mutex<Wanted>,
    reach: Mutex<Arc<Reach>>,
    /// One at a time looks where the account has gone.
    looking: tokio::sync::Mutex<()>,
}

impl LocalAccount {
    /// Finds the account: where it is served, or at rest.
    pub(super) async fn open(settings: LocalSettings, printer: &Printer) -> Result<Self, ReachError> {
        let reach = Reach::find(&settings, Wanted::Resting, None).await?;
        Ok(Self(Arc::new(Inner {
            settings,
            printer: printer.clone(),
            wanted: Mutex::new(Wanted::Resting),
            reach: Mutex::new(Arc::new(reach)),
            looking: tokio::sync::Mutex::default(),
        })))
    }

    /// Has an account that is at rest do more than that, as soon as nobody else does it.
    pub(super) async fn want(&self, wanted: Wanted) -> Result<(), ReachError> {
        *lock(&self.0.wanted) = wanted;
        let reach = self.reach();
        if matches!(*reach, Reach::AtRest { .. }) {
            self.look_again(&reach).await?;
        }
        Ok(())
    }

    pub(super) fn serves_itself(&self) -> bool {
        matches!(*self.reach(), Reach::Served { .. })
    }

    pub(super) fn at_rest(&self) -> Option<Vec<String>> {
        match &*self.reach() {
            Reach::AtRest { unchecked, .. } => Some(unchecked.clone()),
            Reach::Served { .. } | Reach::Elsewhere { .. } => None,
        }
    }

    pub(super) async fn close(self) {
        if let Reach::Served { served, .. } = &*self.reach() {
            served.stop().await;
        }
    }

    fn reach(&self) -> Arc<Reach> {
        Arc::clone(&lock(&self.0.reach))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Body>, BoxError> {
        let mut reach = self.reach();
        loop {
            match reach.send(request.clone()).await {
                // Whoever ran it has ended: somebody must take it over, and that may be us.
                Err(SendError::NobodyThere { .. }) => reach = self.look_again(&reach).await?,
                answer => return Ok(answer?),
            }
        }
    }

    /// Finds the account again that is not where it was, `lost`, any more.
    async fn look_again(&self, lost: &Arc<Reach>) -> Result<Arc<Reach>, ReachError> {
        let _alone = self.0.looking.lock().await;
        let now = self.reach();
        if !Arc::ptr_eq(&now, lost) {
            return Ok(now);
        }
        let wanted = *lock(&self.0.wanted);
        let found = Arc::new(Reach::find(&self.0.settings, wanted, lost.endpoint()).await?);
        if lost.endpoint().is_some() && matches!(*found, Reach::Served { .. }) && !self.0.printer.is_quiet() {
            self.0
                .printer
                .err("The process that ran the local account has ended; this command runs it from now on.\n");
        }
        *lock(&self.0.reach) = Arc::clone(&found);
        Ok(found)
    }
}

impl Reach {
    /// Finds the account: with the process that runs it, unless that was just found gone from `lost`; else here, as `wanted`.
    async fn find(
        settings: &LocalSettings,
        wanted: Wanted,
        lost: Option<&Endpoint>,
    ) -> Result<Self, ReachError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::here(settings, wanted).await {
                Err(ReachError::Open(OpenError::Locked { endpoint: Some(at), folder }))
                    if lost != Some(&*at) =>
                {
                    return Self::elsewhere(*at, folder);
                }
                Err(ReachError::Open(OpenError::Locked { .. })) if Instant::now() < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                found => return found,
            }
        }
    }

    async fn here(settings: &LocalSettings, wanted: Wanted) -> Result<Self, ReachError> {
        let key = SharedKey::new(&settings.account, &settings.key)?;
        if wanted != Wanted::Resting {
            let config = settings.emulator(wanted == Wanted::Running).await;
            let served = Served::start(Emulator::open(config).await?).await?;
            return Ok(Self::Served { served, key });
        }
        let (data, clock) = (settings.data.clone(), Arc::new(SystemClock));
        let rest = AtRest::open(data, &settings.account, &settings.key, clock).await?;
        let mut unchecked = Vec::new();
        for kind in rest.runtimes() {
            match settings.runtime_of(kind).await {
                Ok(runtime) => unchecked.extend(rest.settle(&runtime).await),
                Err(reason) => unchecked.push(reason),
            }
        }
        Ok(Self::AtRest { router: rest.router(), key, unchecked })
    }

    fn elsewhere(at: Endpoint, folder: PathBuf) -> Result<Self, ReachError> {
        if !is_loopback(&at.endpoint) {
            return Err(ReachError::NotHere { endpoint: at.endpoint, folder });
        }
        let key = SharedKey::new(&at.account, &at.key)?;
        // Without TLS, reqwest wants to know all the same who would do it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE);
        if let Some(certificate) = &at.certificate {
            let tls = pinned(certificate).map_err(|source| ReachError::Certificate { folder, source })?;
            builder = builder.tls_backend_preconfigured(tls);
        }
        Ok(Self::Elsewhere { at, key, network: builder.build()? })
    }

    /// Where another process serves it.
    fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Elsewhere { at, .. } => Some(at),
            Self::AtRest { .. } | Self::Served { .. } => None,
        }
    }

    async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Body>, SendError> {
        let (router, key) = match self {
            Self::AtRest { router, key, .. } => (router.clone(), key),
            Self::Served { served, key } => (served.router(), key),
            Self::Elsewhere { at, key, network } => {
                sign(&mut request, key);
                return send(network, &at.endpoint, request).await;
            }
        };
        sign(&mut request, key);
        let answer = router.oneshot(request).await;
        Ok(answer.unwrap_or_else(|never: Infallible| match never {}))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl tower::Service<Request<Full<Bytes>>> for LocalAccount {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let account = self.clone();
        async move { account.send(request).await }.boxed()
    }
}

/// Requests carry the passwords of registries: what a data folder names as its server must be on this machine.
fn is_loopback(endpoint: &str) -> bool {
    Url::parse(endpoint).is_ok_and(|url| url.domain().is_none() && loopback::is_loopback(&url))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
