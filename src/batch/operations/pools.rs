//! Operations on pools.

use super::declare::operations;
use crate::batch::model::{
    AutoScaleRun, BatchNodeRemoveOptions, BatchPool, BatchPoolCreateOptions, BatchPoolEnableAutoScaleOptions,
    BatchPoolEvaluateAutoScaleOptions, BatchPoolNodeCounts, BatchPoolReplaceOptions, BatchPoolResizeOptions,
    BatchPoolUpdateOptions, BatchPoolUsageMetrics, BatchSupportedImage, UsagePeriod,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::page::Page;
use crate::batch::{Conditions, PoolId};

operations! {
    Pools:

    /// Makes a pool. Its nodes are allocated afterwards.
    CreatePool: POST "/pools" => 201 {
        /// The pool.
        body pool: BatchPoolCreateOptions,
    }

    /// Lists pools.
    ListPools: GET "/pools" => 200 Page<BatchPool> {
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Asks whether a pool exists: 200 or 404.
    PoolExists: HEAD "/pools/{poolId}" => 200 {
        /// The pool.
        path pool_id: PoolId,
    }

    /// Reads a pool.
    GetPool: GET "/pools/{poolId}" => 200 BatchPool {
        /// The pool.
        path pool_id: PoolId,
        /// The properties to return; empty means all.
        query select: Select,
    }

    /// Changes a pool; what the body leaves out stays as it is.
    UpdatePool: PATCH "/pools/{poolId}" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The changes.
        body update: BatchPoolUpdateOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Replaces start task, application packages and metadata of a pool; what the body leaves out is removed.
    ReplacePoolProperties: POST "/pools/{poolId}/updateproperties" => 204 {
        /// The pool.
        path pool_id: PoolId,
        /// What it has from now on.
        body properties: BatchPoolReplaceOptions,
    }

    /// Deletes a pool. Its running tasks are put back in the queue; the pool is `deleting` until its nodes are gone.
    DeletePool: DELETE "/pools/{poolId}" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Changes the number of nodes; only while the allocation is steady.
    ResizePool: POST "/pools/{poolId}/resize" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// The new size.
        body resize: BatchPoolResizeOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Stops a resize; the nodes that are there stay.
    StopPoolResize: POST "/pools/{poolId}/stopresize" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Removes nodes by name, up to 100; only while the allocation is steady.
    RemoveNodes: POST "/pools/{poolId}/removenodes" => 202 {
        /// The pool.
        path pool_id: PoolId,
        /// Which nodes, and what happens to their tasks.
        body remove: BatchNodeRemoveOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Lets a formula set the number of nodes.
    EnablePoolAutoScale: POST "/pools/{poolId}/enableautoscale" => 200 {
        /// The pool.
        path pool_id: PoolId,
        /// The formula, and how often it is evaluated.
        body enable: BatchPoolEnableAutoScaleOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Leaves the number of nodes as it is from now on.
    DisablePoolAutoScale: POST "/pools/{poolId}/disableautoscale" => 200 {
        /// The pool.
        path pool_id: PoolId,
    }

    /// Evaluates a formula without acting on it; only while the pool has one.
    EvaluatePoolAutoScale: POST "/pools/{poolId}/evaluateautoscale" => 200 AutoScaleRun {
        /// The pool.
        path pool_id: PoolId,
        /// The formula.
        body evaluate: BatchPoolEvaluateAutoScaleOptions,
    }

    /// Counts the nodes of each pool by state.
    ListPoolNodeCounts: GET "/nodecounts" => 200 Page<BatchPoolNodeCounts> {
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Lists how many core hours each pool used, by periods.
    ListPoolUsageMetrics: GET "/poolusagemetrics" => 200 Page<BatchPoolUsageMetrics> {
        /// From when to when; absent means the period before the present one.
        query period: UsagePeriod,
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Lists the virtual machine images that the service supports.
    ListSupportedImages: GET "/supportedimages" => 200 Page<BatchSupportedImage> {
        /// Filter, selection and page size.
        query query: ListQuery,
    }
}
