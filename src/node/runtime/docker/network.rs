//! Private networks: a network of the engine for each.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkInspect};

use super::create::OWNER;
use super::engine_error;
use crate::node::runtime::{RuntimeError, Subnet};

/// How many ranges of addresses are tried for a network, each of which may be somebody else's.
const RANGES: u8 = 32;

/// Where the kernel lists the machine's routes.
const ROUTES: &str = "/proc/net/route";

/// The addresses of the network of that name, if the engine has it.
async fn find(engine: &Docker, network: &str) -> Result<Option<Subnet>, RuntimeError> {
    match engine.inspect_network(network, None).await {
        Ok(found) => subnet_of(&found).map(Some).ok_or_else(|| RuntimeError::Failed {
            action: format!("use the network {network}"),
            reason: "it was not made by this program, as its addresses show; remove it".to_owned(),
        }),
        Err(error) if engine_error::is_not_found(&error) => Ok(None),
        Err(error) => Err(engine_error::failed("inspect network", &error)),
    }
}

fn subnet_of(network: &NetworkInspect) -> Option<Subnet> {
    let ranges = network.ipam.as_ref()?.config.as_ref()?;
    ranges.iter().find_map(|range| range.subnet.as_ref()?.parse().ok())
}

/// Has a network of that name there. One at a time: older engines make two of the same name.
pub(super) async fn ensure(
    engine: &Docker,
    network: &str,
    wanted: Option<Subnet>,
) -> Result<Subnet, RuntimeError> {
    if let Some(subnet) = find(engine, network).await? {
        return Ok(subnet);
    }
    let routes = std::fs::read_to_string(ROUTES).unwrap_or_default();
    let candidates: Vec<Subnet> = match wanted {
        Some(subnet) => vec![subnet],
        None => (0..RANGES).map(|attempt| candidate(network, attempt)).collect(),
    };
    for subnet in candidates.iter().filter(|subnet| !is_routed(&routes, **subnet)) {
        match engine.create_network(request(network, *subnet)).await {
            Ok(_) => return Ok(*subnet),
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(engine_error::failed("create network", &error)),
        }
    }
    let ranges = match wanted {
        Some(subnet) => format!("{subnet} is in use by now; reboot the nodes of the pool"),
        None => format!("{RANGES} ranges of addresses below 10.0.0.0/8 are in use on this machine"),
    };
    Err(RuntimeError::Failed { action: format!("create the network {network}"), reason: ranges })
}

/// Removes a network. Fine if there is none.
pub(super) async fn remove(engine: &Docker, network: &str) -> Result<(), RuntimeError> {
    match engine.remove_network(network).await {
        Ok(()) => Ok(()),
        Err(error) if engine_error::is_not_found(&error) => Ok(()),
        Err(error) => Err(engine_error::failed("remove network", &error)),
    }
}

fn request(network: &str, subnet: Subnet) -> NetworkCreateRequest {
    let range = IpamConfig { subnet: Some(subnet.to_string()), ..IpamConfig::default() };
    NetworkCreateRequest {
        name: network.to_owned(),
        driver: Some("bridge".to_owned()),
        ipam: Some(Ipam { config: Some(vec![range]), ..Ipam::default() }),
        labels: Some(HashMap::from([(OWNER.to_owned(), network.to_owned())])),
        ..NetworkCreateRequest::default()
    }
}

/// The addresses that are tried at that attempt: always the same for a network, and others than most networks try.
fn candidate(network: &str, attempt: u8) -> Subnet {
    let hash = blake3::Hasher::new().update(network.as_bytes()).update(&[attempt]).finalize();
    let [second, third, ..] = *hash.as_bytes();
    // The lower ones are what people give to networks by hand.
    Subnet::new(second | 0x80, third)
}

/// Whether the engine has given these addresses to another network.
fn is_taken(error: &Error) -> bool {
    let text = engine_error::message(error).to_ascii_lowercase();
    ["overlap", "already used", "already in use"].iter().any(|words| text.contains(words))
}

/// Whether the machine reaches some of these addresses on a way of its own: the second column is the destination, the eighth its
/// mask, both with the first octet last.
fn is_routed(routes: &str, subnet: Subnet) -> bool {
    let (first, last) = subnet.range();
    routes.lines().skip(1).any(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let address = |column: usize| {
            let number = u32::from_str_radix(columns.get(column)?, 16).ok()?;
            Some(u32::from(Ipv4Addr::from(number.to_le_bytes())))
        };
        let (Some(destination), Some(mask)) = (address(1), address(7)) else { return false };
        // The default route leads everywhere and is in nobody's way.
        mask != 0 && destination <= u32::from(last) && (destination | !mask) >= u32::from(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_reaches_otherwise_is_left_alone() {
        let routes = "\
            Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
            eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n\
            tun0 0000C80A 00000000 0001 0 0 0 0000FFFF 0 0 0\n\
            br0 80074D0A 00000000 0001 0 0 0 80FFFFFF 0 0 0\n";
        assert!(is_routed(routes, Subnet::new(200, 7)), "10.200.0.0/16");
        assert!(is_routed(routes, Subnet::new(77, 7)), "10.77.7.128/25");
        assert!(!is_routed(routes, Subnet::new(77, 8)));
        assert!(!is_routed("", Subnet::new(200, 7)));
    }

    #[test]
    fn a_network_tries_the_same_addresses_each_time_and_others_than_its_neighbour() {
        let all = |network| (0..RANGES).map(|attempt| candidate(network, attempt)).collect::<Vec<_>>();
        assert_eq!(all("batchyard-p-1"), all("batchyard-p-1"));
        assert_ne!(all("batchyard-p-1"), all("batchyard-p-2"));
    }
}
