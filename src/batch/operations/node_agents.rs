//! The list of node agents, which that of images has replaced.

use super::declare::operations;
use crate::batch::model::BatchNodeAgentSku;
use crate::batch::odata::ListQuery;
use crate::batch::page::Page;

operations! {
    Account until V2018_12_01:

    /// Lists the node agents, each with the images that it was verified with.
    ListNodeAgentSkus as "Account_ListNodeAgentSkus": GET "/nodeagentskus" => 200 Page<BatchNodeAgentSku> {
        /// Filter and page size.
        query query: ListQuery,
    }
}
