//! What an account is told who asks: its key, or who one is at Microsoft Entra.

/// A choice of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialChoice {
    /// The account's key.
    SharedKey,
    /// A token of Microsoft Entra.
    Entra(EntraChoice),
}

/// Which kinds of credentials are tried for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntraChoice {
    /// All of them, as `DefaultAzureCredential` of the Azure SDKs does.
    Any,
    /// Those of programs.
    Production,
    /// Those of people.
    Developer,
    /// A service principal, by the variables of the environment.
    Environment,
    /// A workload identity.
    WorkloadIdentity,
    /// The machine's identity.
    ManagedIdentity,
    /// Whoever is signed in to the Azure CLI.
    AzureCli,
}

impl CredentialChoice {
    /// The words, as messages list them.
    pub const WORDS: &'static str =
        "shared_key, default, environment, workload_identity, managed_identity, azure_cli";

    /// Reads a word of ours, or one of `AZURE_TOKEN_CREDENTIALS` of the Azure SDKs: `azure_cli`, `azure-cli` and
    /// `AzureCliCredential` are the same.
    pub fn parse(text: &str) -> Option<Self> {
        let word: String =
            text.trim().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        Some(Self::Entra(match word.strip_suffix("credential").unwrap_or(&word) {
            "sharedkey" => return Some(Self::SharedKey),
            "default" | "defaultazure" => EntraChoice::Any,
            "prod" => EntraChoice::Production,
            "dev" => EntraChoice::Developer,
            "environment" => EntraChoice::Environment,
            "workloadidentity" => EntraChoice::WorkloadIdentity,
            "managedidentity" => EntraChoice::ManagedIdentity,
            "azurecli" => EntraChoice::AzureCli,
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_sdks_are_understood_as_well() {
        use EntraChoice::*;
        for (text, choice) in [
            ("default", Any),
            ("DefaultAzureCredential", Any),
            ("prod", Production),
            ("dev", Developer),
            ("AzureCliCredential", AzureCli),
            ("azure-cli", AzureCli),
            ("managed_identity", ManagedIdentity),
            ("WorkloadIdentityCredential", WorkloadIdentity),
            ("EnvironmentCredential", Environment),
        ] {
            assert_eq!(CredentialChoice::parse(text), Some(CredentialChoice::Entra(choice)), "{text}");
        }
        assert_eq!(CredentialChoice::parse("shared-key"), Some(CredentialChoice::SharedKey));
        assert_eq!(CredentialChoice::parse("VisualStudioCredential"), None);
        for word in CredentialChoice::WORDS.split(", ") {
            assert!(CredentialChoice::parse(word).is_some(), "{word}");
        }
    }
}
