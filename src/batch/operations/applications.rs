//! Operations on application packages. The data plane only reads them; they are made in Azure Resource Manager.

use super::declare::operations;
use crate::batch::model::BatchApplication;
use crate::batch::odata::ListQuery;
use crate::batch::page::Page;

operations! {
    Applications:

    /// Lists the applications of the account.
    ListApplications: GET "/applications" => 200 Page<BatchApplication> {
        /// Page size.
        query query: ListQuery,
    }

    /// Reads an application.
    GetApplication: GET "/applications/{applicationId}" => 200 BatchApplication {
        /// The application's id.
        path application_id: String,
    }
}
