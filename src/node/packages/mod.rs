//! Application packages: zip archives that nodes unpack for tasks.
//!
//! An account has them in a folder ([`Applications`]). `install` brings one to a node, `unpack` takes it apart however hostile it is,
//! and `variables` tells tasks where it is.

mod applications;
mod install;
mod unpack;
mod variables;

pub use applications::{Application, Applications, UnknownPackage};
pub use install::InstalledPackage;
pub(super) use install::{PackageError, find, install};
pub(super) use variables::variables;
