//! What secrets look like, and what only looks like one.

/// Words of a name that make it that of a secret.
const SECRET: &[&str] =
    &["PASSWORD", "PASSWD", "PWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS"];
/// Ends of such words: `PGPASSWORD`, `dbPassword`.
const ENDS: &[&str] = &["PASSWORD", "PASSWD", "PASSPHRASE"];
/// The same in two words.
const SECRET_PAIRS: &[[&str; 2]] = &[
    ["API", "KEY"],
    ["ACCESS", "KEY"],
    ["ACCOUNT", "KEY"],
    ["STORAGE", "KEY"],
    ["PRIVATE", "KEY"],
    ["ENCRYPTION", "KEY"],
    ["CONNECTION", "STRING"],
    ["SAS", "URL"],
];
/// A last word that makes it the name of something about a secret.
const ABOUT: &[&str] = &[
    "COUNT", "DIR", "ENABLED", "ENDPOINT", "EXPIRY", "FILE", "HOST", "ID", "ISSUER", "LENGTH", "LIMIT",
    "MODE", "NAME", "PATH", "PROVIDER", "SERVER", "SIZE", "STORE", "TTL", "TYPE", "URI", "URL", "USER",
    "USERNAME", "VERSION",
];

/// The length of the shortest secret that is known by its looks: an access key.
const SHORTEST_SECRET: usize = "AKIA".len() + 16;

/// Whether a name is one that people give to secrets: `DB_PASSWORD`, `api-key`, `HF_TOKEN`; not `MAX_TOKENS`, `SECRET_NAME`.
pub fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> =
        upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let pair = words.windows(2).any(|pair| SECRET_PAIRS.iter().any(|secret| pair == secret));
    let about = words.last().is_some_and(|last| ABOUT.contains(last));
    let is_secret = |word: &&str| SECRET.contains(word) || ENDS.iter().any(|end| word.ends_with(end));
    pair || (!about && words.iter().any(is_secret))
}

/// Whether a value could be a secret: no number, switch, path, reference, variable or placeholder.
pub fn may_be_secret(value: &str) -> bool {
    let value = value.trim();
    let placeholder = ['$', '%', '/', '<', '@', '*', '-'].iter().any(|start| value.starts_with(*start));
    let word = value.to_ascii_lowercase();
    let switch = matches!(
        word.as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "null" | "prompt" | "required"
    );
    value.len() >= 3
        && !placeholder
        && !switch
        && !value.contains("${{")
        && value.parse::<f64>().is_err()
        && !["file:", "env:", "vault:"].iter().any(|scheme| word.starts_with(scheme))
}

/// Arguments whose names are those of secrets and that have a value, by name, each with what belongs to the value's word.
pub fn secret_arguments<'a, T: Copy>(words: impl Iterator<Item = (&'a str, T)>) -> Vec<(&'a str, T)> {
    let mut found = Vec::new();
    let mut pending: Option<&'a str> = None;
    for (word, place) in words {
        let word = word.trim_matches(['"', '\'']);
        if let Some(name) = pending.take()
            && may_be_secret(word)
        {
            found.push((name, place));
            continue;
        }
        let option = word.starts_with("--");
        match word.split_once('=') {
            // `NAME=value` is how variables are set, also behind `-e`.
            Some((name, value)) if is_secret_name(name) && may_be_secret(value.trim_matches(['"', '\''])) => {
                found.push((name, place));
            }
            None if option && is_secret_name(word) => pending = Some(word),
            _ => {}
        }
    }
    found
}

/// What secret a text holds, judged by its looks alone.
pub fn known_secret(text: &str) -> Option<&'static str> {
    if text.len() < SHORTEST_SECRET {
        return None;
    }
    if follows(text, &["sig="], 20, |c| c.is_ascii_alphanumeric() || "%+/=_-".contains(c))
        && (text.contains("sv=") || text.contains("se="))
    {
        return Some("a shared access signature");
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    if follows(text, &["AccountKey=", "SharedAccessKey="], 20, is_base64) {
        return Some("an account key");
    }
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let is_token = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if follows(text, &["ghp_", "gho_", "ghu_", "ghs_", "github_pat_", "hf_", "glpat-"], 30, is_token) {
        return Some("an access token");
    }
    if follows(text, &["AKIA"], 16, |c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        return Some("an access key");
    }
    text.split("://").skip(1).any(begins_with_password).then_some("a URL with a password")
}

