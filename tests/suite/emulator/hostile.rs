//! Requests that mean harm, over a socket: each is refused cleanly, nothing comes of it, and the server lives.

use std::net::SocketAddr;
use std::time::Duration;

use batchyard::batch::DateTime;
use batchyard::batch::auth::{SharedKey, SignedRequest};
use batchyard::clock::{Clock as _, SystemClock};
use batchyard::secret::Secret;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::account::{Account, KEY, NAME, pool, task};

/// How long a server may take to refuse a request on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much more memory the process may have after all of it, in bytes.
const MAX_GROWTH: usize = 128 << 20;

/// A request to send as it is, and what it is called in messages.
struct Attack {
    name: String,
    bytes: Vec<u8>,
    /// The status of the answer and the code that it names, where more matters than that it is refused.
    answer: Option<(u16, &'static str)>,
}

/// The parts of a request.
struct Request<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
}

impl<'a> Request<'a> {
    fn new(method: &'a str, target: &'a str) -> Self {
        let now = DateTime(SystemClock.now()).to_rfc1123();
        Self { method, target, headers: vec![("ocp-date", now)], body: Vec::new() }
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("content-type", "application/json").header("content-length", length)
    }

    fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Signs what there is so far; what is changed afterwards is not covered.
    fn sign(self) -> Self {
        self.sign_with(KEY)
    }

    fn sign_with(self, key: &str) -> Self {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let signed = SignedRequest { method: self.method, path, query, headers: &headers };
        let authorization = SharedKey::new(NAME, &Secret::new(key)).unwrap().authorize(&signed);
        self.header("authorization", authorization)
    }

    fn bytes(self) -> Vec<u8> {
        let mut text =
            format!("{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend(self.body);
        bytes
    }
}

fn versioned(path: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}api-version=2025-06-01")
}

fn signed_get(path: &str) -> Vec<u8> {
    Request::new("GET", &versioned(path)).sign().bytes()
}

fn signed_post(path: &str, body: impl Into<Vec<u8>>) -> Vec<u8> {
    Request::new("POST", &versioned(path)).body(body).sign().bytes()
}

fn attack(name: &str, bytes: Vec<u8>) -> Attack {
    Attack { name: name.to_owned(), bytes, answer: None }
}

fn refused(name: &str, bytes: Vec<u8>, status: u16, code: &'static str) -> Attack {
    Attack { name: name.to_owned(), bytes, answer: Some((status, code)) }
}

/// What `curl` would send that has no key, a wrong one, or a signature for something else.
fn unauthorized() -> Vec<Attack> {
    let target = versioned("/pools");
    let get = || Request::new("GET", &target);
    let posted = |body: &str| Request::new("POST", &target).body(body).sign();
    let claims = |credential: &str| get().header("authorization", credential).bytes();
    let dated = |minutes: i64| {
        let time = DateTime(SystemClock.now() + jiff::SignedDuration::from_mins(minutes));
        get().header("ocp-date", time.to_rfc1123()).sign().bytes()
    };
    let (absent, malformed) = ((400, "MissingRequiredHeader"), (400, "InvalidAuthenticationInfo"));
    let failed = (403, "AuthenticationFailed");
    let cases = [
        ("no key", get().bytes(), absent),
        ("an empty header", claims(""), absent),
        ("a bearer", claims("Bearer abc.def.ghi"), (401, "AuthenticationFailed")),
        ("a password", claims("Basic YTpi"), malformed),
        ("no colon", claims("SharedKey testaccount"), malformed),
        ("no base64", claims("SharedKey testaccount:?"), malformed),
        ("another account", claims("SharedKey other:YWJj"), failed),
        ("a wrong key", get().sign_with("c3RyYW5nZXI=").bytes(), failed),
        ("a stale date", dated(-16), failed),
        ("a date to come", dated(16), failed),
        ("no time", get().header("ocp-date", "yesterday").sign().bytes(), failed),
        ("a date changed", get().sign().header("ocp-date", "Wed, 01 Jan 2020 00:00:00 GMT").bytes(), failed),
        ("another path", Request { target: &versioned("/jobs"), ..get().sign() }.bytes(), failed),
        ("more query", Request { target: &versioned("/pools?maxresults=5"), ..get().sign() }.bytes(), failed),
        ("another method", Request { method: "DELETE", ..get().sign() }.bytes(), failed),
        ("a condition added", get().sign().header("if-match", "*").bytes(), failed),
        ("a range added", get().sign().header("ocp-range", "bytes=0-1").bytes(), failed),
        ("a body replayed with more in it", posted("{}").body("{\"id\":\"evil\"}").bytes(), failed),
        ("a body replayed as another kind", posted("{}").header("content-type", "text/xml").bytes(), failed),
        ("a body where none was signed", smuggled(&target), (411, "MissingContentLengthHeader")),
    ];
    cases.into_iter().map(|(name, bytes, (status, code))| refused(name, bytes, status, code)).collect()
}

