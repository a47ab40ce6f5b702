//! Why a client can't be made.

/// Why a client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The endpoint is not a URL of a Batch account.
    #[error(
        "`{endpoint}` can't be the endpoint of a Batch account: {reason}; it looks like `https://<account>.<region>.batch.azure.com`"
    )]
    Endpoint {
        /// The URL.
        endpoint: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Tokens would cross the network in the clear.
    #[error(
        "tokens of Microsoft Entra are not sent to {endpoint}: without TLS, everybody on the way could use them"
    )]
    TokenInTheClear {
        /// The URL.
        endpoint: String,
    },
    /// What says where tokens are asked for is no such place.
    #[error(
        "AZURE_AUTHORITY_HOST is no https URL: {reason}; it looks like `https://login.microsoftonline.com`"
    )]
    Authority {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The network can't be used.
    #[error("could not set up HTTP and TLS")]
    Network {
        /// Why.
        source: reqwest::Error,
    },
}
