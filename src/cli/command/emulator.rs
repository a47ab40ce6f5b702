//! `emulator`: serves the embedded Azure Batch to SDKs and other programs.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use super::execute::stop_on_signal;
use crate::batch::auth::DEVELOPMENT_KEY;
use crate::cli::account::{LocalSettings, open_error, open_or_wait};
use crate::cli::args::EmulatorArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::project::account_choice;
use crate::clock::{Clock as _, SystemClock};
use crate::emulator::{
    EmulatorConfig, FaultRules, NotOpen, SelfSigned, TestIssuer, Tls, TlsError, account_url,
    certificate_names, may_be_open, read_faults,
};
use crate::exit_code::ExitCode;
use crate::secret::Secret;
use crate::settings::{AccountSettings, SettingsError, read_secret_file};

pub(super) async fn run(context: &Context, args: &EmulatorArgs) -> Result<ExitCode, CommandError> {
    let key = key(args)?;
    if !args.listen.ip().is_loopback() {
        refuse_to_be_open(args, &key)?;
    }
    let issuer = args.test_issuer.as_deref().map(test_issuer).transpose()?;
    let faults = args.faults.as_deref().map(faults).transpose()?.unwrap_or_default();
    let given = given_certificate(context, args)?;
    note_tokens_in_the_clear(context, args);
    let data = data_folder(context)?;
    let mut settings = LocalSettings::with_key(context, data.clone(), &args.account_name, key.clone())?;
    settings.images = args.image_disk.unwrap_or(settings.images);
    let config = settings.emulator(true).await;
    let applications = args.applications.clone().or(config.applications);
    let config = EmulatorConfig {
        requests_per_second: args.throttle,
        faults,
        issuer,
        stand_ins: args.mounts.clone(),
        applications,
        ..config
    };
    let emulator = open_or_wait(config).await.map_err(open_error)?;
    let certificate = match given {
        // The data folder is ours by now.
        None if args.tls => Some(own_certificate(&data, args)?),
        given => given,
    };
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        CommandError::new(ExitCode::Error, format!("can't listen on {}: {error}", args.listen))
            .hint(Some("another program may use that port; --listen 127.0.0.1:0 takes a free one".to_owned()))
    })?;
    let address = listener.local_addr()?;
    let endpoint = account_url(address, certificate.is_some());
    Ready { endpoint: &endpoint, address, args, key: &key, data: &data, certificate: certificate.as_ref() }
        .announce(context)?;
    emulator.serve(listener, certificate.map(|certificate| certificate.tls), stop_on_signal()).await?;
    emulator.shut_down().await;
    Ok(ExitCode::Success)
}

/// Other machines need TLS, and a key that nobody knows or guesses. The account itself says so too, but only once it is open.
fn refuse_to_be_open(args: &EmulatorArgs, key: &Secret) -> Result<(), CommandError> {
    let has_tls = args.tls || args.tls_cert.is_some();
    may_be_open(key, has_tls, args.test_issuer.is_some()).map_err(|reason| {
        let hint = match reason {
            NotOpen::InTheClear => {
                "listen on a loopback address, for example 127.0.0.1:10100, or add --tls or --tls-cert"
            }
            NotOpen::PublishedKey => {
                "--key-file names a file with a key of your own; `head -c 32 /dev/urandom | base64` makes one"
            }
            NotOpen::ShortKey => "`head -c 32 /dev/urandom | base64` makes one for --key-file",
            NotOpen::TestIssuer => "listen on a loopback address, for example 127.0.0.1:10100",
        };
        let message = format!("{} is reachable from other machines, and {reason}", args.listen.ip());
        CommandError::new(ExitCode::Usage, message).hint(Some(hint.to_owned()))
    })
}

/// What the account shows to clients, and the file that they can trust.
struct Certificate {
    tls: Tls,
    file: PathBuf,
    /// Whether nobody but this program vouches for it.
    is_own: bool,
}

fn given_certificate(context: &Context, args: &EmulatorArgs) -> Result<Option<Certificate>, CommandError> {
    let (Some(file), Some(key)) = (&args.tls_cert, &args.tls_key) else { return Ok(None) };
    let tls = Tls::from_files(file, key).map_err(tls_error)?;
    if std::fs::metadata(key).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        let shown = key.display();
        context.printer.err(&format!(
            "warning: others may read or change the key in {shown}; `chmod 600 {shown}` keeps it to yourself\n"
        ));
    }
    Ok(Some(Certificate { tls, file: file.clone(), is_own: false }))
}

/// Whoever wants to try tokens with an SDK finds that it refuses to send any.
fn note_tokens_in_the_clear(context: &Context, args: &EmulatorArgs) {
    let is_secure = args.tls || args.tls_cert.is_some();
    if args.test_issuer.is_some() && !is_secure && !context.printer.is_quiet() {
        context.printer.err("note: SDKs send bearer tokens over https only; --tls serves over https\n");
    }
}

fn own_certificate(data: &Path, args: &EmulatorArgs) -> Result<Certificate, CommandError> {
    let made = SelfSigned::of_folder(data, &names(args), SystemClock.now()).map_err(tls_error)?;
    // Programs are told of it by variables, and run elsewhere.
    let file = std::path::absolute(&made.certificate)?;
    Ok(Certificate { tls: made.tls, file, is_own: true })
}

