//! Random numbers that are the same in every run and on every machine.

mod distribution;
mod stream;

pub(super) use distribution::{Distribution, Draw};
pub(super) use stream::RandomStream;
