//! Network devices of the namespace that this process is in, by the kernel's netlink.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd as _, OwnedFd};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_ROUTE;

/// Longer than any answer about one device.
const ANSWER: usize = 64 * 1024;

/// The devices of one network namespace: that in which it was opened.
pub(super) struct Links(Socket);

impl Links {
    /// The devices of the namespace that this process is in now.
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        Ok(Self(socket))
    }

    /// The number of the device of that name.
    pub(super) fn index(&mut self, name: &str) -> io::Result<u32> {
        let mut link = LinkMessage::default();
        link.attributes.push(LinkAttribute::IfName(name.to_owned()));
        let answer = self.ask(RouteNetlinkMessage::GetLink(link), 0).map_err(about(name))?;
        match answer {
            Some(RouteNetlinkMessage::NewLink(found)) => Ok(found.header.index),
            other => Err(io::Error::other(format!("the kernel answered {other:?} about the device {name}"))),
        }
    }

    /// Switches a device on.
    pub(super) fn set_up(&mut self, index: u32) -> io::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.header.flags |= LinkFlags::Up;
        link.header.change_mask |= LinkFlags::Up;
        self.ask(RouteNetlinkMessage::SetLink(link), NLM_F_ACK).map(drop)
    }

    /// Makes a bridge.
    pub(super) fn add_bridge(&mut self, name: &str) -> io::Result<()> {
        let mut bridge = LinkMessage::default();
        bridge.attributes.push(LinkAttribute::IfName(name.to_owned()));
        bridge.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]));
        self.make(RouteNetlinkMessage::NewLink(bridge)).map_err(about(name))
    }

    /// Makes a pair of devices: `name` here, switched on and part of `bridge`, and `peer` in another namespace.
    pub(super) fn add_pair(
        &mut self,
        name: &str,
        bridge: u32,
        peer: &str,
        namespace: &OwnedFd,
    ) -> io::Result<()> {
        let mut other = LinkMessage::default();
        other.attributes.push(LinkAttribute::IfName(peer.to_owned()));
        other.attributes.push(LinkAttribute::NetNsFd(namespace.as_raw_fd()));

        let mut link = LinkMessage::default();
        link.header.flags |= LinkFlags::Up;
        link.header.change_mask |= LinkFlags::Up;
        link.attributes.push(LinkAttribute::IfName(name.to_owned()));
        link.attributes.push(LinkAttribute::Controller(bridge));
        link.attributes.push(LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(other))),
        ]));
        self.make(RouteNetlinkMessage::NewLink(link)).map_err(about(name))
    }

    /// Gives a device an address of which `prefix` bits name the network.
    pub(super) fn add_address(&mut self, index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.index = index;
        message.header.prefix_len = prefix;
        message.attributes.push(AddressAttribute::Address(IpAddr::V4(address)));
        message.attributes.push(AddressAttribute::Local(IpAddr::V4(address)));
        self.make(RouteNetlinkMessage::NewAddress(message))
    }

    fn make(&mut self, message: RouteNetlinkMessage) -> io::Result<()> {
        self.ask(message, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL).map(drop)
    }

    /// Sends a request and waits for its answer: a message, or nothing but that it was done.
    fn ask(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Option<RouteNetlinkMessage>> {
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | flags;
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.0.send(&bytes, 0)?;

        let mut bytes = vec![0; ANSWER];
        let length = self.0.recv(&mut bytes.as_mut_slice(), 0)?;
        let answer =
            NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes.get(..length).unwrap_or_default());
        match answer.map_err(io::Error::other)?.payload {
            NetlinkPayload::InnerMessage(message) => Ok(Some(message)),
            NetlinkPayload::Error(answer) if answer.code.is_none() => Ok(None),
            NetlinkPayload::Error(error) => Err(error.to_io()),
            other => Err(io::Error::other(format!("the kernel answered {other:?}"))),
        }
    }
}

fn about(device: &str) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("the network device {device}: {error}"))
}
