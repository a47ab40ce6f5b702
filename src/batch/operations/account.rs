//! Operations on the account.

use http::Method;

use crate::batch::model::BatchSupportedImage;
use crate::batch::odata::ListQuery;
use crate::batch::operation::{Operation, OperationSpec, Query};
use crate::batch::page::Page;

/// Lists the virtual machine images that the service supports.
#[derive(Debug, Clone)]
pub struct ListSupportedImages {
    /// Filter, selection and page size.
    pub query: ListQuery,
}

impl Operation for ListSupportedImages {
    const SPEC: OperationSpec = OperationSpec {
        name: "Pools_ListSupportedImages",
        method: Method::GET,
        path: "/supportedimages",
        success: 200,
    };
    type Output = Page<BatchSupportedImage>;

    fn path_parameters(&self) -> Vec<&str> {
        vec![]
    }

    fn query(&self) -> Query {
        self.query.parameters()
    }
}
