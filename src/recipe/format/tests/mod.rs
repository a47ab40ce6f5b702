//! The layout of texts that people write, and of texts that nobody would.

mod generator;
mod layouts;
mod random;
