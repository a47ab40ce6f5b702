//! Trying again what a runtime could not do just now.

use std::time::Duration;

use tokio::time::Instant;

use crate::node::failure::Interruption;
use crate::node::run::Watch;
use crate::node::runtime::RuntimeError;

/// How often something is tried that the engine failed at, though it answers.
const TRIES: u32 = 4;
/// How long an engine may be away, being restarted.
const ENGINE_AWAY: Duration = if cfg!(test) { Duration::from_secs(1) } else { Duration::from_secs(60) };
/// The pause before the second try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Does something with a runtime, again and again as long as what hinders it may pass: a loaded engine refuses one start and takes
/// the next, and one that is being restarted is back soon. In the end the last error is the answer.
///
/// # Errors
/// The interruption that ended the run meanwhile.
pub(super) async fn patiently<T, A>(
    watch: &Watch<'_>,
    mut attempt: impl FnMut() -> A,
) -> Result<Result<T, RuntimeError>, Interruption>
where
    A: Future<Output = Result<T, RuntimeError>>,
{
    let mut away_since = None;
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let error = match attempt().await {
            Err(error) => error,
            done => return Ok(done),
        };
        let may_pass = match &error {
            RuntimeError::Unavailable { .. } => {
                away_since.get_or_insert_with(Instant::now).elapsed() + pause <= ENGINE_AWAY
            }
            RuntimeError::Passing(_) => tries < TRIES,
            _ => false,
        };
        if !may_pass {
            return Ok(Err(error));
        }
        tracing::info!(%error, tries, "the container runtime failed; trying again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            why = watch.interrupted() => return Err(why),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        tries += 1;
    }
}
