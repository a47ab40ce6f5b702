//! Talking to registries: strangers, whose every answer has a limit.
//!
//! * [`Registry`] is the registry of one image, with the login to it.
//! * `connection` sends requests and reads answers: never more than a limit, and never for longer than a registry that means
//!   well needs.
//! * `login` answers challenges, `manifest` understands manifests, `answer` says what refusals mean.

mod answer;
mod connection;
mod login;
mod manifest;
mod session;

pub(super) use answer::reasons;
pub(super) use session::Registry;
