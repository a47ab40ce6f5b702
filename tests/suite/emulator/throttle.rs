//! What clients meet that send too many requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use batchyard::batch::auth::SharedKey;
use batchyard::batch::odata::ListQuery;
use batchyard::batch::operations::ListPools;
use batchyard::client::{BatchClient, ClientOptions, Credential, HttpTransport};
use batchyard::clock::{Clock, ManualClock, SystemClock};
use batchyard::secret::Secret;
use futures::TryStreamExt as _;

use super::account::{Account, KEY, NAME};

#[tokio::test]
async fn requests_beyond_the_rate_are_told_when_to_come_back() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::throttled(clock.clone(), 3).await;
    for _ in 0..3 {
        account.get("/pools").await.expect(200);
    }
    let refused = account.get("/pools").await.refused(429, "TooManyRequests");
    assert_eq!(refused.header("retry-after"), "1");
    clock.advance(Duration::from_secs(1));
    account.get("/pools").await.expect(200);
}

#[tokio::test]
async fn strangers_take_nothing_of_the_rate() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::throttled(clock.clone(), 1).await;
    let date = batchyard::batch::DateTime(clock.now()).to_rfc1123();
    for _ in 0..5 {
        let headers = [("ocp-date", date.as_str())];
        let target = "/pools?api-version=2025-06-01";
        let stranger = account.send_signed("GET", target, &headers, None, "c3RyYW5nZXI=").await;
        stranger.refused(403, "AuthenticationFailed");
    }
    account.get("/pools").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_waits_and_comes_through() {
    let account = Account::throttled(Arc::new(SystemClock), 10).await;
    let key = SharedKey::new(NAME, &Secret::new(KEY)).unwrap();
    let transport = Some(HttpTransport::in_process(account.emulator.router()));
    let options = ClientOptions { transport, ..ClientOptions::default() };
    let client =
        BatchClient::new("http://localhost".parse().unwrap(), Credential::SharedKey(key), options).unwrap();
    let begin = Instant::now();
    let lists =
        (0..15).map(|_| client.list(ListPools { query: ListQuery::default() }).try_collect::<Vec<_>>());
    for pools in futures::future::join_all(lists).await {
        assert_eq!(pools.unwrap(), []);
    }
    assert!(begin.elapsed() >= Duration::from_millis(500), "{:?}", begin.elapsed());
}
