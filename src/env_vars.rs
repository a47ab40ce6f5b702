//! Names of the environment variables that the program reads. `settings` is the only module that reads them.

/// Folder of the local account's data; `--data` wins over it.
pub const BATCHYARD_DATA: &str = "BATCHYARD_DATA";
/// Account to use when `--account` is not given.
pub const BATCHYARD_ACCOUNT: &str = "BATCHYARD_ACCOUNT";
/// Name of the Batch account, as `az batch` reads it.
pub const AZURE_BATCH_ACCOUNT: &str = "AZURE_BATCH_ACCOUNT";
/// Shared key of the Batch account, as `az batch` reads it.
pub const AZURE_BATCH_ACCESS_KEY: &str = "AZURE_BATCH_ACCESS_KEY";
/// Endpoint of the Batch account, as `az batch` reads it.
pub const AZURE_BATCH_ENDPOINT: &str = "AZURE_BATCH_ENDPOINT";
/// Prefix of the variables that set recipe parameters: `BATCHYARD_PARAM_<name>`.
pub const BATCHYARD_PARAM_PREFIX: &str = "BATCHYARD_PARAM_";
/// Address of the Docker engine, as the `docker` command reads it.
pub const DOCKER_HOST: &str = "DOCKER_HOST";
/// Where per-user state lives, from the XDG base directory specification.
pub const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
/// Where per-user configuration lives, from the XDG base directory specification.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// The user's home folder.
pub const HOME: &str = "HOME";
/// Filter of the diagnostic log, for example `batchyard=debug`.
pub const BATCHYARD_LOG: &str = "BATCHYARD_LOG";
/// Name of the account of Azure Storage, as `az storage` reads it.
pub const AZURE_STORAGE_ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";
/// Key of the account of Azure Storage, as `az storage` reads it.
pub const AZURE_STORAGE_KEY: &str = "AZURE_STORAGE_KEY";
/// Shared access signature for Azure Storage, as `az storage` reads it.
pub const AZURE_STORAGE_SAS_TOKEN: &str = "AZURE_STORAGE_SAS_TOKEN";
/// Connection string of the account of Azure Storage, as `az storage` reads it.
pub const AZURE_STORAGE_CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
/// Blob endpoint of the account of Azure Storage where it has a domain of its own, as `az storage` reads it.
pub const AZURE_STORAGE_SERVICE_ENDPOINT: &str = "AZURE_STORAGE_SERVICE_ENDPOINT";
