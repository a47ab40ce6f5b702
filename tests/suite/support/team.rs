//! Several who work on one account.

use uuid::Uuid;

use super::{BlobContainer, Command, Emulator, Output, Runtime, Sandbox, secret_of};

/// An account elsewhere, and a container for its record.
pub struct Team<'a> {
    sandbox: &'a Sandbox,
    emulator: Emulator<'a>,
    /// The container.
    pub container: BlobContainer,
}

impl<'a> Team<'a> {
    /// A project file that names the record.
    pub const PROJECT: &'static str =
        "api_version: batchyard/v1\nrecord: { container_url: { env: RECORD_URL } }\n";

    /// A new team; none if there is no Azurite.
    #[track_caller]
    pub fn of(sandbox: &'a Sandbox) -> Option<Self> {
        let container = BlobContainer::with(&[], false)?;
        Some(Self { sandbox, emulator: Emulator::start(sandbox, Runtime::Simulated)?, container })
    }

    /// A command on the account, by somebody called ada.
    pub fn command(&self, args: &[&str]) -> Command {
        self.sandbox
            .command(args)
            .env("BATCHYARD_ACCOUNT", self.emulator.endpoint())
            .env("AZURE_BATCH_ACCOUNT", self.emulator.account())
            .env("AZURE_BATCH_ACCESS_KEY", self.emulator.key())
            .env("RECORD_URL", self.container.signed("racwl"))
            .env("USER", "ada")
    }

    /// Runs such a command, which shows nothing of the record's signature.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).run();
        output.never_mentions(secret_of(&self.container.signed("racwl")));
        output
    }

    /// The folder of a recipe in the record.
    pub fn folder(&self, recipe: &str) -> String {
        let (_, host) = self.emulator.endpoint().trim_end_matches('/').split_once("://").unwrap();
        format!("{}/{recipe}", host.replace(':', "_"))
    }

    /// The lock of a recipe.
    pub fn lock_of(&self, recipe: &str) -> String {
        format!("{}/lock.json", self.folder(recipe))
    }

    /// Has somebody hold the lock of a recipe who has said so, and may have died since.
    pub fn hold(&self, recipe: &str, seconds: u32) -> Uuid {
        let (name, id) = (self.lock_of(recipe), Uuid::new_v4());
        self.container.write(&name, &format!(
            r#"{{"id":"{id}","who":"bob@else\u001b[31m\nwhere","operation":"destroy","since":"2026-11-30T10:00:00Z","tool":"x"}}"#
        ));
        self.container.lease(&name, id, seconds);
        id
    }
}
