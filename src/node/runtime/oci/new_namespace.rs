//! Leaving a namespace for a new one.

use std::io;

use libcontainer::namespaces::Namespaces;
use libcontainer::oci_spec::runtime::{LinuxNamespace, LinuxNamespaceType};

/// Puts this process into a new namespace.
pub(super) fn enter_new(kind: LinuxNamespaceType) -> io::Result<()> {
    let mut namespace = LinuxNamespace::default();
    namespace.set_typ(kind);
    let none: Option<&Vec<LinuxNamespace>> = None;
    let namespaces = Namespaces::try_from(none).map_err(io::Error::other)?;
    namespaces.unshare_or_setns(&namespace).map_err(io::Error::other)
}
