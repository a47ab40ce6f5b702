//! The clouds of Azure: who issues tokens there, and for whom Batch's are.

use azure_core::http::Url;

/// A cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cloud {
    /// Where tokens are asked for.
    pub(super) authority: &'static str,
    /// The resource id of Batch.
    audience: &'static str,
}

const PUBLIC: Cloud =
    Cloud { authority: "https://login.microsoftonline.com", audience: "https://batch.core.windows.net/" };
const US_GOVERNMENT: Cloud = Cloud {
    authority: "https://login.microsoftonline.us",
    audience: "https://batch.core.usgovcloudapi.net/",
};
const CHINA: Cloud =
    Cloud { authority: "https://login.chinacloudapi.cn", audience: "https://batch.chinacloudapi.cn/" };

impl Cloud {
    /// The cloud that an account with this URL is in; the public one, if its name tells nothing.
    pub(super) fn of_endpoint(endpoint: &Url) -> Self {
        let host = endpoint.host_str().unwrap_or_default();
        match host {
            _ if host.ends_with(".usgovcloudapi.net") => US_GOVERNMENT,
            _ if host.ends_with(".azure.cn") || host.ends_with(".chinacloudapi.cn") => CHINA,
            _ => PUBLIC,
        }
    }

    /// What a token is asked for. The resource ids end with a slash, and the scope keeps it.
    pub(super) fn scope(self) -> String {
        format!("{}/.default", self.audience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_account_tells_its_cloud() {
        for (endpoint, authority, scope) in [
            (
                "https://a.westeurope.batch.azure.com",
                "https://login.microsoftonline.com",
                "https://batch.core.windows.net//.default",
            ),
            (
                "https://a.usgovvirginia.batch.usgovcloudapi.net",
                "https://login.microsoftonline.us",
                "https://batch.core.usgovcloudapi.net//.default",
            ),
            (
                "https://a.chinanorth2.batch.azure.cn",
                "https://login.chinacloudapi.cn",
                "https://batch.chinacloudapi.cn//.default",
            ),
            (
                "https://127.0.0.1:10100",
                "https://login.microsoftonline.com",
                "https://batch.core.windows.net//.default",
            ),
        ] {
            let cloud = Cloud::of_endpoint(&Url::parse(endpoint).unwrap());
            assert_eq!((cloud.authority, &*cloud.scope()), (authority, scope), "{endpoint}");
        }
    }
}
