//! What an image means for tasks on Azure Batch.

use super::advice::Advice;
use super::traits::{
    evidence_of_gpu, evidence_of_rdma, evidence_of_shell, is_for_windows, is_relative_path, is_shell_form,
};
use crate::batch::command_line;
use crate::node::runtime::ImageReport;

/// What virtual machines of Azure Batch have.
const BATCH_ARCHITECTURE: &str = "amd64";
/// From how many bytes on it is worth a word that nodes can fetch an image before they take tasks.
const LARGE: u64 = 1 << 30;

/// What an image means for tasks on Azure Batch.
pub(super) fn about_image(image: &ImageReport) -> Vec<Advice> {
    let mut advice = vec![platform(image), command(image), working_directory(image)];
    advice.extend(user(image));
    advice.push(shell(image));
    advice.extend(network(image));
    advice.extend(processors(image));
    advice.extend(size(image));
    advice
}

fn platform(image: &ImageReport) -> Advice {
    let platform = &image.platform;
    if is_for_windows(image) {
        let version = platform.os_version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        return Advice::warning(
            "platform",
            format!(
                "an image for Windows{version}: it runs on pools of Windows Server with containers whose version is the image's, \
                 and not on this machine"
            ),
        )
        .hint("the node agent of the pool is `batch.node.windows amd64`; choose a size with several cores, as Azure advises for containers of Windows");
    }
    match platform.architecture.as_str() {
        BATCH_ARCHITECTURE => Advice::note("platform", format!("{platform} is what nodes of Azure Batch run")),
        "" => Advice::warning("platform", "the image does not say what it is for"),
        _ => Advice::warning(
            "platform",
            format!(
                "an image for {platform}, and nodes of Azure Batch have {BATCH_ARCHITECTURE} processors, which can't start its programs"
            ),
        )
        .hint(format!("build it for them: docker buildx build --platform linux/{BATCH_ARCHITECTURE}")),
    }
}

fn command(image: &ImageReport) -> Advice {
    let config = &image.config;
    let default: Vec<&String> = config.entrypoint.iter().chain(&config.command).collect();
    match (config.entrypoint.as_slice(), default.is_empty()) {
        ([], true) => Advice::note("command", "the image has neither ENTRYPOINT nor CMD: a task without a command has nothing to run"),
        ([], false) => Advice::note(
            "command",
            format!("a task's command is all that runs; without one `{}` runs", command_line::join(&default)),
        ),
        (entrypoint, _) if is_shell_form(entrypoint) => Advice::warning(
            "command",
            format!(
                "ENTRYPOINT is a script for a shell, `{}`, which does not see what a task's command adds",
                command_line::join(entrypoint)
            ),
        )
        .hint("leave the command empty, or replace ENTRYPOINT: `--entrypoint PROGRAM` among the run options"),
        (entrypoint, _) => Advice::note(
            "command",
            format!(
                "a task's command follows ENTRYPOINT: `{} …`; without one `{}` runs",
                command_line::join(entrypoint),
                command_line::join(&default)
            ),
        )
        .hint("to run something else instead: `--entrypoint PROGRAM` among the run options; `--entrypoint \"\"` takes ENTRYPOINT away"),
    }
}

fn working_directory(image: &ImageReport) -> Advice {
    let config = &image.config;
    let directory = config.working_directory.as_str();
    let own =
        if is_for_windows(image) { "%AZ_BATCH_TASK_WORKING_DIR%" } else { "$AZ_BATCH_TASK_WORKING_DIR" };
    if matches!(directory, "" | "/") {
        return Advice::note(
            "working directory",
            format!(
                "a task starts in its own directory on the node, {own}; the image has no WORKDIR that it could miss"
            ),
        );
    }
    let there = format!(
        "`working_directory: image`, or `--workdir {directory}` among the run options, starts it there"
    );
    let relative =
        config.entrypoint.iter().chain(&config.command).find(|argument| is_relative_path(argument));
    match relative {
        Some(path) => Advice::warning(
            "working directory",
            format!(
                "a task starts in its own directory on the node, {own}, and not in WORKDIR {directory}, where `{path}` is meant to be"
            ),
        )
        .hint(format!("{there}; files of the task are still in {own}")),
        None => Advice::note(
            "working directory",
            format!("a task starts in its own directory on the node, {own}, and not in WORKDIR {directory}"),
        )
        .hint(format!("name what is below {directory} by its whole path; {there}")),
    }
}

