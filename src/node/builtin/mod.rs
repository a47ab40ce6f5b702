//! The built-in image `batchyard/hello`: this very program with the shared libraries it uses, as a container image.
//!
//! It lets the first recipe run in a real container on a machine that reaches no registry. [`archive`] puts it together in the
//! format of `docker save`, [`program`] is what runs inside. [`program_folder`] is the same program for containers of other images.

mod elf;
mod folder;
mod image;
mod libraries;
pub mod program;

pub use folder::{Launcher, program_folder};
pub use image::{BuiltinImageError, REFERENCE, archive, archive_of, is_builtin};
