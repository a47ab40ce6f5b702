//! The tasks: what each does, and how it has to end.

/// How a task ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its program ends with that exit code; any but 0 is a failure.
    Exit(i32),
    /// The kernel ends its program, because it takes more memory than it may.
    OutOfMemory,
    /// It is ended as it runs for too long; its program answers with that exit code.
    TooLong(i32),
    /// It never runs, for a reason with that code.
    Never(&'static str),
}

/// What runs: an argument list, where one of a single script is given to a shell.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// A script for `/bin/sh -c`.
    Shell(&'static str),
    /// These arguments.
    Arguments(&'static [&'static str]),
}

/// A task.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its id.
    pub id: &'static str,
    /// Its image; `REGISTRY` is the test's.
    pub image: &'static str,
    /// Its run options.
    pub options: &'static str,
    /// What runs.
    pub run: Run,
    /// More lines of the task in the recipe.
    pub more: &'static str,
    /// How it ends.
    pub end: End,
}

const BUSYBOX: &str = "REGISTRY/busybox:latest";
const ENTRYPOINT: &str = "REGISTRY/entrypoint:latest";

const fn shell(id: &'static str, script: &'static str, end: End) -> Case {
    Case { id, image: BUSYBOX, options: "", run: Run::Shell(script), more: "", end }
}

impl Case {
    const fn with(self, options: &'static str) -> Self {
        Self { options, ..self }
    }

    const fn image(self, image: &'static str) -> Self {
        Self { image, ..self }
    }

    const fn arguments(self, arguments: &'static [&'static str]) -> Self {
        Self { run: Run::Arguments(arguments), ..self }
    }

    const fn more(self, more: &'static str) -> Self {
        Self { more, ..self }
    }
}

use End::{Exit, Never, OutOfMemory, TooLong};

