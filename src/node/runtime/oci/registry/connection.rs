//! Requests to a registry, and to the servers that it sends us to. Whatever they answer has a limit in size and in time.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::answer::RegistryError;
use crate::node::runtime::oci::reference::ImageName;

/// How much of a refusal is read, in bytes: enough for the reason.
const REFUSAL: usize = 64 << 10;

/// How many times in a row a server may send us elsewhere, as browsers and Docker have it.
const REDIRECTS: usize = 10;

/// How long registries may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a connection.
    connect: Duration,
    /// For saying nothing at all.
    silence: Duration,
    /// For an answer that is kept in memory, from the request to its end.
    answer: Duration,
    /// Between looks at how a layer comes on.
    look: Duration,
    /// How many bytes must have come between two looks.
    pace: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(60),
            answer: Duration::from_secs(120),
            look: Duration::from_secs(60),
            // 1 KiB a second: below that, no image comes within a day.
            pace: 60 << 10,
        }
    }
}

/// What is sent to a registry and how its answers are read.
#[derive(Debug)]
pub(super) struct Connection {
    client: reqwest::Client,
    base: String,
    patience: Patience,
}

/// An answer in memory.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Connection {
    /// A connection to the registry of an image.
    pub(super) fn new(name: &ImageName, patience: Patience) -> reqwest::Result<Self> {
        // reqwest panics when no provider is installed; when another one is, it serves as well, so the result says nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(patience.connect)
            .read_timeout(patience.silence)
            .redirect(Policy::custom(redirect))
            .referer(false)
            .user_agent(concat!("batchyard/", env!("CARGO_PKG_VERSION")));
        if name.is_loopback() {
            // A proxy for the world can't reach this machine's own registry.
            builder = builder.no_proxy();
        }
        let scheme = if name.is_loopback() { "http" } else { "https" };
        let base = format!("{scheme}://{}/v2/", name.reference.resolve_registry());
        Ok(Self { client: builder.build()?, base, patience })
    }

    /// A request for something of the registry's: `path` is below `/v2/`.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    /// A request to the server that gives tokens.
    pub(super) fn get_token(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// Whether the registry is spoken to without TLS.
    pub(super) fn is_plain(&self) -> bool {
        self.base.starts_with("http://")
    }

    /// The head of an answer; its body is not read.
    pub(super) async fn head(
        &self,
        request: RequestBuilder,
    ) -> Result<(StatusCode, HeaderMap), RegistryError> {
        self.in_time(async {
            let response = request.send().await.map_err(RegistryError::broken)?;
            Ok((response.status(), response.headers().clone()))
        })
        .await
    }

    /// An answer; a success of more than `most` bytes is refused, of anything else the beginning is taken.
    pub(super) async fn fetch(&self, request: RequestBuilder, most: usize) -> Result<Answer, RegistryError> {
        self.in_time(async {
            let response = request.send().await.map_err(RegistryError::broken)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body =
                if status.is_success() { whole(response, most).await? } else { beginning(response).await };
            Ok(Answer { status, headers, body })
        })
        .await
    }

    /// Writes the body of an answer as it comes. How much `to` takes is its own affair.
    pub(super) async fn stream(
        &self,
        request: RequestBuilder,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), RegistryError> {
        let sent = self.in_time(async { request.send().await.map_err(RegistryError::broken) });
        let mut response = sent.await?;
        if !response.status().is_success() {
            let status = response.status();
            let body = self.in_time(async { Ok(beginning(response).await) }).await.unwrap_or_default();
            return Err(RegistryError::of(status, &body));
        }
        let failed = |error: std::io::Error| RegistryError::Failed(error.to_string());
        let mut came = 0;
        let mut look = Instant::now() + self.patience.look;
        loop {
            match timeout_at(look, response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    to.write_all(&chunk).await.map_err(failed)?;
                    came += chunk.len() as u64;
                }
                Ok(Ok(None)) => return to.flush().await.map_err(failed),
                Ok(Err(error)) => return Err(RegistryError::broken(error)),
                Err(_) if came < self.patience.pace => {
                    return Err(RegistryError::Failed(format!(
                        "it sends too slowly: {came} bytes in {:?}",
                        self.patience.look
                    )));
                }
                Err(_) => (came, look) = (0, Instant::now() + self.patience.look),
            }
        }
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let patience = self.patience.answer;
        timeout(patience, work).await.unwrap_or_else(|_| {
            Err(RegistryError::Failed(format!("it had not answered to the end after {patience:?}")))
        })
    }
}

/// Goes where a server sends us, but not round in circles, nor from where nobody listens to where anyone may.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let from_tls = attempt.previous().last().is_some_and(|from| from.scheme() == "https");
    if attempt.previous().len() > REDIRECTS {
        attempt.error(format!("it redirects more than {REDIRECTS} times"))
    } else if from_tls && attempt.url().scheme() != "https" {
        attempt.error("it redirects from https to http")
    } else {
        attempt.follow()
    }
}

async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, RegistryError> {
    let too_large =
        || RegistryError::Failed(format!("its answer holds more than {most} bytes, which none does"));
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(RegistryError::broken)? {
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(chunk.get(..REFUSAL - body.len()).unwrap_or(&chunk));
        if body.len() >= REFUSAL {
            break;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// What a server of these tests sends after the head.
    async fn trickle(mut client: TcpStream, times: usize) -> std::io::Result<()> {
        let mut request = [0; 1024];
        let _ = client.read(&mut request).await?;
        client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
        for _ in 0..times {
            client.write_all(b"x").await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// A connection of little patience to a server that sends a byte now and then.
    async fn connect(times: usize) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(trickle(client, times));
            }
        });
        let name = ImageName::parse(&format!("{address}/a/b")).unwrap();
        let patience = Patience {
            answer: Duration::from_millis(300),
            look: Duration::from_millis(200),
            pace: 100,
            ..Patience::default()
        };
        Connection::new(&name, patience).unwrap()
    }

    #[tokio::test]
    async fn an_answer_that_trickles_is_given_up() {
        let connection = connect(1000).await;
        let error = connection.fetch(connection.get(""), 1 << 20).await.unwrap_err();
        assert!(matches!(&error, RegistryError::Failed(why) if why.contains("after 300ms")), "{error:?}");
        let error = connection.stream(connection.get(""), &mut Vec::new()).await.unwrap_err();
        assert!(matches!(&error, RegistryError::Failed(why) if why.contains("too slowly")), "{error:?}");
    }

    #[tokio::test]
    async fn an_answer_that_ends_early_is_none() {
        let connection = connect(1).await;
        for error in [
            connection.fetch(connection.get(""), 1 << 20).await.unwrap_err(),
            connection.stream(connection.get(""), &mut Vec::new()).await.unwrap_err(),
        ] {
            assert!(matches!(&error, RegistryError::Failed(why) if !why.contains("slowly")), "{error:?}");
        }
    }

    #[tokio::test]
    async fn what_comes_slowly_but_comes_is_taken() {
        let mut connection = connect(1000).await;
        connection.patience.pace = 2;
        connection.patience.look = Duration::from_millis(500);
        let mut content = Vec::new();
        let taken = connection.stream(connection.get(""), &mut content);
        assert!(timeout(Duration::from_secs(2), taken).await.is_err(), "it still comes");
    }
}
