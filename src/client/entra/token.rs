//! A token for as long as it holds, and the next one in time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::error::EntraError;
use crate::clock::Clock;
use crate::secret::Secret;

/// How long before its end a token is replaced.
const EARLY: SignedDuration = SignedDuration::from_mins(5);

/// The pause after a replacement could not be had, while the old token still holds.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// A token.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) value: Secret,
    /// When it ends.
    pub(super) expires: Timestamp,
}

type Issue = dyn Fn() -> BoxFuture<'static, Result<Token, EntraError>> + Send + Sync;

/// Where tokens come from: each is used until shortly before its end, and one at a time is asked for.
pub(super) struct TokenSource {
    issue: Box<Issue>,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Held>>,
    asking: tokio::sync::Mutex<()>,
}

struct Held {
    token: Arc<Token>,
    /// From when on another one is asked for.
    replace: Timestamp,
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSource")
    }
}

impl TokenSource {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        issue: impl Fn() -> BoxFuture<'static, Result<Token, EntraError>> + Send + Sync + 'static,
    ) -> Self {
        Self { issue: Box::new(issue), clock, held: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// A token that holds now. While one is asked for, others wait for it, unless the old one still does.
    pub(super) async fn token(&self) -> Result<Arc<Token>, EntraError> {
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let _alone = match self.valid() {
            None => self.asking.lock().await,
            Some(token) => match self.asking.try_lock() {
                Ok(alone) => alone,
                Err(_) => return Ok(token),
            },
        };
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        match ((self.issue)().await, self.valid()) {
            (Ok(token), _) => Ok(self.hold(token)),
            (Err(error), Some(token)) => {
                tracing::warn!(%error, "a token could not be replaced in time; the old one still holds");
                self.try_again_later();
                Ok(token)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Lets go of a token that was refused, unless it was replaced meanwhile.
    pub(super) fn reject(&self, token: &Arc<Token>) {
        let mut held = self.held();
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(&held.token, token)) {
            *held = None;
        }
    }

    fn fresh(&self) -> Option<Arc<Token>> {
        let now = self.clock.now();
        self.held().as_ref().filter(|held| now < held.replace).map(|held| Arc::clone(&held.token))
    }

    fn valid(&self) -> Option<Arc<Token>> {
        let now = self.clock.now();
        self.held().as_ref().filter(|held| now < held.token.expires).map(|held| Arc::clone(&held.token))
    }

    fn hold(&self, token: Token) -> Arc<Token> {
        let token = Arc::new(token);
        let life = token.expires.duration_since(self.clock.now());
        // One that holds for minutes only is used for half of its time.
        let replace = token.expires - EARLY.min(life / 2);
        *self.held() = Some(Held { token: Arc::clone(&token), replace });
        token
    }

    fn try_again_later(&self) {
        let later = self.clock.now() + PAUSE;
        if let Some(held) = self.held().as_mut() {
            held.replace = later.min(held.token.expires);
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::FutureExt as _;

    use super::super::error::Attempt;
    use super::super::options::EntraKind;
    use super::*;
    use crate::clock::ManualClock;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    struct Issuer {
        source: TokenSource,
        clock: Arc<ManualClock>,
        issued: Arc<AtomicUsize>,
        broken: Arc<Mutex<bool>>,
    }

    fn issuer() -> Issuer {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let (issued, broken) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(false)));
        let issue = {
            let (clock, issued, broken) = (clock.clone(), issued.clone(), broken.clone());
            move || {
                let (now, issued, broken) = (clock.now(), issued.clone(), *broken.lock().unwrap());
                async move {
                    // Others get their turn.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let number = issued.fetch_add(1, Ordering::SeqCst);
                    match broken {
                        true => Err(EntraError(vec![Attempt::failed(EntraKind::AzureCli, "no")])),
                        false => Ok(Token { value: Secret::new(format!("t{number}")), expires: now + HOUR }),
                    }
                }
                .boxed()
            }
        };
        Issuer { source: TokenSource::new(clock.clone(), issue), clock, issued, broken }
    }

    impl Issuer {
        async fn token(&self) -> String {
            self.source.token().await.unwrap().value.expose().to_owned()
        }

        fn pass(&self, minutes: u64) {
            self.clock.advance(Duration::from_secs(60 * minutes));
        }
    }

    #[tokio::test]
    async fn a_token_is_used_until_shortly_before_its_end() {
        let issuer = issuer();
        assert_eq!(issuer.token().await, "t0");
        issuer.pass(54);
        assert_eq!(issuer.token().await, "t0");
        issuer.pass(2);
        assert_eq!(issuer.token().await, "t1");
    }

    #[tokio::test]
    async fn many_that_need_a_token_ask_for_one() {
        let issuer = issuer();
        let tokens = futures::future::join_all((0..50).map(|_| issuer.token())).await;
        assert!(tokens.iter().all(|token| token == "t0"), "{tokens:?}");
        assert_eq!(issuer.issued.load(Ordering::SeqCst), 1);
        issuer.pass(56);
        let tokens = futures::future::join_all((0..50).map(|_| issuer.token())).await;
        assert_eq!(issuer.issued.load(Ordering::SeqCst), 2);
        let old = tokens.iter().filter(|token| *token == "t0").count();
        assert_eq!(old, 49, "nobody waits for a new one while the old one holds");
    }

    #[tokio::test]
    async fn an_old_token_serves_to_its_end_when_there_is_no_new_one() {
        let issuer = issuer();
        assert_eq!(issuer.token().await, "t0");
        *issuer.broken.lock().unwrap() = true;
        issuer.pass(56);
        assert_eq!((issuer.token().await, issuer.token().await), ("t0".to_owned(), "t0".to_owned()));
        assert_eq!(issuer.issued.load(Ordering::SeqCst), 2, "it is not asked again at once");
        issuer.pass(5);
        assert!(issuer.source.token().await.is_err());
    }

    #[tokio::test]
    async fn a_token_that_was_refused_is_not_used_again() {
        let issuer = issuer();
        let token = issuer.source.token().await.unwrap();
        issuer.source.reject(&token);
        assert_eq!(issuer.token().await, "t1");
        issuer.source.reject(&token);
        assert_eq!(issuer.token().await, "t1", "another one than the refused is kept");
    }
}
