//! Containers of Azurite, for a test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use ring::hmac;

use super::Service;

/// A new container of Azurite's.
#[derive(Debug)]
pub struct BlobContainer {
    /// Its URL, without a signature.
    pub url: String,
    /// The blob endpoint of its account.
    pub endpoint: String,
}

impl BlobContainer {
    /// Azurite's account and key: published, and the same everywhere.
    pub const ACCOUNT: &str = "devstoreaccount1";
    /// Its key.
    pub const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// A new container with these blobs, by name and content; none if there is no Azurite. `public` lets everybody list it.
    #[track_caller]
    pub fn with(blobs: &[(String, String)], public: bool) -> Option<Self> {
        let endpoint = format!("{}/{}", Service::Azurite.address()?, Self::ACCOUNT);
        let url = format!("{endpoint}/test-{}", uuid::Uuid::new_v4());
        block_on(fill(&url, blobs, public));
        Some(Self { url, endpoint })
    }

    /// Its URL, with a signature that allows that much.
    pub fn signed(&self, permissions: &str) -> String {
        format!("{}?{}", self.url, signature(permissions))
    }

    /// The URL of a blob, with a signature that allows that much.
    pub fn signed_blob(&self, name: &str, permissions: &str) -> String {
        format!("{}/{}?{}", self.url, encoded(name), signature(permissions))
    }

    /// The content of a blob; none if there is no such blob.
    pub fn read(&self, name: &str) -> Option<String> {
        let url = self.signed_blob(name, "r");
        block_on(async {
            let answer = sent(client().get(url)).await;
            match answer.status().as_u16() {
                200 => Some(answer.text().await.unwrap()),
                404 => None,
                status => panic!("{name}: {status}"),
            }
        })
    }

    /// Makes a blob, or replaces it.
    pub fn write(&self, name: &str, content: &str) {
        let put = client().put(self.signed_blob(name, "cw")).header("x-ms-blob-type", "BlockBlob");
        let put = put.header("content-length", content.len()).body(content.to_owned());
        assert_eq!(block_on(async { sent(put).await.status() }), 201, "{name}");
    }

    /// Takes the lease on a blob, for so many seconds.
    pub fn lease(&self, name: &str, id: uuid::Uuid, seconds: u32) {
        let duration = seconds.to_string();
        let asked = [
            ("x-ms-lease-action", "acquire"),
            ("x-ms-lease-duration", duration.as_str()),
            ("x-ms-proposed-lease-id", &id.to_string()),
        ];
        assert_eq!(self.about_lease(name, &asked), 201, "{name}");
    }

    /// Gives the lease on a blob back.
    pub fn end_lease(&self, name: &str, id: uuid::Uuid) {
        let asked = [("x-ms-lease-action", "release"), ("x-ms-lease-id", &id.to_string())];
        assert_eq!(self.about_lease(name, &asked), 200, "{name}");
    }

    /// Ends somebody else's lease on a blob.
    pub fn break_lease(&self, name: &str) {
        let asked = [("x-ms-lease-action", "break"), ("x-ms-lease-break-period", "0")];
        assert_eq!(self.about_lease(name, &asked), 202, "{name}");
    }

    fn about_lease(&self, name: &str, asked: &[(&str, &str)]) -> u16 {
        let url = format!("{}&comp=lease", self.signed_blob(name, "w"));
        let put = client().put(url).header("content-length", "0");
        let put = asked.iter().fold(put, |put, (name, value)| put.header(*name, *value));
        block_on(async { sent(put).await.status().as_u16() })
    }

    /// The names of its blobs, in their order.
    pub fn names(&self) -> Vec<String> {
        let url = format!("{}&restype=container&comp=list", self.signed("l"));
        let list = block_on(async { sent(client().get(url)).await.text().await.unwrap() });
        list.split("<Name>").skip(1).map(|rest| rest.split_once("</Name>").unwrap().0.to_owned()).collect()
    }
}

/// A signature of the account for the next decades, by the rules of the REST reference ("Create an account SAS").
pub fn signature(permissions: &str) -> String {
    let (account, expiry, version) = (BlobContainer::ACCOUNT, "2099-01-01T00:00:00Z", "2021-12-02");
    let text = format!("{account}\n{permissions}\nb\nsco\n\n{expiry}\n\n\n{version}\n\n");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(BlobContainer::KEY).unwrap());
    let signature = encoded_whole(&STANDARD.encode(hmac::sign(&key, text.as_bytes())));
    format!("sv={version}&ss=b&srt=sco&sp={permissions}&se={expiry}&sig={signature}")
}

/// The part of a signature that nobody may see.
pub fn secret_of(signature: &str) -> &str {
    signature.rsplit_once("sig=").unwrap().1
}

async fn fill(url: &str, blobs: &[(String, String)], public: bool) {
    let client = client();
    let signature = signature("rwlac");
    let mut create = client.put(format!("{url}?restype=container&{signature}")).header("content-length", "0");
    if public {
        create = create.header("x-ms-blob-public-access", "container");
    }
    let created = sent(create).await;
    assert_eq!(created.status(), 201, "{}", created.text().await.unwrap());
    let mut sending = futures::stream::iter(blobs)
        .map(|(name, content)| {
            let put = client.put(format!("{url}/{}?{signature}", encoded(name)));
            let put = put.header("x-ms-blob-type", "BlockBlob").header("content-length", content.len());
            let put = put.body(content.clone());
            async move { sent(put).await.status() }
        })
        .buffer_unordered(32);
    while let Some(status) = sending.next().await {
        assert_eq!(status, 201);
    }
}

/// A name as a path; slashes stay.
fn encoded(name: &str) -> String {
    name.split('/').map(encoded_whole).collect::<Vec<_>>().join("/")
}

fn encoded_whole(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The answer to a request. Azurite closes connections that idle for five seconds, now and then just as a request is on its way. It
/// has not seen such a request, which is sent once more.
async fn sent(request: reqwest::RequestBuilder) -> reqwest::Response {
    let again = request.try_clone().unwrap();
    match request.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_request() && !error.is_connect() => again.send().await.unwrap(),
        Err(error) => panic!("{error:?}"),
    }
}

fn client() -> reqwest::Client {
    // TLS is not used here, and reqwest wants it all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}
