//! The private network of a pool, in which its nodes have addresses and names of their own.

use std::net::Ipv4Addr;

/// How many bits of an address name the network: a network has room for as many nodes as a pool may have that communicate.
const PREFIX: u8 = 24;

/// The first address that a node gets; those before are the network's own, as in Azure.
const FIRST: u8 = 4;

/// How many nodes have room in a network.
pub const SEATS: u8 = 250;

/// The addresses of a private network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet([u8; 3]);

impl Subnet {
    /// The network `10.<second>.<third>.0/24`.
    pub fn new(second: u8, third: u8) -> Self {
        Self([10, second, third])
    }

    /// The network that an address is in.
    pub fn of(address: Ipv4Addr) -> Self {
        let [first, second, third, _] = address.octets();
        Self([first, second, third])
    }

    /// The address of the node in that seat, of [`SEATS`]; `None` if there is no such seat.
    pub fn seat(self, seat: u8) -> Option<Ipv4Addr> {
        let Self([first, second, third]) = self;
        let last = FIRST.checked_add(seat).filter(|_| seat < SEATS)?;
        Some(Ipv4Addr::new(first, second, third, last))
    }

    /// How many bits of an address name the network.
    pub fn prefix(self) -> u8 {
        PREFIX
    }

    /// The first address and the last.
    pub fn range(self) -> (Ipv4Addr, Ipv4Addr) {
        let Self([first, second, third]) = self;
        (Ipv4Addr::new(first, second, third, 0), Ipv4Addr::new(first, second, third, u8::MAX))
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{PREFIX}", self.range().0)
    }
}

impl std::str::FromStr for Subnet {
    type Err = ();

    /// Reads `10.1.2.0/24`; of another size it is none of ours.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (base, prefix) = text.split_once('/').ok_or(())?;
        let base: Ipv4Addr = base.parse().map_err(|_| ())?;
        let subnet = Self::of(base);
        if prefix == PREFIX.to_string() && subnet.range().0 == base { Ok(subnet) } else { Err(()) }
    }
}

/// The place of a container in a private network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPlace {
    /// The network's name, unique on this machine.
    pub network: String,
    /// The container's address in it.
    pub address: Ipv4Addr,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_follow_the_addresses_that_are_the_networks_own() {
        let subnet: Subnet = "10.20.30.0/24".parse().unwrap();
        assert_eq!(subnet, Subnet::new(20, 30));
        assert_eq!(subnet.seat(0), Some(Ipv4Addr::new(10, 20, 30, 4)));
        assert_eq!(subnet.seat(SEATS - 1), Some(Ipv4Addr::new(10, 20, 30, 253)));
        assert_eq!(subnet.seat(SEATS), None);
        assert_eq!(Subnet::of(subnet.seat(7).unwrap()), subnet);
        assert_eq!(subnet.to_string(), "10.20.30.0/24");
        for other in ["10.20.30.0/16", "10.20.30.4/24", "10.20.30.0", "fd00::/64"] {
            assert!(other.parse::<Subnet>().is_err(), "{other}");
        }
    }
}
