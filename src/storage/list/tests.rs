//! Lists from a server that answers what a test tells it.

use std::collections::VecDeque;
use std::sync::Mutex;

use axum::Router;
use axum::http::{Request, Response};

use super::super::CredentialOptions;
use super::*;
use crate::clock::SystemClock;
use crate::secret::Secret;

/// A server with these answers, one after the other, and the requests that it was sent.
struct Server {
    container: ContainerUrl,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn with(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        let answers: Mutex<VecDeque<_>> = Mutex::new(answers.into_iter().collect());
        let answers = Arc::new(answers);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let requests = seen.clone();
        let app = Router::new().fallback(move |request: Request<axum::body::Body>| {
            let shown = format!(
                "{} {:?}",
                request.uri(),
                request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned())
            );
            requests.lock().unwrap().push(shown);
            let (status, body) = answers.lock().unwrap().pop_front().unwrap();
            async move { Response::builder().status(status).body(body).unwrap() }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(axum::serve(listener, app).into_future());
        let container = ContainerUrl::parse(&format!("http://127.0.0.1:{port}/mine/in")).unwrap();
        Self { container, seen }
    }

    async fn list(&self, options: CredentialOptions, most: usize) -> Result<Vec<BlobEntry>, StorageError> {
        let storage = Storage::new(Credentials::new(options).unwrap(), Arc::new(SystemClock));
        storage.list(&self.container, Some("a b/"), most).await
    }

    async fn names(&self) -> Vec<String> {
        let found = self.list(CredentialOptions::default(), 100).await.unwrap();
        found.into_iter().map(|blob| blob.name).collect()
    }

    async fn error(&self) -> String {
        self.list(CredentialOptions::default(), 100).await.unwrap_err().to_string()
    }
}

fn page(blobs: &str, marker: &str, next: &str) -> (u16, String) {
    // The service begins with a byte order mark.
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"http://h/\" \
         ContainerName=\"in\"><Prefix>a b/</Prefix><Marker>{marker}</Marker><MaxResults>5000</MaxResults>\
         <Blobs>{blobs}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
    );
    (200, body)
}

fn blob(name: &str) -> String {
    format!(
        "<Blob><Name>{name}</Name><Properties><Content-Length>7</Content-Length><BlobType>BlockBlob</BlobType>\
         <Unheard-Of>x</Unheard-Of></Properties><Metadata/><OrMetadata/></Blob>"
    )
}

#[tokio::test]
async fn all_pages_are_read_in_their_order() {
    let server = Server::with([
        page(&blob("a b/1"), "", "m 1+"),
        page("", "m 1+", "m2"),
        page(&(blob("a b/2") + &blob("a b/ü &amp; &#60;3&gt;")), "m2", ""),
    ])
    .await;
    assert_eq!(server.names().await, ["a b/1", "a b/2", "a b/ü & <3>"]);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0], "/mine/in?comp=list&include=metadata&prefix=a%20b%2F&restype=container None");
    assert!(seen[1].contains("marker=m%201%2B&"), "{}", seen[1]);
}

