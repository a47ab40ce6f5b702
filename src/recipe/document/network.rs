//! Networks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Entries, Field, Word};
use crate::batch::model::{
    DynamicVNetAssignmentScope, IPFamily, InboundEndpointProtocol, IpAddressProvisioningType,
    NetworkSecurityGroupRuleAccess,
};

/// The network of a pool.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["NetworkConfiguration"]))]
pub struct Network {
    /// ARM id of the subnet that the nodes join.
    #[schemars(
        regex(pattern = r"^/"),
        extend("patternErrorMessage" = "expected an ARM id that begins with /subscriptions/"),
        example = &"/subscriptions/…/virtualNetworks/hpc/subnets/nodes"
    )]
    pub subnet_id: Option<Field<String>>,
    /// Who decides which network a node joins.
    #[serde(rename(serialize = "dynamicVNetAssignmentScope"))]
    #[schemars(extend("default" = "none"))]
    pub dynamic_vnet_assignment_scope: Option<Field<Word<DynamicVNetAssignmentScope>>>,
    /// Ports of the nodes that can be reached from outside.
    #[serde(rename(serialize = "endpointConfiguration"))]
    pub endpoints: Option<Field<Endpoints>>,
    /// Public addresses of the nodes.
    #[serde(rename(serialize = "publicIPAddressConfiguration"))]
    pub public_ip_address: Option<Field<PublicIpAddress>>,
    /// Whether the nodes' network cards talk to the network directly.
    #[schemars(extend("default" = false))]
    pub enable_accelerated_networking: Option<Field<bool>>,
}

/// Ports of the nodes that can be reached from outside.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchPoolEndpointConfiguration"]))]
pub struct Endpoints {
    /// Ports by name; at most 5.
    #[serde(rename(serialize = "inboundNATPools"))]
    #[schemars(extend("maxProperties" = 5, "propertyNames" = {
        "pattern": "^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,75}[A-Za-z0-9_])?$",
        "patternErrorMessage": "a port's name has 1 to 77 letters, digits, hyphens, underscores and periods, begins with a letter or digit, and does not end with a hyphen or period",
    }))]
    pub inbound_nat_pools: Field<Entries<InboundNatPool>>,
}

/// A port of every node, and the range of ports outside that leads to it.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchInboundNatPool"]))]
pub struct InboundNatPool {
    /// The protocol.
    pub protocol: Field<Word<InboundEndpointProtocol>>,
    /// The port on the node. Batch keeps 22, 3389, 29876 and 29877 for itself.
    #[schemars(range(min = 1, max = 65535))]
    pub backend_port: Field<i32>,
    /// The first port outside; ports from 50000 to 55000 are reserved.
    #[schemars(range(min = 1, max = 65534))]
    pub frontend_port_range_start: Field<i32>,
    /// The last port outside; a range has at least 40 ports.
    #[schemars(range(min = 1, max = 65534))]
    pub frontend_port_range_end: Field<i32>,
    /// Who may come in; everybody if absent. At most 25 rules in a pool.
    pub network_security_group_rules: Option<Field<Vec<Field<SecurityRule>>>>,
}

/// Who may come in.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["NetworkSecurityGroupRule"]))]
pub struct SecurityRule {
    /// Rules with lower numbers come first; no two rules of a pool have the same.
    #[schemars(range(min = 150, max = 4096))]
    pub priority: Field<i32>,
    /// What happens to what the rule matches.
    pub access: Field<Word<NetworkSecurityGroupRuleAccess>>,
    /// An address, a range of addresses, a service tag, or `*` for all.
    #[schemars(length(min = 1), example = &"192.168.1.0/24", example = &"*")]
    pub source_address_prefix: Field<String>,
    /// Ports and ranges of ports; `*` if absent.
    #[schemars(example = ["22", "1000-2000"])]
    pub source_port_ranges: Option<Field<Vec<Field<String>>>>,
}

/// Public addresses of the nodes.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchPublicIpAddressConfiguration"]))]
pub struct PublicIpAddress {
    /// Who provides the addresses.
    #[schemars(extend("default" = "batch_managed"))]
    pub provision: Option<Field<Word<IpAddressProvisioningType>>>,
    /// The versions of the Internet protocol that the nodes have addresses of.
    pub ip_families: Option<Field<Vec<Field<Word<IPFamily>>>>>,
    /// ARM ids of the addresses, with `provision: user_managed`. One address serves 100 nodes of either kind.
    pub ip_address_ids: Option<Field<Vec<Field<String>>>>,
    /// Tags of the addresses.
    pub ip_tags: Option<Field<Vec<Field<IpTag>>>>,
}

/// A tag of a public address.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["IPTag"]))]
pub struct IpTag {
    /// The kind of tag.
    #[schemars(example = &"FirstPartyUsage")]
    pub ip_tag_type: Option<Field<String>>,
    /// Its value.
    #[schemars(example = &"SQL")]
    pub tag: Option<Field<String>>,
}

/// The network that nodes join while they run tasks of a job; for pools with `dynamic_vnet_assignment_scope: job`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchJobNetworkConfiguration"]))]
pub struct JobNetwork {
    /// ARM id of the subnet.
    #[schemars(
        regex(pattern = r"^/"),
        extend("patternErrorMessage" = "expected an ARM id that begins with /subscriptions/")
    )]
    pub subnet_id: Field<String>,
    /// Whether nodes stay in the network when the job ends.
    #[serde(rename(serialize = "skipWithdrawFromVNet"))]
    #[schemars(extend("default" = false))]
    pub skip_withdraw_from_vnet: Option<Field<bool>>,
}
