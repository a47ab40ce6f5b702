//! The emulator, as its users hold it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::data_folder::{DataFolder, Endpoint};
use super::driver::Driver;
use super::effect::Effect;
use super::faults::{FaultRules, Faults};
use super::open_error::{OpenError, take_folder};
use super::openness::may_be_open;
use super::refusal::Refusal;
use super::router::{Entrance, router};
use super::server;
use super::service::{Activity, Failure, Rules, Service};
use super::test_issuer::TestIssuer;
use super::throttle::Throttle;
use super::timing::Timing;
use super::tls::Tls;
use crate::batch::auth::SharedKey;
use crate::clock::Clock;
use crate::node::Applications;
use crate::node::layout::NodeLayout;
use crate::node::runtime::ContainerRuntime;
use crate::secret::Secret;

/// What an emulator is made from.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    /// The folder of its data; made if there is none.
    pub data: PathBuf,
    /// The account's name.
    pub account: String,
    /// The account's key, base64.
    pub key: Secret,
    /// What nodes run containers with; or why there is nothing, which nodes then say.
    pub runtime: Result<Arc<dyn ContainerRuntime>, String>,
    /// How fast the service behaves.
    pub timing: Timing,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How many requests a second are answered, and no more with 429; all of them when absent.
    pub requests_per_second: Option<NonZeroU32>,
    /// What goes wrong on demand.
    pub faults: FaultRules,
    /// Whose bearer tokens are taken; nobody's when absent.
    pub issuer: Option<TestIssuer>,
    /// The folder whose folders stand in for the file systems that pools mount; one in the folder of the data when absent.
    pub stand_ins: Option<PathBuf>,
    /// The folder of the application packages; `applications` in the folder of the data when absent.
    pub applications: Option<PathBuf>,
    /// Whether tasks that wait are started; without, only what is begun goes on.
    pub starts_tasks: bool,
}

/// An Azure Batch account in this process. Clones are the same account.
#[derive(Debug, Clone)]
pub struct Emulator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: DataFolder,
    account: Arc<Account>,
    key: Secret,
    runtime: Result<Arc<dyn ContainerRuntime>, String>,
    stop: CancellationToken,
    engine: Mutex<Engine>,
}