#[tokio::test]
async fn a_list_that_is_longer_than_wanted_is_not_read_to_its_end() {
    let server = Server::with([page(&(blob("1") + &blob("2")), "", "m"), page(&blob("3"), "m", "n")]).await;
    assert_eq!(server.list(CredentialOptions::default(), 2).await.unwrap().len(), 3);
    assert_eq!(server.seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn folders_are_no_blobs_and_encoded_names_are_decoded() {
    let folder =
        "<Blob><Name>d</Name><Properties/><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>";
    let encoded = "<Blob><Name Encoded=\"true\">a%EF%BF%BEb</Name><Properties/></Blob>";
    let server = Server::with([page(&format!("{folder}{encoded}{}", blob("f")), "", "")]).await;
    assert_eq!(server.names().await, ["a\u{fffe}b", "f"]);
}

#[tokio::test]
async fn a_request_carries_the_proof_of_its_account() {
    let server = Server::with([page("", "", ""), page("", "", "")]).await;
    let key = CredentialOptions { key: Some(Secret::new("c2VjcmV0")), ..Default::default() };
    server.list(key, 1).await.unwrap();
    let sas = CredentialOptions { sas_token: Some(Secret::new("sv=1&sig=a%2Bb%3D")), ..Default::default() };
    server.list(sas, 1).await.unwrap();
    let seen = server.seen.lock().unwrap();
    assert!(seen[0].contains("SharedKey mine:"), "{}", seen[0]);
    assert!(seen[1].contains("&sv=1&sig=a%2Bb%3D None"), "{}", seen[1]);
}

#[tokio::test]
async fn an_obstacle_that_may_pass_is_waited_out_and_the_proof_renewed() {
    let server = Server::with([(503, String::new()), page(&blob("1"), "", "")]).await;
    let sas = CredentialOptions { sas_token: Some(Secret::new("sv=1&sig=a")), ..Default::default() };
    assert_eq!(server.list(sas, 5).await.unwrap().len(), 1);
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.len(), seen[1].matches("sig=").count()), (2, 1));
}

#[tokio::test]
async fn a_refusal_is_told_in_the_services_words() {
    let body = "\u{feff}<?xml version=\"1.0\"?><Error><Code>ContainerNotFound</Code><Message>The specified container \
                does not exist.\nRequestId:1\nTime:2</Message><AuthenticationErrorDetail>hunter2</AuthenticationErrorDetail></Error>";
    let server = Server::with([(404, body.to_owned())]).await;
    let error = server.error().await;
    let expected = format!(
        "{}, asked anonymously, answered ContainerNotFound (HTTP 404): The specified container does not exist.",
        server.container
    );
    assert_eq!(error, expected);
}

#[tokio::test]
async fn what_is_no_list_of_blobs_is_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><EnumerationResults \
                ServiceEndpoint=\"h\"><Blobs><Blob><Name>&b;</Name></Blob></Blobs></EnumerationResults>";
    let nested = format!("<EnumerationResults ServiceEndpoint=\"h\">{}", "<a>".repeat(100_000));
    let bodies = [
        (200, "<html><title>Sign in</title></html>".to_owned()),
        (200, "{}".to_owned()),
        (200, String::new()),
        (200, bomb.to_owned()),
        (200, nested),
        (200, page("<Blob><Name></Name></Blob>", "", "").1),
        (200, page(&blob("1"), "", "m").1.replace("</Blobs>", "")),
        (404, "<html>nothing here</html>".to_owned()),
        (302, String::new()),
    ];
    for answer in bodies {
        let error = Server::with([answer.clone()]).await.error().await;
        assert!(error.contains("does not answer like Azure Storage"), "{answer:?}: {error}");
        assert!(error.len() < 500, "{error}");
    }
}

#[tokio::test]
async fn a_list_without_progress_is_given_up() {
    let server = Server::with([page("", "", "m"), page("", "m", "m")]).await;
    let error = server.error().await;
    assert!(error.ends_with("its list goes on where it was"), "{error}");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = Server::with([(200, "x".repeat(PAGE_BYTES + 1))]).await;
    let error = server.error().await;
    assert!(error.ends_with(&format!("its answer is longer than {PAGE_BYTES} bytes")), "{error}");
}

#[tokio::test]
async fn where_nobody_listens_the_reason_is_told_at_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let container = ContainerUrl::parse(&format!("http://127.0.0.1:{port}/mine/in")).unwrap();
    let storage = Storage::new(Credentials::default(), Arc::new(SystemClock));
    let started = std::time::Instant::now();
    let error = storage.list(&container, None, 1).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("{container} cannot be reached: ")), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(error.hint().unwrap().contains("is Azurite running"));
    assert!(started.elapsed() < Duration::from_secs(5));
}