/// A request signed without a body that carries one all the same: a body in chunks has no length that could be signed.
fn smuggled(target: &str) -> Vec<u8> {
    let mut bytes = Request::new("POST", target).sign().header("transfer-encoding", "chunked").bytes();
    let body = pool("evil").to_string();
    bytes.extend(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).bytes());
    bytes
}

/// Paths that try to leave, to confuse, or to be too much.
fn paths() -> Vec<Attack> {
    [
        "/jobs/j/tasks/t/files/..%2F..%2F..%2F..%2Fetc%2Fpasswd",
        "/jobs/j/tasks/t/files/wd%2F..%2F..%2Fstdout.txt",
        "/jobs/j/tasks/t/files/..%5C..%5Cstdout.txt",
        "/jobs/j/tasks/t/files/%2Fetc%2Fpasswd",
        "/jobs/j/tasks/t/files/stdout.txt%00.png",
        "/jobs/j/tasks/t/files/%252e%252e%252fstdout.txt",
        "/jobs/j/tasks/t/files/%C0%AE%C0%AE%2Fetc",
        "/jobs/j/tasks/t/files/%ff%fe",
        "/jobs/..%2F..%2Fpools",
        "/jobs/%00",
        "/jobs/a%0d%0aset-cookie:x",
        "/jobs/%F0%9F%92%A3",
        "/jobs/a%20b",
        "/pools/p/nodes/..%2F..%2Fq/files",
        "//pools",
        "/pools//nodes",
        "/pools/p;jsessionid=1",
        "/",
        "/$metadata",
        "/_emulator/../pools",
    ]
    .iter()
    .map(|path| attack(path, signed_get(path)))
    .chain([
        attack("an id of 8 KiB", signed_get(&format!("/jobs/{}", "a".repeat(8 << 10)))),
        attack("a thousand segments", signed_get(&"/a".repeat(1_000))),
        attack("a path of 200 KiB", signed_get(&format!("/{}", "a".repeat(200 << 10)))),
    ])
    .collect()
}

/// Queries that are out of range or ask for too much work.
fn queries() -> Vec<Attack> {
    let many = vec!["id%20eq%20'a'"; 1_000].join("%20or%20");
    let deep = format!("{}id%20eq%20'a'{}", "(".repeat(5_000), ")".repeat(5_000));
    [
        "/jobs?maxresults=0".to_owned(),
        "/jobs?maxresults=-1".to_owned(),
        "/jobs?maxresults=1001".to_owned(),
        "/jobs?maxresults=99999999999999999999999".to_owned(),
        "/jobs?maxresults=NaN".to_owned(),
        format!("/jobs?$filter={deep}"),
        format!("/jobs?$filter={many}"),
        "/jobs?$filter=id%20eq%20'a".to_owned(),
        "/jobs?$filter=id%20eq%20'a')%3B%20DROP%20TABLE%20jobs%3B--".to_owned(),
        "/jobs?$filter=priority%20eq%2099999999999999999999".to_owned(),
        "/jobs?$filter=%00".to_owned(),
        format!("/jobs?$select={}", vec!["nonsense"; 2_000].join(",")),
        "/jobs?$skiptoken=%00%00".to_owned(),
        "/jobs?$expand=*".to_owned(),
        "/jobs?api-version=9999-99-99".to_owned(),
    ]
    .iter()
    .map(|target| {
        let request = if target.contains("api-version") { target.clone() } else { versioned(target) };
        let name = target.chars().take(60).collect::<String>();
        attack(&name, Request::new("GET", &request).sign().bytes())
    })
    .collect()
}