/// What a certificate that is made here is for.
fn names(args: &EmulatorArgs) -> Vec<String> {
    let mut names = certificate_names(args.listen.ip());
    for name in &args.tls_name {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn tls_error(error: TlsError) -> CommandError {
    let hint = error.hint();
    CommandError::from_error(error).code(ExitCode::Usage).hint(hint)
}

fn test_issuer(file: &Path) -> Result<TestIssuer, CommandError> {
    TestIssuer::read(file).map_err(|error| {
        let hint = "it is JSON: { \"issuer\": \"https://…\", \"keys\": [ … ] }, with public keys as in a JSON Web Key Set";
        CommandError::from_error(error).code(ExitCode::Usage).hint(Some(hint.to_owned()))
    })
}

fn faults(file: &Path) -> Result<FaultRules, CommandError> {
    read_faults(file).map_err(|error| {
        let hint = r#"it is JSON: { "seed": 1, "requests": [ { "answer": 503, "share": 0.1 } ] }; docs/emulator.md has all of it"#;
        CommandError::from_error(error).code(ExitCode::Usage).hint(Some(hint.to_owned()))
    })
}

/// The data of the account that is served: of the one that was named, else of the default one if that is on this machine, else of
/// the usual one.
fn data_folder(context: &Context) -> Result<PathBuf, CommandError> {
    if let Some(data) = &context.global.data {
        return Ok(data.clone());
    }
    let choice = account_choice(context)?;
    match (AccountSettings::resolve(&choice, &context.variables), choice.flag) {
        (Ok(AccountSettings::Local { data }), _) => Ok(data),
        (Ok(AccountSettings::Remote { endpoint, .. }), Some(name)) => {
            let message = format!("the account `{name}` is at {endpoint}, so it can't be served here");
            let hint = "name an account with `data`, or none".to_owned();
            Err(CommandError::new(ExitCode::Usage, message).hint(Some(hint)))
        }
        (Err(error), Some(_)) => Err(error.into()),
        (_, None) => context.variables.data_folder().ok_or_else(|| SettingsError::NoDataFolder.into()),
    }
}

fn key(args: &EmulatorArgs) -> Result<Secret, CommandError> {
    let Some(file) = &args.key_file else { return Ok(Secret::new(DEVELOPMENT_KEY)) };
    let key = read_secret_file(file).map_err(|reason| {
        // What is there is not to be written over.
        let place = if file.exists() { "FILE".to_owned() } else { file.display().to_string() };
        CommandError::new(ExitCode::Usage, format!("the key file {} can't be read", file.display()))
            .because([reason])
            .hint(Some(format!("`head -c 32 /dev/urandom | base64 > {place}` makes a key")))
    })?;
    Ok(Secret::new(key.expose().trim()))
}

/// What is said once requests are taken.
struct Ready<'a> {
    endpoint: &'a str,
    address: SocketAddr,
    args: &'a EmulatorArgs,
    key: &'a Secret,
    data: &'a Path,
    certificate: Option<&'a Certificate>,
}

impl Ready<'_> {
    fn announce(&self, context: &Context) -> Result<(), CommandError> {
        if context.printer.is_json() {
            context.printer.line(&self.json())?;
        } else {
            let mut out = context.printer.stdout();
            out.write_all(self.text().as_bytes())?;
            out.flush()?;
        }
        Ok(())
    }

    /// A key of the user's own is never shown.
    fn json(&self) -> serde_json::Value {
        let own_key = self.args.key_file.is_some();
        let mut ready = serde_json::json!({
            "endpoint": self.endpoint,
            "listen": self.address.to_string(),
            "account": self.args.account_name,
            "key": if own_key { serde_json::Value::Null } else { self.key.expose().into() },
            "data": self.data.display().to_string(),
        });
        if let (Some(certificate), Some(ready)) = (self.certificate, ready.as_object_mut()) {
            ready.insert("certificate".to_owned(), certificate.file.display().to_string().into());
        }
        serde_json::json!({ "ready": ready })
    }

    fn text(&self) -> String {
        let key = self.args.key_file.as_ref().map_or_else(
            || format!("{} (published: for development only)", self.key.expose()),
            |file| format!("as in {}", file.display()),
        );
        let mut text = format!(
            "Azure Batch is ready at {}\n  account      {}\n  key          {key}\n  data         {}\n",
            self.endpoint,
            self.args.account_name,
            self.data.display()
        );
        if !self.address.ip().is_loopback() {
            text.push_str(&format!("  listens on   {}, for other machines, too\n", self.address));
        }
        if let Some(Certificate { file, is_own, .. }) = self.certificate {
            text.push_str(&format!("  certificate  {}\n", file.display()));
            if *is_own && (!self.address.ip().is_loopback() || !self.args.tls_name.is_empty()) {
                let names = names(self.args).join(", ");
                text.push_str(&format!("               for {names}; --tls-name adds to them\n"));
            }
            if *is_own {
                text.push_str(
                    "               made here: tell clients to trust it, by BATCHYARD_CA_FILE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE\n",
                );
            }
        }
        if let Some(file) = &self.args.test_issuer {
            text.push_str(&format!("  tokens       those of the test issuer in {}, too\n", file.display()));
        }
        if let Some(file) = &self.args.faults {
            text.push_str(&format!("  faults       as in {}\n", file.display()));
        }
        text.push_str("Ctrl-C stops it.\n");
        text
    }
}
