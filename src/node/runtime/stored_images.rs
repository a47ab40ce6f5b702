//! Images that a runtime has on the machine.

use std::any::Any;

/// Keeps an image on the machine as long as it lives.
#[derive(Debug, Default)]
pub struct ImageHold {
    _reservation: Option<Box<dyn Held>>,
}

trait Held: Any + std::fmt::Debug + Send + Sync {}

impl<T: Any + std::fmt::Debug + Send + Sync> Held for T {}

impl ImageHold {
    /// Holds what `reservation` holds as long as that lives.
    pub(super) fn new(reservation: impl Any + std::fmt::Debug + Send + Sync) -> Self {
        Self { _reservation: Some(Box::new(reservation)) }
    }
}

/// How much the images take that a runtime keeps itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredImages {
    /// How many there are.
    pub images: usize,
    /// What they and their layers take, in bytes.
    pub bytes: u64,
    /// The most that they may take, in bytes.
    pub most: u64,
}