/// What carries out effects.
#[derive(Debug)]
enum Engine {
    Waiting(UnboundedReceiver<Effect>),
    Running { driver: Arc<Driver>, work: JoinHandle<()> },
    Stopped,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Emulator {
    /// Opens the account whose data is in `config.data`. Everything that was unfinished goes on once the account can be reached
    /// by [`Emulator::router`] or [`Emulator::serve`].
    ///
    /// # Errors
    /// When the folder is in use, or can't be.
    pub async fn open(config: EmulatorConfig) -> Result<Self, OpenError> {
        let EmulatorConfig { data, account, key, runtime, timing, clock, .. } = config;
        let shared_key = SharedKey::new(&account, &key)
            .map_err(|source| OpenError::Key { account: account.clone(), source })?;
        let folder = take_folder(&data)?;
        let rules = Rules {
            timing,
            runtime: runtime
                .as_ref()
                .map_or_else(|_| "none".to_owned(), |runtime| runtime.kind().to_string()),
            stand_ins: stand_ins(config.stand_ins, &folder),
            activity: if config.starts_tasks { Activity::Running } else { Activity::WindingDown },
        };
        let (service, effects) = Service::open(&folder.store(), rules, Arc::clone(&clock))
            .map_err(|source| OpenError::store(&data, source))?;
        let resumed = service.write(|unit| unit.resume()).await;
        resumed.map_err(|failure: Failure| OpenError::store(&data, Refusal::from(failure)))?;
        let (nodes, door) = (folder.nodes(), folder.door());
        let applications = Applications::at(config.applications.unwrap_or_else(|| folder.applications()));
        Ok(Self(Arc::new(Inner {
            folder,
            account: Arc::new(Account {
                key: shared_key,
                issuer: config.issuer,
                opened: clock.now(),
                clock,
                service,
                nodes,
                applications,
                door,
                throttle: config.requests_per_second.map(Throttle::new),
                faults: Faults::new(config.faults),
                is_at_rest: false,
            }),
            key,
            runtime,
            stop: CancellationToken::new(),
            engine: Mutex::new(Engine::Waiting(effects)),
        })))
    }

    /// The account inside this process: a tower service of HTTP requests. As long as it is not served as well, tasks are told an
    /// account URL that leads nowhere, as there is nothing to connect to.
    pub fn router(&self) -> Router {
        self.start();
        router(Arc::clone(&self.0.account), Entrance::IN_PROCESS)
    }

    /// Serves the account over HTTP, or HTTPS with `tls`, until `shutdown` is cancelled, and notes in the data folder where.
    ///
    /// # Errors
    /// When other machines reach the listener, and requests would cross the network in the clear, or the account's key is
    /// published, or tokens of a test issuer are taken.
    pub async fn serve(
        &self,
        listener: TcpListener,
        tls: Option<Tls>,
        shutdown: CancellationToken,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        let is_open = !address.ip().is_loopback();
        if is_open {
            self.refuse_to_be_open(address, tls.as_ref())?;
        }
        let url = account_url(address, tls.is_some());
        self.0.folder.note_endpoint(&Endpoint {
            endpoint: url.clone(),
            account: self.0.account.key.account().to_owned(),
            key: self.0.key.clone(),
            pid: std::process::id(),
            certificate: tls.as_ref().map(Tls::certificate_pem),
        })?;
        if let Some(driver) = self.start() {
            driver.reachable_at(&url);
        }
        let entrance = Entrance { is_secure: tls.is_some(), is_open, is_for_tasks: false };
        let service = router(Arc::clone(&self.0.account), entrance);
        server::serve(listener, service, tls.as_ref().map(Tls::acceptor), shutdown).await;
        self.0.folder.forget_endpoint();
        Ok(())
    }

    fn refuse_to_be_open(&self, address: SocketAddr, tls: Option<&Tls>) -> io::Result<()> {
        may_be_open(&self.0.key, tls.is_some(), self.0.account.issuer.is_some()).map_err(|reason| {
            let reason = format!("{address} is reachable from other machines, and {reason}");
            io::Error::new(io::ErrorKind::InvalidInput, reason)
        })
    }

    /// Stops: nothing new is started, and everything acknowledged is on disk. Containers are left running; whoever opens the
    /// data folder next finds them, and with them how their tasks ended.
    pub async fn shut_down(&self) {
        self.0.stop.cancel();
        let engine = std::mem::replace(&mut *self.engine(), Engine::Stopped);
        if let Engine::Running { work, .. } = engine {
            let _ = work.await;
        }
        self.0.account.service.close().await;
        self.0.folder.forget_endpoint();
    }

    /// Starts to carry out effects, unless that was done, or is over.
    fn start(&self) -> Option<Arc<Driver>> {
        let mut engine = self.engine();
        if let Engine::Waiting(_) = &*engine
            && let Engine::Waiting(effects) = std::mem::replace(&mut *engine, Engine::Stopped)
        {
            let (account, runtime) = (Arc::clone(&self.0.account), self.0.runtime.clone());
            let driver = Driver::new(account, runtime, self.0.stop.clone());
            let work = tokio::spawn(Arc::clone(&driver).run(effects));
            *engine = Engine::Running { driver, work };
        }
        match &*engine {
            Engine::Running { driver, .. } => Some(Arc::clone(driver)),
            Engine::Waiting(_) | Engine::Stopped => None,
        }
    }

    fn engine(&self) -> std::sync::MutexGuard<'_, Engine> {
        self.0.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where folders stand in for file systems, by a path that containers see, too.
fn stand_ins(given: Option<PathBuf>, folder: &DataFolder) -> PathBuf {
    let path = given.unwrap_or_else(|| folder.stand_ins());
    NodeLayout::new(path).root().to_owned()
}

/// The URL of an account that is served at `address`, for programs on this machine.
pub fn account_url(address: SocketAddr, is_secure: bool) -> String {
    let scheme = if is_secure { "https" } else { "http" };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, address.port()))
}
