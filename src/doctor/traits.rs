//! What can be told of an image from its configuration. Its files are not looked at.

use crate::node::runtime::ImageReport;

/// Programs that read commands.
const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "ash",
    "zsh",
    "busybox",
    "cmd",
    "cmd.exe",
    "powershell",
    "powershell.exe",
    "pwsh",
];
/// How Docker's first builder writes down steps that run nothing.
const NO_OPERATION: &str = "#(nop)";
/// Words of images for fast networks and for programs that use them, as they occur in variables, labels and build steps.
const RDMA_WORDS: &[&str] = &[
    "libibverbs",
    "rdma-core",
    "librdmacm",
    "infiniband",
    "mlnx_ofed",
    "mlnx-ofed",
    "ucx",
    "i_mpi_root",
    "openmpi",
    "mpich",
    "mvapich",
];
/// Variables of images for graphics processors.
const GPU_VARIABLES: &[&str] = &["NVIDIA_VISIBLE_DEVICES", "NVIDIA_REQUIRE_CUDA", "CUDA_VERSION"];
/// The ends of names of programs and scripts that are given to another program.
const SCRIPTS: &[&str] =
    &[".py", ".sh", ".js", ".mjs", ".jar", ".rb", ".pl", ".r", ".R", ".jl", ".php", ".dll"];

/// Whether an image is for Windows.
pub(super) fn is_for_windows(image: &ImageReport) -> bool {
    image.platform.os.eq_ignore_ascii_case("windows")
}

/// Whether a program is a shell.
pub(super) fn is_shell(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    SHELLS.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether arguments are a shell with a script of its own, as ENTRYPOINT and CMD become without brackets in a Dockerfile.
pub(super) fn is_shell_form(arguments: &[String]) -> bool {
    matches!(arguments, [shell, option, _script] if is_shell(shell) && option == "-c")
}

/// What shows that an image has a shell; `None` if nothing does.
pub(super) fn evidence_of_shell(image: &ImageReport) -> Option<&'static str> {
    let starts_with_shell = |arguments: &[String]| arguments.first().is_some_and(|program| is_shell(program));
    if starts_with_shell(&image.config.entrypoint) || starts_with_shell(&image.config.command) {
        return Some("it starts with one");
    }
    let ran = |step: &String| {
        let step = step.strip_prefix("RUN ").unwrap_or(step).trim_start();
        // Arguments of the build stand in front: `|1 VERSION=2 /bin/sh -c …`.
        let shell = step.split_whitespace().find(|word| !word.starts_with('|') && !word.contains('='));
        shell.is_some_and(is_shell) && !step.contains(NO_OPERATION)
    };
    image.history.iter().any(ran).then_some("it was built with one")
}

/// What shows that an image is for fast networks; `None` if nothing does.
pub(super) fn evidence_of_rdma(image: &ImageReport) -> Option<&'static str> {
    let labels = image.labels.iter().flat_map(|(name, value)| [name, value]);
    let texts = image.config.environment.iter().chain(labels).chain(&image.history);
    let texts: Vec<String> = texts.map(|text| text.to_ascii_lowercase()).collect();
    RDMA_WORDS.iter().copied().find(|word| texts.iter().any(|text| has_word(text, word)))
}

/// What shows that an image is for graphics processors; `None` if nothing does.
pub(super) fn evidence_of_gpu(image: &ImageReport) -> Option<&'static str> {
    let is_set = |name: &&&str| {
        image.config.environment.iter().any(|variable| variable.split('=').next() == Some(**name))
    };
    GPU_VARIABLES.iter().find(is_set).copied()
}

/// Whether an argument names a file by where it is from some directory: `./run`, `bin/tool`, `train.py`.
pub(super) fn is_relative_path(argument: &str) -> bool {
    let is_option = argument.starts_with('-') || argument.contains("://") || argument.contains('=');
    let is_absolute = argument.starts_with(['/', '\\', '$', '%']) || argument.get(1..2) == Some(":");
    let names_file = argument.contains('/') || SCRIPTS.iter().any(|end| argument.ends_with(end));
    !is_option && !is_absolute && names_file && !argument.contains(char::is_whitespace)
}

/// Whether a text has a word with nothing of a word on either side.
fn has_word(text: &str, word: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(word).any(|(start, found)| {
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let after = text.get(start + found.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_inside) && !after.is_some_and(char::is_alphabetic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::runtime::Image;

    fn built_by(step: &str) -> ImageReport {
        ImageReport { history: vec![step.to_owned()], ..ImageReport::default() }
    }

    #[test]
    fn a_shell_that_has_run_is_there() {
        for step in [
            "/bin/sh -c apt-get update",
            "RUN /bin/sh -c make # buildkit",
            "|1 VERSION=2 /bin/sh -c make",
            "RUN |1 VERSION=2 /bin/bash -c make",
        ] {
            assert!(evidence_of_shell(&built_by(step)).is_some(), "{step}");
        }
        for step in ["/bin/sh -c #(nop) ADD file:1 in / ", "COPY /app /app # buildkit", "bazel build ...", ""]
        {
            assert_eq!(evidence_of_shell(&built_by(step)), None, "{step}");
        }
        let starts = |command: &[&str]| ImageReport {
            config: Image { command: command.iter().map(|c| (*c).to_owned()).collect(), ..Image::default() },
            ..ImageReport::default()
        };
        assert!(evidence_of_shell(&starts(&["/bin/bash"])).is_some());
        assert_eq!(evidence_of_shell(&starts(&["/app/server", "sh"])), None);
    }

    #[test]
    fn what_images_are_for_is_told_by_words_and_not_by_parts_of_words() {
        assert_eq!(
            evidence_of_rdma(&built_by("RUN apt-get install -y libibverbs1 ucx-utils")),
            Some("libibverbs")
        );
        assert_eq!(evidence_of_rdma(&built_by("RUN apt-get install -y OpenMPI-bin")), Some("openmpi"));
        assert_eq!(evidence_of_rdma(&built_by("RUN make lucxx")), None);
        let mut image = ImageReport::default();
        assert_eq!(evidence_of_gpu(&image), None);
        image.config.environment = vec!["CUDA_VERSION=12.1".to_owned()];
        assert_eq!(evidence_of_gpu(&image), Some("CUDA_VERSION"));
    }

    #[test]
    fn relative_paths_are_told_from_programs_options_and_absolute_paths() {
        for path in ["./run.sh", "bin/tool", "train.py", "app.jar", "../x"] {
            assert!(is_relative_path(path), "{path}");
        }
        for other in
            ["python", "/app/run", "-c", "--file=a/b", "https://x/y", "C:\\app\\x.py", "$HOME/x", "echo a/b"]
        {
            assert!(!is_relative_path(other), "{other}");
        }
    }
}