/// Bodies that are no objects, too deep, too long, or out of range.
fn bodies() -> Vec<Attack> {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{{\"id\":\"q\",\"x\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    };
    let tasks =
        |count: usize| json!({"value": (0..count).map(|n| task(&format!("t{n}"), "")).collect::<Vec<_>>()});
    let with = |name: &str, value: serde_json::Value| {
        let mut pool = pool("q");
        pool[name] = value;
        pool.to_string()
    };
    let mut broken = b"{\"id\":\"q\",\"vmSize\":\"".to_vec();
    broken.extend([0xff, 0xfe, b'"', b'}']);
    let metadata: Vec<_> =
        (0..3_000).map(|n| json!({"name": format!("name-{n}"), "value": "v".repeat(30)})).collect();
    vec![
        attack(
            "no body",
            Request::new("POST", &versioned("/pools")).header("content-length", "0").sign().bytes(),
        ),
        attack("null", signed_post("/pools", "null")),
        attack("a list", signed_post("/pools", "[]")),
        attack("a number", signed_post("/pools", "1e999")),
        attack("half an object", signed_post("/pools", "{\"id\":")),
        attack("100,000 lists", signed_post("/pools", nested("[", "]", 100_000))),
        attack("50,000 objects", signed_post("/pools", nested("{\"a\":", "}", 50_000))),
        attack("no UTF-8", signed_post("/pools", broken)),
        attack("a byte order mark", signed_post("/pools", format!("\u{feff}{}", pool("q")))),
        refused(
            "2 MiB",
            signed_post("/pools", format!("{{\"id\":\"{}\"}}", "a".repeat(2 << 20))),
            413,
            "RequestBodyTooLarge",
        ),
        refused(
            "101 tasks",
            signed_post("/jobs/j/addtaskcollection", tasks(101).to_string()),
            413,
            "RequestBodyTooLarge",
        ),
        attack("nodes below zero", signed_post("/pools", with("targetDedicatedNodes", json!(-1)))),
        attack(
            "too many nodes to count",
            signed_post("/pools", with("targetDedicatedNodes", json!(9_999_999_999_u64))),
        ),
        attack("no slots", signed_post("/pools", with("taskSlotsPerNode", json!(0)))),
        attack("an id with a NUL", signed_post("/pools", with("id", json!("a\u{0}b")))),
        attack("an id that climbs", signed_post("/pools", with("id", json!("../../etc")))),
        attack("an id of 65 letters", signed_post("/pools", with("id", json!("a".repeat(65))))),
        attack("metadata without end", signed_post("/pools", with("metadata", json!(metadata)))),
        attack("a duration of nonsense", signed_post("/pools", with("resizeTimeout", json!("P1Y1M")))),
    ]
}

/// What is no HTTP, or twice.
fn protocol() -> Vec<Attack> {
    let raw = |text: String| text.into_bytes();
    let target = versioned("/pools");
    let flood: String = (0..2_000).map(|n| format!("x-flood-{n}: {}\r\n", "a".repeat(100))).collect();
    let get = |more: &str| raw(format!("GET {target} HTTP/1.1\r\n{more}connection: close\r\n\r\n"));
    vec![
        attack("garbage", raw("\u{1}\u{2}\u{3} nonsense\r\n\r\n".to_owned())),
        attack("a version to come", raw(format!("GET {target} HTTP/9.9\r\nhost: localhost\r\n\r\n"))),
        attack("a flood of headers", get(&format!("host: localhost\r\n{flood}"))),
        attack("a header of 1 MiB", get(&format!("host: localhost\r\nx: {}\r\n", "a".repeat(1 << 20)))),
        attack("another host", get("host: evil.example\r\n")),
        attack(
            "another host in the target",
            raw(format!(
                "GET http://evil.example{target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
            )),
        ),
        attack(
            "two lengths",
            raw(format!(
                "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{{}}"
            )),
        ),
        attack(
            "a length that is none",
            raw(format!(
                "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\nconnection: close\r\n\r\n"
            )),
        ),
        attack(
            "a method of its own",
            get("host: localhost\r\n").iter().copied().skip(3).fold(b"HACK".to_vec(), |mut all, byte| {
                all.push(byte);
                all
            }),
        ),
        attack("bytes in a header", {
            let mut bytes = raw(format!(
                "GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: "
            ));
            bytes.extend([0xff, 0xfe]);
            bytes.extend(b"\r\n\r\n");
            bytes
        }),
    ]
}

/// The answer to some bytes: its status and text, or nothing if the server only hung up.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server may refuse before it has read all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "no answer within {PATIENCE:?}");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, text))
}

/// An account on a socket, served until the guard is dropped.
async fn served() -> (Account, SocketAddr, DropGuard) {
    let account = Account::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let (emulator, shutdown) = (account.emulator.clone(), stop.clone());
    tokio::spawn(async move { emulator.serve(listener, None, shutdown).await });
    (account, address, stop.drop_guard())
}

fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_requests_are_refused_cleanly_and_the_server_lives() {
    let (account, address, _stop) = served().await;
    // A task that has run: so there are files to climb out of.
    let account = account.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(exchange(address, &signed_get("/jobs/j/tasks/t/files/stdout.txt")).await.unwrap().0, 200);
    assert_eq!(exchange(address, &signed_get("/pools")).await.unwrap().0, 200);

    let before = memory();
    let unsigned = [unauthorized(), protocol()].into_iter().flatten().map(|attack| (attack, false));
    let signed = [paths(), queries(), bodies()].into_iter().flatten().map(|attack| (attack, true));
    let attacks: Vec<(Attack, bool)> = unsigned.chain(signed).collect();
    assert!(attacks.len() >= 60, "{} attacks", attacks.len());
    let mut wrong = Vec::new();
    for (attack, is_signed) in &attacks {
        match exchange(address, &attack.bytes).await {
            Some((status, text)) if (400..500).contains(&status) => {
                let names = |code: &str| text.contains(&format!("\"code\":\"{code}\""));
                if let Some(expected) = attack.answer.filter(|(s, code)| *s != status || !names(code)) {
                    wrong.push(format!("{}: not {expected:?}: {text}", attack.name));
                }
                if *is_signed && matches!(status, 401 | 403) {
                    wrong
                        .push(format!("{}: its signature is refused, not what it asks: {text}", attack.name));
                }
                if text.contains("root:") || text.contains(KEY) {
                    wrong.push(format!("{}: reveals {text}", attack.name));
                }
            }
            Some((status, text)) => wrong.push(format!("{}: {status}: {text}", attack.name)),
            None => wrong.push(format!("{}: hung up", attack.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
    assert!(memory() < before + MAX_GROWTH, "{} MiB more", (memory() - before) >> 20);

    let ids = async |path: &str| {
        let listed = account.get(path).await.expect(200).json();
        let ids = listed["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("/pools").await, ["p"], "nothing came of it");
    assert_eq!(ids("/jobs").await, ["j"]);
    assert_eq!(ids("/jobs/j/tasks").await, ["t"]);
    assert_eq!(exchange(address, &signed_get("/pools")).await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_goes_on_after_a_refused_request_with_a_body() {
    let (_account, address, _stop) = served().await;
    let target = versioned("/pools");
    let refused = Request::new("POST", &target).body(vec![b'x'; 300_000]).sign_with("c3RyYW5nZXI=").bytes();
    let refused = String::from_utf8(refused).unwrap().replace("connection: close\r\n", "");
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
    // Everything that is needed to refuse the request has come, and its body has not.
    tokio::time::sleep(Duration::from_millis(200)).await;
    stream.write_all(body.as_bytes()).await.unwrap();
    stream.write_all(&signed_get("/pools")).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    // The body of an answer has no line's end, so the next answer follows on the same line.
    let answers = answers.replace("HTTP/1.1 ", "\nHTTP/1.1 ");
    let statuses: Vec<&str> =
        answers.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)).collect();
    assert_eq!(statuses, ["403", "200"], "{answers}");
}
