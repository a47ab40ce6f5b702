//! Networks.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// Who decides which network a node joins.
    DynamicVNetAssignmentScope {
        /// The pool.
        None = "none",
        /// Each job; asks for a feature of the account that must be enabled by Azure's support.
        Job = "job",
    }
);

wire_enum!(
    /// A protocol of an endpoint.
    InboundEndpointProtocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
    }
);

wire_enum!(
    /// What a rule does with what it matches.
    NetworkSecurityGroupRuleAccess {
        /// Lets it in.
        Allow = "allow",
        /// Keeps it out.
        Deny = "deny",
    }
);

wire_enum!(
    /// Who provides public addresses.
    IpAddressProvisioningType {
        /// Batch, which makes and removes them.
        BatchManaged = "batchmanaged",
        /// The user, by id.
        UserManaged = "usermanaged",
        /// Nobody: the nodes have none.
        NoPublicIpAddresses = "nopublicipaddresses",
    }
);

wire_enum!(
    /// A version of the Internet protocol.
    IPFamily {
        /// Version 4.
        Ipv4 = "IPv4",
        /// Version 6.
        Ipv6 = "IPv6",
    }
);

/// The network of a pool.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkConfiguration {
    /// The ARM id of the subnet that the nodes join.
    pub subnet_id: Option<String>,
    /// Who decides which network a node joins; default `none`.
    #[serde(rename = "dynamicVNetAssignmentScope")]
    pub dynamic_vnet_assignment_scope: Option<DynamicVNetAssignmentScope>,
    /// Ports of the nodes that can be reached from outside.
    pub endpoint_configuration: Option<BatchPoolEndpointConfiguration>,
    /// Public addresses of the nodes.
    #[serde(rename = "publicIPAddressConfiguration")]
    pub public_ip_address_configuration: Option<BatchPublicIpAddressConfiguration>,
    /// Whether the nodes' network cards talk to the network directly.
    pub enable_accelerated_networking: Option<bool>,
}

/// Ports of the nodes that can be reached from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPoolEndpointConfiguration {
    /// At most 5 of them.
    #[serde(rename = "inboundNATPools")]
    pub inbound_nat_pools: Vec<BatchInboundNatPool>,
}

/// A port of every node, and the ports outside that lead to it.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchInboundNatPool {
    /// Its name in the pool.
    pub name: String,
    /// The protocol.
    pub protocol: InboundEndpointProtocol,
    /// The port on the node.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub backend_port: i32,
    /// The first port outside.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub frontend_port_range_start: i32,
    /// The last port outside.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub frontend_port_range_end: i32,
    /// Who may come in; at most 25 rules a pool.
    pub network_security_group_rules: Option<Vec<NetworkSecurityGroupRule>>,
}

/// Who may come in.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkSecurityGroupRule {
    /// 150 to 4096; lower numbers come first.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub priority: i32,
    /// What happens to what matches.
    pub access: NetworkSecurityGroupRuleAccess,
    /// An address, a range, a tag, or `*`.
    pub source_address_prefix: String,
    /// Ports and ranges; default `*`.
    pub source_port_ranges: Option<Vec<String>>,
}

/// Public addresses of the nodes of a pool.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPublicIpAddressConfiguration {
    /// Who provides them; default `batchmanaged`.
    pub provision: Option<IpAddressProvisioningType>,
    /// The versions of the Internet protocol.
    pub ip_families: Option<Vec<IPFamily>>,
    /// ARM ids of the addresses, where the user provides them.
    pub ip_address_ids: Option<Vec<String>>,
    /// Tags of the addresses.
    pub ip_tags: Option<Vec<IPTag>>,
}

/// A tag of a public address.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IPTag {
    /// The kind of tag.
    pub ip_tag_type: Option<String>,
    /// Its value.
    pub tag: Option<String>,
}

/// The network that nodes join while they run tasks of a job.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJobNetworkConfiguration {
    /// The ARM id of the subnet.
    pub subnet_id: String,
    /// Whether nodes stay in the network when the job ends.
    #[serde(rename = "skipWithdrawFromVNet")]
    pub skip_withdraw_from_vnet: Option<bool>,
}
