//! The variables by which the instances of a task find each other.

use crate::node::assignment::Instance;

/// The port of the primary's node that the service keeps for itself.
const MASTER_PORT: u16 = 6000;

/// How many cores a node says that it has: nodes share those of one machine.
const CORES: u32 = 1;

/// What an instance is told of all of them.
pub(in crate::node) fn variables(instance: &Instance) -> Vec<(&'static str, String)> {
    let addresses: Vec<String> = instance.hosts.iter().map(|host| host.address.to_string()).collect();
    let primary = addresses.first().map(|address| format!("{address}:{MASTER_PORT}")).unwrap_or_default();
    let cores: String = addresses.iter().map(|address| format!(" {address} {CORES}")).collect();
    vec![
        ("AZ_BATCH_HOST_LIST", addresses.join(",")),
        ("AZ_BATCH_NODE_LIST", addresses.join(";")),
        ("CCP_NODES", format!("{}{cores}", addresses.len())),
        ("AZ_BATCH_MASTER_NODE", primary),
        ("AZ_BATCH_IS_CURRENT_NODE_MASTER", instance.is_primary().to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::assignment::Host;

    #[test]
    fn instances_know_the_addresses_of_all_and_who_is_the_primary() {
        let host = |number: u8| Host {
            name: format!("node-{number}"),
            address: std::net::Ipv4Addr::new(10, 0, 0, number),
        };
        let mut instance = Instance { number: 0, hosts: vec![host(5), host(4)], ..Instance::default() };
        let primary = variables(&instance);
        assert_eq!(
            primary,
            [
                ("AZ_BATCH_HOST_LIST", "10.0.0.5,10.0.0.4".to_owned()),
                ("AZ_BATCH_NODE_LIST", "10.0.0.5;10.0.0.4".to_owned()),
                ("CCP_NODES", "2 10.0.0.5 1 10.0.0.4 1".to_owned()),
                ("AZ_BATCH_MASTER_NODE", "10.0.0.5:6000".to_owned()),
                ("AZ_BATCH_IS_CURRENT_NODE_MASTER", "true".to_owned()),
            ]
        );
        instance.number = 1;
        let subtask = variables(&instance);
        assert_eq!(subtask.last().unwrap().1, "false");
        assert_eq!(subtask[..4], primary[..4]);
    }
}
