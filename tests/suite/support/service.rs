//! What tests need from outside: a container engine, registries, a Python with the official SDK, other people's validators.
//!
//! `tests/run` starts these and names them in the environment. A test that finds none skips itself and says so, except
//! where `tests/run` promised them all: there a missing one is a failure, so that nothing is skipped unnoticed.

/// Set by `tests/run` when it has started every service.
const REQUIRE_ALL: &str = "BATCHYARD_TEST_REQUIRE_ALL";

/// A service that a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// A Docker engine; its address is a `unix://` URL.
    Docker,
    /// A container registry that serves anyone; its address is `host:port`.
    Registry,
    /// A container registry that demands a password; its address is `host:port`.
    PrivateRegistry,
    /// An image with Open MPI and an SSH server that lets root of the same image in, at port 23; its address is the image's name.
    MpiImage,
    /// A Python interpreter that can import the official Batch SDK; its address is a path.
    Python,
    /// A Python interpreter that can import the first track of the official Batch SDK; its address is a path.
    PythonTrack1,
    /// Azurite, the emulator of Azure Storage; its address is the URL of its blob endpoint.
    Azurite,
    /// Validators of other people: `check-jsonschema`, and a Python with readers of SARIF and JUnit; its address is the folder
    /// of their commands.
    Validators,
    /// The YAML language server that editors use; its address is the path of its script, for Node.
    YamlLanguageServer,
}

impl Service {
    /// The environment variable that says where the service is.
    fn variable(self) -> &'static str {
        match self {
            Self::Docker => "BATCHYARD_TEST_DOCKER_HOST",
            Self::Registry => "BATCHYARD_TEST_REGISTRY",
            Self::PrivateRegistry => "BATCHYARD_TEST_PRIVATE_REGISTRY",
            Self::MpiImage => "BATCHYARD_TEST_MPI_IMAGE",
            Self::Python => "BATCHYARD_TEST_PYTHON",
            Self::PythonTrack1 => "BATCHYARD_TEST_PYTHON_TRACK1",
            Self::Azurite => "BATCHYARD_TEST_AZURITE",
            Self::Validators => "BATCHYARD_TEST_VALIDATORS",
            Self::YamlLanguageServer => "BATCHYARD_TEST_YAML_LANGUAGE_SERVER",
        }
    }

    /// Where the service is; `None` tells the test to return, the reason has been printed.
    ///
    /// ```ignore
    /// let Some(engine) = Service::Docker.address() else { return };
    /// ```
    #[track_caller]
    pub fn address(self) -> Option<String> {
        let name = self.variable();
        match decide(name, read(name), read(REQUIRE_ALL).is_some()) {
            Decision::Use(address) => Some(address),
            Decision::Fail(reason) => panic!("{reason}"),
            Decision::Skip(reason) => {
                eprintln!("{reason}");
                None
            }
        }
    }
}

/// Says that a test is skipped because something of the machine is missing; where `tests/run` promised all, that is a failure.
#[track_caller]
pub fn skip(reason: &str) {
    assert!(read(REQUIRE_ALL).is_none(), "{reason}, though every service was promised");
    eprintln!("skipped: {reason}");
}

/// A registry that demands a password, and the one that it accepts.
#[derive(Debug, Clone)]
pub struct PrivateRegistry {
    /// `host:port`.
    pub server: String,
    /// The user that may pull.
    pub user: String,
    /// That user's password.
    pub password: String,
}

impl PrivateRegistry {
    /// The private registry of this run, if there is one.
    #[track_caller]
    pub fn find() -> Option<Self> {
        let server = Service::PrivateRegistry.address()?;
        let required = |name| {
            read(name).unwrap_or_else(|| panic!("{name} must be set along with the registry's address"))
        };
        Some(Self {
            server,
            user: required("BATCHYARD_TEST_PRIVATE_REGISTRY_USER"),
            password: required("BATCHYARD_TEST_PRIVATE_REGISTRY_PASSWORD"),
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Use(String),
    Skip(String),
    Fail(String),
}

fn decide(name: &str, address: Option<String>, all_are_promised: bool) -> Decision {
    match address {
        Some(address) => Decision::Use(address),
        None if all_are_promised => {
            Decision::Fail(format!("{name} is not set though every service was promised"))
        }
        None => Decision::Skip(format!("skipped: {name} is not set; tests/run starts what it names")),
    }
}

#[expect(clippy::disallowed_methods, reason = "tests/run tells the tests by the environment what it started")]
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_variable_of_its_own() {
        use Service::*;
        let names = [
            Azurite,
            Docker,
            MpiImage,
            PrivateRegistry,
            Python,
            PythonTrack1,
            Registry,
            Validators,
            YamlLanguageServer,
        ];
        let names = names.map(Service::variable);
        let distinct: std::collections::BTreeSet<_> = names.into_iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert!(names.iter().all(|name| name.starts_with("BATCHYARD_TEST_")));
    }

    #[test]
    fn a_service_that_is_there_is_used() {
        let there = || Some("unix:///engine".to_owned());
        assert_eq!(decide("ENGINE", there(), false), Decision::Use("unix:///engine".to_owned()));
        assert_eq!(decide("ENGINE", there(), true), Decision::Use("unix:///engine".to_owned()));
    }

    #[test]
    fn a_missing_service_skips_unless_it_was_promised() {
        assert!(matches!(decide("ENGINE", None, false), Decision::Skip(reason) if reason.contains("ENGINE")));
        assert!(matches!(decide("ENGINE", None, true), Decision::Fail(reason) if reason.contains("ENGINE")));
    }
}
