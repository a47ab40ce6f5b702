//! Operations on pools.

use http::Method;

use crate::batch::model::{
    BatchPool, BatchPoolCreateOptions, BatchPoolResizeOptions, BatchPoolUpdateOptions,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operation::{Nothing, Operation, OperationSpec, Query};
use crate::batch::page::Page;
use crate::batch::{Conditions, PoolId};

/// Makes a pool. Its nodes are allocated afterwards.
#[derive(Debug, Clone)]
pub struct CreatePool {
    /// The pool.
    pub pool: BatchPoolCreateOptions,
}

impl Operation for CreatePool {
    const SPEC: OperationSpec =
        OperationSpec { name: "Pools_CreatePool", method: Method::POST, path: "/pools", success: 201 };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.pool).map(Some)
    }
}

/// Lists pools.
#[derive(Debug, Clone)]
pub struct ListPools {
    /// Filter, selection and page size.
    pub query: ListQuery,
}

impl Operation for ListPools {
    const SPEC: OperationSpec =
        OperationSpec { name: "Pools_ListPools", method: Method::GET, path: "/pools", success: 200 };
    type Output = Page<BatchPool>;

    fn path_parameters(&self) -> Vec<&str> {
        vec![]
    }

    fn query(&self) -> Query {
        self.query.parameters()
    }
}

/// Asks whether a pool exists: 200 or 404.
#[derive(Debug, Clone)]
pub struct PoolExists {
    /// The pool.
    pub pool_id: PoolId,
}

impl Operation for PoolExists {
    const SPEC: OperationSpec = OperationSpec {
        name: "Pools_PoolExists",
        method: Method::HEAD,
        path: "/pools/{poolId}",
        success: 200,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str()]
    }
}

/// Reads a pool.
#[derive(Debug, Clone)]
pub struct GetPool {
    /// The pool.
    pub pool_id: PoolId,
    /// The properties to return; empty means all.
    pub select: Select,
}

impl Operation for GetPool {
    const SPEC: OperationSpec =
        OperationSpec { name: "Pools_GetPool", method: Method::GET, path: "/pools/{poolId}", success: 200 };
    type Output = BatchPool;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str()]
    }

    fn query(&self) -> Query {
        self.select.parameters()
    }
}

/// Changes a pool; what the body leaves out stays as it is.
#[derive(Debug, Clone)]
pub struct UpdatePool {
    /// The pool.
    pub pool_id: PoolId,
    /// The changes.
    pub update: BatchPoolUpdateOptions,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for UpdatePool {
    const SPEC: OperationSpec = OperationSpec {
        name: "Pools_UpdatePool",
        method: Method::PATCH,
        path: "/pools/{poolId}",
        success: 200,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.update).map(Some)
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Deletes a pool. Its running tasks are put back in the queue; the pool is `deleting` until its nodes are gone.
#[derive(Debug, Clone)]
pub struct DeletePool {
    /// The pool.
    pub pool_id: PoolId,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for DeletePool {
    const SPEC: OperationSpec = OperationSpec {
        name: "Pools_DeletePool",
        method: Method::DELETE,
        path: "/pools/{poolId}",
        success: 202,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str()]
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Changes the number of nodes; only while the allocation is steady.
#[derive(Debug, Clone)]
pub struct ResizePool {
    /// The pool.
    pub pool_id: PoolId,
    /// The new size.
    pub resize: BatchPoolResizeOptions,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for ResizePool {
    const SPEC: OperationSpec = OperationSpec {
        name: "Pools_ResizePool",
        method: Method::POST,
        path: "/pools/{poolId}/resize",
        success: 202,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.resize).map(Some)
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Stops a resize; the nodes that are there stay.
#[derive(Debug, Clone)]
pub struct StopPoolResize {
    /// The pool.
    pub pool_id: PoolId,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for StopPoolResize {
    const SPEC: OperationSpec = OperationSpec {
        name: "Pools_StopPoolResize",
        method: Method::POST,
        path: "/pools/{poolId}/stopresize",
        success: 202,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.pool_id.as_str()]
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}
