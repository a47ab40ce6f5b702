//! What a project file may have sent where. It may come with somebody else's repository, so what proves who the user is goes from
//! it to hosts of Azure and to this machine only.

use std::path::Path;

use url::Url;

use crate::loopback;

/// Whether it is Azure Batch, in any of the clouds.
pub(super) fn is_azure_batch(endpoint: &Url) -> bool {
    const AZURE: [&str; 4] =
        [".batch.azure.com", ".batch.azure.cn", ".batch.chinacloudapi.cn", ".batch.usgovcloudapi.net"];
    endpoint.domain().is_some_and(|name| AZURE.iter().any(|end| name.ends_with(end)))
}

/// Whether it is this machine, beyond doubt: what names below `localhost` lead to is for a resolver to say.
pub(super) fn is_loopback(endpoint: &Url) -> bool {
    loopback::is_loopback(endpoint) && endpoint.domain().is_none_or(|name| name == "localhost")
}

/// Whether a file lies in a folder, wherever links lead. What is not there lies nowhere.
pub(super) fn is_within(folder: &Path, file: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match (folder.canonicalize(), folder.join(file).canonicalize()) {
        (Ok(folder), Ok(file)) => file.starts_with(folder),
        _ => false,
    }
}

/// A text that should have been a URL, without the password that it may carry.
pub(super) fn without_password(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}