fn user(image: &ImageReport) -> Option<Advice> {
    if is_for_windows(image) {
        return None;
    }
    Some(match image.config.user.as_str() {
        "" | "0" | "root" | "0:0" | "root:root" => Advice::note(
            "user",
            "the image means to run as root; a task runs as an ordinary user of its node, and can't write where only root may",
        )
        .hint("write to the task's directory; `elevation: admin` of the task makes it root"),
        user => Advice::warning(
            "user",
            format!(
                "the image means to run as `{user}`; a task runs as an ordinary user of its node, and can't write what is `{user}`'s"
            ),
        )
        .hint(format!(
            "write to the task's directory; `--user {user}` among the run options keeps the image's user, which then may not write there"
        )),
    })
}

fn shell(image: &ImageReport) -> Advice {
    if is_for_windows(image) {
        return Advice::note(
            "shell",
            "no shell reads a task's command: for variables and pipes ask for one, `cmd /c \"…\"`",
        );
    }
    match evidence_of_shell(image) {
        Some(evidence) => Advice::note(
            "shell",
            format!("the image has a shell ({evidence}), and none reads a task's command: for variables and pipes ask for it"),
        )
        .hint("command: [\"/bin/sh\", \"-c\", \"…\"]"),
        None => Advice::note(
            "shell",
            "nothing in the configuration shows that the image has a shell: images from scratch and distroless ones have none, and \
             `/bin/sh -c …` fails in them",
        )
        .hint("name the program itself, by its whole path; no shell reads a task's command"),
    }
}

fn network(image: &ImageReport) -> Option<Advice> {
    let evidence = evidence_of_rdma(image)?;
    let topic = "fast network";
    if is_for_windows(image) {
        let meaning = format!(
            "`{evidence}` in the image: containers use remote direct memory access (RDMA) on Linux pools only"
        );
        return Some(Advice::warning(topic, meaning));
    }
    Some(
        Advice::note(
            topic,
            format!(
                "`{evidence}` in the image: MPI or remote direct memory access (RDMA) needs nodes that talk to each other, a size with \
                 RDMA, and a virtual machine image with its drivers"
            ),
        )
        .hint("a pool with `inter_node_communication: true`, a size such as Standard_HB120rs_v3 and the image `ubuntu-22.04-container`; containers need `--network host --ulimit memlock=-1 --shm-size …`"),
    )
}

fn processors(image: &ImageReport) -> Option<Advice> {
    let evidence = evidence_of_gpu(image)?;
    let meaning = format!("`{evidence}` in the image: it is built for graphics processors");
    Some(Advice::note("graphics processors", meaning).hint(
        "choose a size such as Standard_NC4as_T4_v3; Batch hands the processors to the container, without `--gpus`; nodes of this machine have none",
    ))
}

