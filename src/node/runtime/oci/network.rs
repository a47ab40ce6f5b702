//! The networks of containers: none but loopback, or a place in a private network.
//!
//! A private network is a bridge in a network namespace of its own, from which a pair of virtual devices leads into each
//! container's namespace. Nothing of it is the machine's: no route, no device and no firewall rule of the machine is touched or in
//! its way, and every pool may use the same addresses. Nobody has to remove it either. The supervisor of each container in it
//! holds its namespace open, the next one finds it through them, and with the last one the kernel lets go of all.
//!
//! ```text
//! networks/<name>/lock             held while a container comes in
//! networks/<name>/<supervisor>     the descriptor that holds the namespace, and the namespace's number
//! ```

use std::fs::{self, File};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use libcontainer::oci_spec::runtime::LinuxNamespaceType;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde::{Deserialize, Serialize};

use super::links::Links;
use super::new_namespace::enter_new;
use crate::node::runtime::Subnet;

/// The bridge of a private network.
const BRIDGE: &str = "pool";
/// A container's device in it.
const DEVICE: &str = "eth0";
const LOOPBACK: &str = "lo";
const LOCK: &str = "lock";
const OWN_NETWORK: &str = "/proc/self/ns/net";

/// The place of a container in a private network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The network's folder.
    pub(super) folder: PathBuf,
    /// The container's address.
    pub(super) address: Ipv4Addr,
}

/// Keeps a private network in being, as long as this lives.
#[derive(Debug)]
pub(super) struct Membership {
    _network: OwnedFd,
    entry: PathBuf,
}

impl Drop for Membership {
    fn drop(&mut self) {
        // One that stays behind is removed by the next supervisor that looks for the network.
        let _ = fs::remove_file(&self.entry);
    }
}

/// Gives this process, and so the container, a network with nothing but loopback.
pub(super) fn isolate() -> io::Result<()> {
    enter_new(LinuxNamespaceType::Network)?;
    let mut links = Links::open()?;
    let loopback = links.index(LOOPBACK)?;
    links.set_up(loopback)
}

/// Gives this process, and so the container, its place in a private network, which is made if nobody is in it.
pub(super) fn join(place: &Place) -> io::Result<Membership> {
    fs::create_dir_all(&place.folder)?;
    let lock = File::options().create(true).append(true).open(place.folder.join(LOCK))?;
    // Held until this returns.
    lock.lock()?;
    let network = match find(&place.folder)? {
        Some(network) => {
            enter(&network)?;
            network
        }
        None => make()?,
    };
    isolate()?;
    let own = own_network()?;

    enter(&network)?;
    let mut links = Links::open()?;
    let bridge = links.index(BRIDGE)?;
    // No two supervisors have one number.
    links.add_pair(&format!("c{}", std::process::id()), bridge, DEVICE, &own)?;

    enter(&own)?;
    let mut links = Links::open()?;
    let device = links.index(DEVICE)?;
    links.add_address(device, place.address, Subnet::of(place.address).prefix())?;
    links.set_up(device)?;
    sign(&place.folder, network)
}

/// The number of a namespace, which no two have at the same time.
fn number(namespace: &File) -> io::Result<u64> {
    Ok(namespace.metadata()?.ino())
}

/// The supervisors of the containers in the network with that folder.
pub(super) fn members(folder: &Path) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let supervisors = entries.filter_map(|entry| supervisor_of(&entry.path()));
    supervisors.filter(|supervisor| held_by(folder, *supervisor).is_some()).collect()
}

/// The supervisor that an entry of a network's folder is about.
fn supervisor_of(entry: &Path) -> Option<u32> {
    entry.file_name()?.to_str()?.parse().ok()
}

/// The namespace of the network, if that supervisor still holds it.
fn held_by(folder: &Path, supervisor: u32) -> Option<OwnedFd> {
    let text = fs::read_to_string(folder.join(supervisor.to_string())).ok()?;
    let (descriptor, expected) = text.split_once(' ')?;
    let namespace = File::open(format!("/proc/{supervisor}/fd/{descriptor}")).ok()?;
    (number(&namespace).ok()?.to_string() == expected).then(|| namespace.into())
}

/// The namespace of the network, through whoever holds it.
fn find(folder: &Path) -> io::Result<Option<OwnedFd>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(supervisor) = supervisor_of(&path) else { continue };
        match held_by(folder, supervisor) {
            Some(namespace) => return Ok(Some(namespace)),
            // Its supervisor is gone, and the number may be somebody else's by now.
            None => fs::remove_file(&path)?,
        }
    }
    Ok(None)
}

/// Makes a network and enters it.
fn make() -> io::Result<OwnedFd> {
    isolate()?;
    let mut links = Links::open()?;
    links.add_bridge(BRIDGE)?;
    let bridge = links.index(BRIDGE)?;
    links.set_up(bridge)?;
    own_network()
}

/// Notes that this process holds the network.
fn sign(folder: &Path, network: OwnedFd) -> io::Result<Membership> {
    let namespace = File::from(network);
    let entry = folder.join(std::process::id().to_string());
    fs::write(&entry, format!("{} {}", namespace.as_raw_fd(), number(&namespace)?))?;
    Ok(Membership { _network: namespace.into(), entry })
}

/// The network that this process is in.
fn own_network() -> io::Result<OwnedFd> {
    Ok(File::open(OWN_NETWORK)?.into())
}

fn enter(network: &OwnedFd) -> io::Result<()> {
    Ok(move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?)
}