/// What ends, and how.
const ENDS: &[Case] = &[
    shell("exit-0", "exit 0", Exit(0)),
    shell("exit-1", "exit 1", Exit(1)),
    shell("exit-2", "exit 2", Exit(2)),
    shell("exit-42", "exit 42", Exit(42)),
    shell("exit-126", "exit 126", Exit(126)),
    shell("exit-127", "exit 127", Exit(127)),
    shell("exit-128", "exit 128", Exit(128)),
    shell("exit-137", "exit 137", Exit(137)),
    shell("exit-143", "exit 143", Exit(143)),
    shell("exit-255", "exit 255", Exit(255)),
    shell("child-term", r#"sh -c "kill -TERM \$\$"; exit $?"#, Exit(143)),
    shell("child-kill", r#"sh -c "kill -KILL \$\$"; exit $?"#, Exit(137)),
    shell("child-segv", r#"sh -c "kill -SEGV \$\$"; exit $?"#, Exit(139)),
    shell("child-abrt", r#"sh -c "kill -ABRT \$\$"; exit $?"#, Exit(134)),
    shell("child-int", r#"sh -c "kill -INT \$\$"; exit $?"#, Exit(130)),
    shell("child-pipe", r#"sh -c "kill -PIPE \$\$"; exit $?"#, Exit(141)),
    shell("own-kill", "kill -KILL $$; echo the first process is not killed from inside", Exit(0)),
    shell("out-of-memory", "tail /dev/zero", OutOfMemory).with("-m 32m"),
    shell("child-out-of-memory", "tail /dev/zero; echo child: $?", Exit(0)).with("-m 32m"),
    shell("too-long", "echo begun; sleep 300", TooLong(137)).more("max_wall_time: 2s"),
    shell("deaf", "trap '' TERM; echo begun; while true; do sleep 1; done", TooLong(137))
        .with("--stop-timeout 1")
        .more("max_wall_time: 2s"),
    shell("tidy", r#"trap "echo tidied; exit 9" TERM; while true; do sleep 0.1; done"#, TooLong(9))
        .more("max_wall_time: 2s"),
    shell("retried", "echo try >> tries; cat tries; exit 5", Exit(5)).more("retries: 2"),
    shell("slow-start", "sleep 2; echo started", Exit(0)),
    shell("silent", "true", Exit(0)),
];

/// What is printed.
const OUTPUT: &[Case] = &[
    shell("ten-megabytes", r"head -c 10485760 /dev/zero | tr '\0' x", Exit(0)),
    shell(
        "long-lines",
        r"for i in 1 2; do head -c 1000000 /dev/zero | tr '\0' y; echo; done; echo end",
        Exit(0),
    ),
    shell("binary", r"printf '\000\377\001\200end'", Exit(0)),
    shell("unicode", "printf 'héllo ✓ 日本 🚀\\n'", Exit(0)),
    shell("bad-utf8", r"printf 'a\377\376b\n'; printf '\303' >&2", Exit(0)),
    shell("no-newline", "printf end", Exit(0)),
    shell("errors-only", "echo oops >&2; exit 3", Exit(3)),
    shell("both", "for i in 1 2 3; do echo out $i; echo err $i >&2; done", Exit(0)),
    shell("crlf", r"printf 'a\r\nb\r\n'", Exit(0)),
    shell("stdin", "cat; echo end of input", Exit(0)),
    shell("quotes", "", Exit(0)).arguments(&["/bin/echo", "a b", "c\"d", "e'f", "", "$HOME", "*"]),
];

/// What runs beside the first process.
const PROCESSES: &[Case] = &[
    shell("first-process", "echo $$", Exit(0)),
    shell("forks", "i=0; while [ $i -lt 50 ]; do sh -c 'exit 0' & i=$((i+1)); done; wait; echo all", Exit(0)),
    shell("init", "test $$ -ne 1 && echo not the first; exit 5", Exit(5)).with("--init"),
    shell("init-term", "kill -TERM $$; sleep 5", Exit(143)).with("--init"),
    shell("init-kill", "kill -KILL $$", Exit(137)).with("--init"),
    shell(
        "init-orphans",
        "sh -c 'sleep 0.2 &'; sleep 1; grep -l '^State:.Z' /proc/[0-9]*/status; echo all",
        Exit(0),
    )
    .with("--init"),
    shell("init-memory", "tail /dev/zero", OutOfMemory).with("--init -m 32m --memory-swap 32m"),
    shell("init-too-long", "echo begun; exec sleep 300", TooLong(143))
        .with("--init")
        .more("max_wall_time: 2s"),
    shell("orphans", "(sleep 300 &); (sleep 300 &); echo left", Exit(0)),
    shell(
        "unreaped",
        "i=0; while [ $i -lt 30 ]; do (sh -c 'exit 1' &); i=$((i+1)); done; sleep 1; echo $i",
        Exit(0),
    ),
    shell("holds-output", "sleep 300 & echo first", Exit(0)),
    shell("fork-limit", "i=0; while [ $i -lt 50 ]; do sleep 5 & i=$((i+1)); done; wait", Exit(2))
        .with("--pids-limit 12"),
];

/// What a container sees, and what it may do.
const CONTAINERS: &[Case] = &[
    shell("read-only", "echo x > /file", Exit(1)).with("--read-only"),
    shell("read-only-tmpfs", "echo x > /tmp/file && cat /tmp/file", Exit(0)).with("--read-only --tmpfs /tmp"),
    shell("read-only-node", "echo x > file && cat file", Exit(0)).with("--read-only"),
    shell("user", "id -u; id -g", Exit(0)).with("--user 1234:2345"),
    shell("environment", r#"printf "%s|%s|%s" "$A" "$B" "$C""#, Exit(0))
        .with("-e A=1 -e 'B=two words' -e C="),
    shell("open-files", "ulimit -n", Exit(0)).with("--ulimit nofile=64:64"),
    shell("host-name", "hostname", Exit(0)).with("-h torture"),
    shell("hosts", "grep torture /etc/hosts", Exit(0)).with("--add-host torture:10.1.2.3"),
    shell("new-workdir", "pwd", Exit(0)).with("-w /does/not/exist"),
    shell("deep", "mkdir -p a/b/c/d && cd a/b/c/d && echo deep > e && cat e", Exit(0)),
    shell("removed", "echo gone", Exit(0)).with("--rm"),
    shell("no-mknod", "mknod /dev/evil b 8 0", Exit(1)).with("--user 0:0"),
    shell("no-mount", "mount -t tmpfs none /tmp", Exit(1)).with("--user 0:0"),
    shell("no-chown", "touch f && chown 1:1 f", Exit(1)).with("--user 0:0 --cap-drop ALL"),
];

/// What the image says, and what is wrong with it.
const IMAGES: &[Case] = &[
    shell("image-command", "", Exit(0)).arguments(&[]),
    shell("entrypoint", "", Exit(0)).image(ENTRYPOINT).arguments(&["and", "more words"]),
    shell("entrypoint-alone", "", Exit(0)).image(ENTRYPOINT).arguments(&[]),
    shell("other-entrypoint", "", Exit(0))
        .image(ENTRYPOINT)
        .arguments(&["-c", "pwd"])
        .with("--entrypoint /bin/sh -w /srv"),
    shell("no-command", "", Never("CommandProgramNotFound")).arguments(&["no-such-command"]),
    shell("no-entrypoint", "true", Never("CommandProgramNotFound")).with("--entrypoint /no/such/program"),
    shell("entrypoint-folder", "true", Never("CommandLaunchFailed")).with("--entrypoint /bin"),
    shell("entrypoint-text", "true", Never("CommandLaunchFailed")).with("--entrypoint /etc/hosts"),
    shell("unknown-user", "id", Never("ContainerInvalidSettings")).with("--user no-such-user"),
    shell("bad-tag", "true", Never("ContainerInvalidImage")).image("REGISTRY/busybox:no-such-tag"),
    shell("bad-name", "true", Never("ContainerInvalidImage")).image("REGISTRY/no/such/image:1"),
    shell("bad-digest", "true", Never("ContainerInvalidImage"))
        .image("REGISTRY/busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000"),
    shell("no-registry", "true", Never("ContainerInvalidImage")).image("127.0.0.1:1/busybox:1"),
];

/// All of them, a job's at a time: few enough for `apply` to tell of each.
pub const JOBS: [(&str, &[Case]); 5] = [
    ("ends", ENDS),
    ("output", OUTPUT),
    ("processes", PROCESSES),
    ("containers", CONTAINERS),
    ("images", IMAGES),
];