/// Whether what follows the scheme of a URL begins with somebody's name and password.
fn begins_with_password(rest: &str) -> bool {
    let authority = rest.split(|c: char| c.is_whitespace() || "/?#\"'`".contains(c)).next();
    let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    user.and_then(|user| user.split_once(':'))
        .is_some_and(|(_, password)| may_be_secret(password) && !password.contains(['$', '{']))
}

/// Whether one of the beginnings stands in the text, at the beginning of a word, with so many fitting characters behind it.
fn follows(text: &str, beginnings: &[&str], least: usize, fits: impl Fn(char) -> bool) -> bool {
    beginnings.iter().any(|beginning| {
        text.match_indices(beginning).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let behind = text.get(at + beginning.len()..).unwrap_or_default();
            before.is_none_or(|c| !c.is_ascii_alphanumeric())
                && behind.chars().take_while(|c| fits(*c)).count() >= least
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_secrets() {
        for name in [
            "DB_PASSWORD",
            "password",
            "PGPASSWORD",
            "dbPassword",
            "HF_TOKEN",
            "API_KEY",
            "--api-key",
            "AZURE_STORAGE_KEY",
            "clientSecret_SECRET",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "MAX_TOKENS",
            "TOKENIZERS_PARALLELISM",
            "SECRET_NAME",
            "PASSWORD_FILE",
            "TOKEN_URL",
            "KEY",
            "SORT_KEY",
            "PATH",
            "KEYBOARD",
            "SECRETARY",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values_that_are_no_secrets_pass() {
        for value in [
            "",
            "12",
            "1e-4",
            "true",
            "/run/secrets/db",
            "$DB_PASSWORD",
            "${{ params.token }}",
            "<token>",
            "%TOKEN%",
            "ab",
        ] {
            assert!(!may_be_secret(value), "{value}");
        }
        assert!(may_be_secret("correct-horse"));
    }

    #[test]
    fn arguments_are_judged_by_their_names() {
        let found = |line: &'static str| {
            let words = line.split_whitespace().map(|word| (word, ()));
            secret_arguments(words).into_iter().map(|(name, ())| name).collect::<Vec<_>>()
        };
        assert_eq!(found("login --user a --password hunter2"), ["--password"]);
        assert_eq!(found("login --password=hunter2 --token $TOKEN"), ["--password"]);
        assert_eq!(found("-e TOKEN=abcdef -e A=b"), ["TOKEN"]);
        assert_eq!(found("login --password --user a"), Vec::<&str>::new());
        assert_eq!(found("train --max-tokens 4096 --token-file f"), Vec::<&str>::new());
    }

    #[test]
    fn keys_are_known_by_their_looks() {
        let padding = "abcdefghij".repeat(5);
        assert_eq!(
            known_secret(&format!("https://x/y?sv=1&sig={padding}")),
            Some("a shared access signature")
        );
        assert_eq!(known_secret(&format!("a;AccountKey={padding}==")), Some("an account key"));
        assert_eq!(known_secret(&format!("ghp_{padding}")), Some("an access token"));
        assert_eq!(known_secret("-----BEGIN RSA PRIVATE KEY-----"), Some("a private key"));
        for url in ["curl https://ada:hunter2@example.org/x", "postgres://u:p@ss:w0rd@db:5432/x?y=1"] {
            assert_eq!(known_secret(url), Some("a URL with a password"), "{url}");
        }
        for harmless in [
            "sig=1",
            "https://ada@example.org:8443/x?to=b:hunter2@c",
            "https://ada:$PASSWORD@example.org",
            "https://ada:<password>@example.org",
            "see https://example.org:8443/a, or mail ada:hunter2@example.org",
            "https://x/y?sv=1&sig=${{ params.sig }}",
            "ghp_short",
            "AKIA",
            "design=abcdefghijabcdefghijabcdefghij&sv=1",
        ] {
            assert_eq!(known_secret(harmless), None, "{harmless}");
        }
    }
}