fn size(image: &ImageReport) -> Option<Advice> {
    (image.size() >= LARGE).then(|| {
        Advice::note("size", "every node fetches the image before its first task of it runs")
            .hint("`prefetch` of the pool's container has nodes fetch it before they take tasks; a registry in the region of the account is the fastest")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::doctor::advice::Severity;
    use crate::node::runtime::{Image, Platform};

    /// An image whose configuration says that.
    fn image(os: &str, architecture: &str, config: Value) -> ImageReport {
        let text = |name: &str| config[name].as_str().unwrap_or_default().to_owned();
        let list = |name: &str| -> Vec<String> {
            config[name]
                .as_array()
                .into_iter()
                .flatten()
                .map(|item| item.as_str().unwrap().to_owned())
                .collect()
        };
        ImageReport {
            platform: Platform {
                os: os.to_owned(),
                architecture: architecture.to_owned(),
                ..Platform::default()
            },
            config: Image {
                id: "sha256:1".to_owned(),
                entrypoint: list("entrypoint"),
                command: list("command"),
                working_directory: text("workdir"),
                user: text("user"),
                environment: list("env"),
            },
            history: list("history"),
            ..ImageReport::default()
        }
    }

    fn linux(config: Value) -> ImageReport {
        image("linux", "amd64", config)
    }

    #[track_caller]
    fn find(image: &ImageReport, topic: &str) -> Advice {
        about_image(image).into_iter().find(|advice| advice.topic == topic).unwrap()
    }

    #[test]
    fn what_runs_is_told_for_each_kind_of_image() {
        let say = |config| find(&linux(config), "command");
        assert!(say(json!({})).meaning.contains("nothing to run"));
        assert!(say(json!({"command": ["python3"]})).meaning.ends_with("without one `python3` runs"));
        let both = say(json!({"entrypoint": ["/tool", "-v"], "command": ["--help"]}));
        assert!(both.meaning.contains("`/tool -v …`; without one `/tool -v --help` runs"), "{both:?}");
        assert!(both.hint.unwrap().contains("--entrypoint"));
        let script = say(json!({"entrypoint": ["/bin/sh", "-c", "exec top -b"]}));
        assert_eq!(script.severity, Severity::Warning);
        assert!(script.meaning.contains("does not see"), "{script:?}");
    }

    #[test]
    fn a_program_that_is_meant_to_be_in_workdir_is_warned_of() {
        let say = |config| find(&linux(config), "working directory");
        assert_eq!(say(json!({})).severity, Severity::Note);
        let quiet = say(json!({"workdir": "/app", "command": ["/app/run"]}));
        assert_eq!(quiet.severity, Severity::Note);
        assert!(quiet.hint.unwrap().contains("--workdir /app"));
        let loud = say(json!({"workdir": "/app", "command": ["python", "main.py"]}));
        assert_eq!(loud.severity, Severity::Warning);
        assert!(loud.meaning.contains("WORKDIR /app, where `main.py` is meant to be"), "{loud:?}");
    }

    #[test]
    fn users_and_platforms_that_differ_from_those_of_nodes_are_told() {
        assert_eq!(find(&linux(json!({})), "user").severity, Severity::Note);
        let user = find(&linux(json!({"user": "1001:0"})), "user");
        assert!(user.hint.unwrap().contains("--user 1001:0"));
        assert_eq!(find(&image("linux", "arm64", json!({})), "platform").severity, Severity::Warning);
        let windows = image("windows", "amd64", json!({"env": ["I_MPI_ROOT=C:\\mpi"]}));
        assert!(find(&windows, "platform").meaning.contains("Windows"));
        assert!(find(&windows, "fast network").meaning.contains("Linux pools only"));
    }

    #[test]
    fn what_an_image_has_is_said_where_it_shows() {
        let plain = linux(json!({}));
        assert!(find(&plain, "shell").meaning.contains("nothing in the configuration"));
        let topics: Vec<_> = about_image(&plain).iter().map(|advice| advice.topic).collect();
        assert_eq!(topics, ["platform", "command", "working directory", "user", "shell"]);
        let rich = linux(json!({"command": ["bash"], "env": ["NVIDIA_VISIBLE_DEVICES=all"],
            "history": ["RUN apt-get install -y libopenmpi-dev openmpi-bin"]}));
        assert!(find(&rich, "shell").meaning.contains("it starts with one"));
        assert!(find(&rich, "fast network").hint.unwrap().contains("inter_node_communication"));
        assert!(find(&rich, "graphics processors").hint.unwrap().contains("without `--gpus`"));
        let large = ImageReport { layers: vec![LARGE, 1], ..linux(json!({})) };
        assert!(find(&large, "size").hint.unwrap().contains("prefetch"));
    }
}
