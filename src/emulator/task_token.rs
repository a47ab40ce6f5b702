//! The tokens that tasks get to reach their own job.
//!
//! A token is a random text that only the task has: the account keeps a digest of it, for as long as the task runs.

use uuid::Uuid;

use crate::secret::Secret;

/// How all tokens of tasks begin, so that they are told from those of Microsoft Entra.
const PREFIX: &str = "batchyard-task.";

/// A token that nobody has yet, and nobody guesses.
pub(crate) fn new_token() -> Secret {
    Secret::new(format!("{PREFIX}{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
}

/// By what a token is known again; `None` for what is not a task's.
pub(crate) fn digest(token: &str) -> Option<String> {
    token.starts_with(PREFIX).then(|| blake3::hash(token.as_bytes()).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_alike_and_no_digest_tells_its_token() {
        let (one, other) = (new_token(), new_token());
        let known = digest(one.expose()).unwrap();
        assert_ne!(digest(other.expose()).unwrap(), known);
        assert_eq!(digest(one.expose()).unwrap(), known);
        let random = one.expose().strip_prefix(PREFIX).unwrap();
        assert_eq!(random.len(), 64);
        assert!(!known.contains(random.get(..16).unwrap()));
        assert_eq!(digest("eyJhbGciOiJSUzI1NiJ9.e30.x"), None);
    }
}
