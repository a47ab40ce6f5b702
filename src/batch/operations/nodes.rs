//! Operations on compute nodes.

use http::Method;

use crate::batch::model::BatchNode;
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operation::{Operation, OperationSpec, Query};
use crate::batch::page::Page;
use crate::batch::{NodeId, PoolId};

/// Lists the nodes of a pool.
#[derive(Debug, Clone)]
pub struct ListNodes {
    /// The pool.
    pub pool_id: PoolId,
    /// Filter, selection and page size.
    pub query: ListQuery,
}

impl Operation for ListNodes {
    const SPEC: OperationSpec = OperationSpec {
        name: "Nodes_ListNodes",
        method: Method::GET,
        path: "/pools/{poolId}/nodes",
        success: 200,
    };
    type Output = Page<BatchNode>;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str()]
    }

    fn query(&self) -> Query {
        self.query.parameters()
    }
}

/// Reads a node.
#[derive(Debug, Clone)]
pub struct GetNode {
    /// The pool.
    pub pool_id: PoolId,
    /// The node.
    pub node_id: NodeId,
    /// The properties to return; empty means all.
    pub select: Select,
}

impl Operation for GetNode {
    const SPEC: OperationSpec = OperationSpec {
        name: "Nodes_GetNode",
        method: Method::GET,
        path: "/pools/{poolId}/nodes/{nodeId}",
        success: 200,
    };
    type Output = BatchNode;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str(), self.node_id.as_str()]
    }

    fn query(&self) -> Query {
        self.select.parameters()
    }
}
