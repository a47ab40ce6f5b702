//! The trait of all container runtimes.

use async_trait::async_trait;

use super::{
    ContainerId, ContainerSpec, ContainerState, ExitStatus, Image, ImageHold, OwnProgram, RegistryCredential,
    RuntimeError, RuntimeKind, Subnet,
};

/// Runs containers. All methods are idempotent where they can be, and cancel-safe: dropping a future leaves the container as
/// it is, to be found again by [`ContainerRuntime::state`].
#[async_trait]
pub trait ContainerRuntime: Send + Sync + std::fmt::Debug {
    /// Which runtime this is.
    fn kind(&self) -> RuntimeKind;

    /// What a person would want to know of it: name, version, where it listens.
    async fn describe(&self) -> Result<String, RuntimeError>;

    /// The image, if it is there already.
    async fn find_image(&self, reference: &str) -> Result<Option<Image>, RuntimeError>;

    /// Fetches an image, logging in to its registry with `credential` if one is given. The credential is used for this call
    /// only and written nowhere.
    async fn pull(
        &self,
        reference: &str,
        credential: Option<&RegistryCredential>,
    ) -> Result<Image, RuntimeError>;

    /// Takes an image from an archive in the format of `docker save`, under the name `reference`.
    async fn load(&self, reference: &str, archive: &std::path::Path) -> Result<Image, RuntimeError>;

    /// Keeps what a name means on the machine, once it is there, as long as what is returned lives: for the time between having an
    /// image and making a container from it. Runtimes that remove nothing by themselves have nothing to do.
    fn hold_image(&self, _reference: &str) -> ImageHold {
        ImageHold::default()
    }

    /// Keeps these images on the machine, instead of those that `owner` wanted before, until it wants others. Holds across restarts.
    async fn keep_images(&self, _owner: &str, _images: &[String]) -> Result<(), RuntimeError> {
        Ok(())
    }

    /// Who in a container is the user of the machine with that number and that group. Where an ordinary user makes the containers, that
    /// user is root in them: whoever else there is, is nobody that the machine knows.
    fn user_inside(&self, user: u32, group: u32) -> (u32, u32) {
        (user, group)
    }

    /// Removes a file or folder of the machine that this process may not remove, because containers have left something in it that
    /// belongs to a user of theirs alone. Fine if it is gone.
    async fn remove_left(&self, _path: &std::path::Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::PermissionDenied.into())
    }

    /// Makes a container; its name serves as an id as well. Its standard streams go to the files named in `spec` from its
    /// start on.
    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError>;

    /// Starts a container that was made.
    async fn start(&self, container: &ContainerId) -> Result<(), RuntimeError>;

    /// Returns once the container has ended and all of its output is in its files. One that did not start has no exit status: the
    /// error is then the one of its start, whoever asked for that.
    async fn wait(&self, container: &ContainerId) -> Result<ExitStatus, RuntimeError>;

    /// The end of a container that nobody asked to end, once the runtime may know better why it was killed.
    async fn reason_of_kill(
        &self,
        _container: &ContainerId,
        status: ExitStatus,
    ) -> Result<ExitStatus, RuntimeError> {
        Ok(status)
    }

    /// Asks the container to end (SIGTERM), and ends it (SIGKILL) once `grace` is over. Fine if it has ended already.
    async fn stop(&self, container: &ContainerId, grace: std::time::Duration) -> Result<(), RuntimeError>;

    /// Removes a container that has ended. Fine if it is gone already.
    async fn remove(&self, container: &ContainerId) -> Result<(), RuntimeError>;

    /// How a container is doing; `None` if there is no such container. After a restart of this program, a container found
    /// `Running` here can be waited for as before, and one found `Exited` gives its true exit status.
    async fn state(&self, container: &ContainerId) -> Result<Option<ContainerState>, RuntimeError>;

    /// Has everything in its files that a running container has said so far, in case nobody follows it.
    async fn catch_up(&self, container: &ContainerId) -> Result<(), RuntimeError>;

    /// Every container that was made with this `owner`, ended ones too.
    async fn list(&self, owner: &str) -> Result<Vec<(ContainerId, ContainerState)>, RuntimeError>;

    /// Has a private network of that name there, and gives its addresses. A network that has to be made gets those of `wanted`, if
    /// any are, as nodes have them already.
    async fn ensure_network(&self, network: &str, wanted: Option<Subnet>) -> Result<Subnet, RuntimeError>;

    /// Removes a private network that no container is in any more. Fine if it is gone already.
    async fn remove_network(&self, network: &str) -> Result<(), RuntimeError>;

    /// This very program, as containers of any image can run it.
    async fn own_program(&self) -> Result<OwnProgram, RuntimeError>;
}
