//! Names of the environment variables that the program reads. `settings` is the only module that reads them.

/// Folder of the local account's data; `--data` wins over it.
pub const BATCHYARD_DATA: &str = "BATCHYARD_DATA";
/// How much of the disk images of the `oci` runtime may take, as `50%` or `20GiB`; `emulator --image-disk` wins over it.
pub const BATCHYARD_IMAGE_DISK: &str = "BATCHYARD_IMAGE_DISK";
/// Folder of the application packages of the local account.
pub const BATCHYARD_APPLICATIONS: &str = "BATCHYARD_APPLICATIONS";
/// Account to use when `--account` is not given.
pub const BATCHYARD_ACCOUNT: &str = "BATCHYARD_ACCOUNT";
/// Version of the REST API that accounts elsewhere are asked in; `--api-version` wins over it.
pub const BATCHYARD_API_VERSION: &str = "BATCHYARD_API_VERSION";
/// Name of the Batch account, as `az batch` reads it.
pub const AZURE_BATCH_ACCOUNT: &str = "AZURE_BATCH_ACCOUNT";
/// Shared key of the Batch account, as `az batch` reads it.
pub const AZURE_BATCH_ACCESS_KEY: &str = "AZURE_BATCH_ACCESS_KEY";
/// Endpoint of the Batch account, as `az batch` reads it.
pub const AZURE_BATCH_ENDPOINT: &str = "AZURE_BATCH_ENDPOINT";
/// What proves to the account who asks: `shared_key`, `default`, `azure_cli` and others.
pub const BATCHYARD_CREDENTIAL: &str = "BATCHYARD_CREDENTIAL";
/// File of certificates that are trusted beside those that the machine trusts.
pub const BATCHYARD_CA_FILE: &str = "BATCHYARD_CA_FILE";
/// Which kinds of credentials are tried for a token, as `DefaultAzureCredential` reads it.
pub const AZURE_TOKEN_CREDENTIALS: &str = "AZURE_TOKEN_CREDENTIALS";
/// Where tokens are asked for, as the Azure SDKs read it.
pub const AZURE_AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";
/// Tenant of a service principal, as the Azure SDKs read it.
pub const AZURE_TENANT_ID: &str = "AZURE_TENANT_ID";
/// Service principal or user-assigned identity, as the Azure SDKs read it.
pub const AZURE_CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// Secret of a service principal, as the Azure SDKs read it.
pub const AZURE_CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
/// Certificate and key of a service principal, as the Azure SDKs read it.
pub const AZURE_CLIENT_CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
/// File with the token of a workload, as the Azure SDKs read it.
pub const AZURE_FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Where a machine's identity is to be had, where it is not a virtual machine, as the Azure SDKs read it.
pub const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
/// Prefix of the variables that set recipe parameters: `BATCHYARD_PARAM_<name>`.
pub const BATCHYARD_PARAM_PREFIX: &str = "BATCHYARD_PARAM_";
/// Address of the Docker engine, as the `docker` command reads it.
pub const DOCKER_HOST: &str = "DOCKER_HOST";
/// Where per-user state lives, from the XDG base directory specification.
pub const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
/// Where per-user configuration lives, from the XDG base directory specification.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// The user's name.
pub const USER: &str = "USER";
/// The user's name, where `USER` does not say it.
pub const LOGNAME: &str = "LOGNAME";
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
