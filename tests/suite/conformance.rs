//! Official Azure SDKs, unchanged, against `batchyard emulator`: what keeps the only fake in the product honest.
//!
//! The tests themselves are written in the SDK's language, in `tests/conformance/`.

mod difference;
mod requests;

use std::path::Path;
use std::time::Duration;

use crate::support::{BlobContainer, Command, Emulator, Issuer, PrivateRegistry, Runtime, Sandbox, Service};

/// Long enough for every test of one SDK against one runtime, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(600);

#[test]
fn python_with_docker() {
    python(Runtime::Docker);
}

#[test]
fn python_without_a_daemon() {
    python(Runtime::Oci);
}

#[test]
fn python_with_simulated_tasks() {
    python(Runtime::Simulated);
}

/// What simulated tasks do is enough to hold the shapes of an older version to account.
#[test]
fn python_of_the_first_track_with_simulated_tasks() {
    let Some(python) = Service::PythonTrack1.address() else { return };
    let sandbox = Sandbox::new();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let output = tests_in("python-track1", &sandbox, &python, &emulator)
        .env("CONFORMANCE_IMAGE", "registry.example/busybox:latest")
        .run();
    assert!(output.code == Some(0), "{output}\n  the emulator:\n{}", emulator.log());
}

#[test]
fn python_of_the_first_track_finds_certificates_in_containers_of_docker() {
    certificates(Runtime::Docker);
}

#[test]
fn python_of_the_first_track_finds_certificates_in_containers_without_a_daemon() {
    certificates(Runtime::Oci);
}

/// Runs the tests of certificates where tasks are real.
fn certificates(runtime: Runtime) {
    let Some(python) = Service::PythonTrack1.address() else { return };
    let Some(images) = Images::of(runtime) else { return };
    let sandbox = Sandbox::new();
    let Some(emulator) = Emulator::start(&sandbox, runtime) else { return };
    let output = tests_in("python-track1", &sandbox, &python, &emulator)
        .args(["test_certificates"])
        .env("CONFORMANCE_IMAGE", format!("{}/busybox:latest", images.registry))
        .env("CONFORMANCE_REAL", "1")
        .run();
    assert!(output.code == Some(0), "{output}\n  the emulator:\n{}", emulator.log());
}

#[test]
fn python_over_https_with_a_key_and_with_tokens() {
    let Some(python) = Service::Python.address() else { return };
    let sandbox = Sandbox::new().file("issuer.json", &Issuer.file());
    let issuer = sandbox.path("issuer.json").display().to_string();
    let flags = ["--tls", "--test-issuer", &issuer];
    let Some(emulator) = Emulator::start_with(&sandbox, Runtime::Simulated, &flags) else { return };
    let output = tests_in("python-https", &sandbox, &python, &emulator)
        .env("REQUESTS_CA_BUNDLE", emulator.certificate_file())
        .env("CONFORMANCE_TOKEN", Issuer.token())
        .run();
    assert!(output.code == Some(0), "{output}\n  the emulator:\n{}", emulator.log());
}

/// The tests of a folder of `tests/conformance`, told where the emulator is.
fn tests_in(folder: &str, sandbox: &Sandbox, python: &str, emulator: &Emulator<'_>) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(folder);
    sandbox
        .program(python)
        .args(["-B", "-m", "unittest", "--verbose"])
        .current_dir(folder)
        .env("CONFORMANCE_ENDPOINT", emulator.endpoint())
        .env("CONFORMANCE_ACCOUNT", emulator.account())
        .env("CONFORMANCE_KEY", emulator.key())
        .timeout(TIMEOUT)
}

/// Runs the tests in `tests/conformance/python` against an emulator with this runtime.
fn python(runtime: Runtime) {
    let Some(python) = Service::Python.address() else { return };
    let Some(images) = Images::of(runtime) else { return };
    let sandbox = Sandbox::new();
    let Some(emulator) = Emulator::start(&sandbox, runtime) else { return };
    let mut tests = tests_in("python", &sandbox, &python, &emulator)
        .env("CONFORMANCE_IMAGE", format!("{}/busybox:latest", images.registry))
        .env("CONFORMANCE_ENTRYPOINT_IMAGE", format!("{}/entrypoint:latest", images.registry))
        .env("CONFORMANCE_REAL", if runtime == Runtime::Simulated { "0" } else { "1" });
    let greeting = [("greeting.txt".to_owned(), "hello from a blob\n".to_owned())];
    let storage = BlobContainer::with(&greeting, false);
    if let Some(storage) = &storage {
        tests = tests.env("CONFORMANCE_CONTAINER_URL", storage.signed("rlcw"));
    }
    if let Some(private) = images.private {
        tests = tests
            .env("CONFORMANCE_PRIVATE_IMAGE", format!("{}/busybox:latest", private.server))
            .env("CONFORMANCE_PRIVATE_SERVER", private.server)
            .env("CONFORMANCE_PRIVATE_USER", private.user)
            .env("CONFORMANCE_PRIVATE_PASSWORD", private.password);
    }
    let output = tests.run();
    assert!(output.code == Some(0), "{output}\n  the emulator:\n{}", emulator.log());
}

/// Where the images of a run come from.
struct Images {
    registry: String,
    private: Option<PrivateRegistry>,
}

impl Images {
    /// Real containers need registries that serve real images; simulated tasks only need a name.
    fn of(runtime: Runtime) -> Option<Self> {
        match runtime {
            Runtime::Simulated => Some(Self { registry: "registry.example".to_owned(), private: None }),
            Runtime::Docker | Runtime::Oci => {
                Some(Self { registry: Service::Registry.address()?, private: Some(PrivateRegistry::find()?) })
            }
        }
    }
}
