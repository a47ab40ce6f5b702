use super::*;
use crate::node::runtime::Image;
use crate::node::runtime::oci::delegation::Delegated;
use crate::node::runtime::oci::ids::{IdMap, Ids};

fn host() -> Host {
    Host { cgroup_namespaces: true, has_device_hierarchy: true, capabilities: u64::MAX, ..Host::default() }
}

/// An image whose root is an empty folder.
fn image(entrypoint: &[&str], command: &[&str]) -> (tempfile::TempDir, StoredImage) {
    let root = tempfile::tempdir().unwrap();
    let strings = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    let image = StoredImage {
        image: Image {
            id: "sha256:1".into(),
            entrypoint: strings(entrypoint),
            command: strings(command),
            working_directory: "/app".into(),
            user: "1000:1000".into(),
            environment: vec!["PATH=/image/bin".into(), "LANG=C".into()],
        },
        stop_signal: Some("SIGINT".into()),
        volumes: Vec::new(),
        root: root.path().to_owned(),
    };
    (root, image)
}

fn prepare_with(spec: &ContainerSpec) -> Result<Bundle, String> {
    let (_root, image) = image(&["/entry"], &["default"]);
    prepare(spec, &image, Path::new("/store/containers/c"), Path::new("/store/networks"), &host())
}

fn run(spec: ContainerSpec, entrypoint: &[&str], command: &[&str]) -> Result<Vec<String>, String> {
    arguments(&spec, &image(entrypoint, command).1)
}

#[test]
fn entrypoint_and_command_follow_docker_run() {
    let strings = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let with = |entrypoint: Option<&[&str]>, command: &[&str]| ContainerSpec {
        entrypoint: entrypoint.map(strings),
        command: strings(command),
        ..ContainerSpec::default()
    };
    assert_eq!(run(with(None, &[]), &["e"], &["c"]).unwrap(), ["e", "c"]);
    assert_eq!(run(with(None, &["x"]), &["e"], &["c"]).unwrap(), ["e", "x"]);
    assert_eq!(run(with(Some(&["f"]), &[]), &["e"], &["c"]).unwrap(), ["f"]);
    assert_eq!(run(with(Some(&["f"]), &["x"]), &["e"], &["c"]).unwrap(), ["f", "x"]);
    assert_eq!(run(with(Some(&[""]), &["x"]), &["e"], &["c"]).unwrap(), ["x"]);
    assert!(run(with(Some(&[]), &[]), &["e"], &["c"]).unwrap_err().contains("nothing to run"));
    assert!(run(with(None, &[]), &[], &[]).unwrap_err().contains("neither ENTRYPOINT nor CMD"));
}

#[test]
fn the_specification_wins_over_the_image_and_the_image_over_the_defaults() {
    let spec = ContainerSpec {
        environment: vec![("LANG".into(), "fr".into()), ("A".into(), "b=c".into())],
        hostname: Some("box".into()),
        ..ContainerSpec::default()
    };
    let bundle = prepare_with(&spec).unwrap();
    let process = &bundle.config["process"];
    assert_eq!(process["env"], json!(["PATH=/image/bin", "HOSTNAME=box", "HOME=/", "LANG=fr", "A=b=c"]));
    assert_eq!(process["cwd"], "/app");
    assert_eq!(process["user"]["uid"], 1000);
    assert_eq!(process["capabilities"]["effective"], json!([]));
    assert_eq!(bundle.record.stop_signal, rustix::process::Signal::INT.as_raw());
    assert_eq!(bundle.record.working_directory.unwrap().1, Path::new("app"));
}

#[test]
fn root_keeps_its_capabilities() {
    let spec = ContainerSpec { user: Some("0".into()), ..ContainerSpec::default() };
    let capabilities = &prepare_with(&spec).unwrap().config["process"]["capabilities"];
    assert_eq!(capabilities["effective"], capabilities["bounding"]);
}

#[test]
fn namespaces_follow_the_modes() {
    let kinds = |spec: &ContainerSpec| {
        let bundle = prepare_with(spec).unwrap();
        let namespaces = bundle.config["linux"]["namespaces"].as_array().unwrap().clone();
        namespaces.iter().map(|n| n["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&ContainerSpec::default()), ["mount", "uts", "pid", "ipc", "cgroup"]);
    let shared =
        ContainerSpec { pid: Some("host".into()), ipc: Some("host".into()), ..ContainerSpec::default() };
    assert_eq!(kinds(&shared), ["mount", "uts", "cgroup"]);
}

#[test]
fn what_cannot_be_done_is_refused_never_dropped() {
    let cases: Vec<(ContainerSpec, &str)> = vec![
        (ContainerSpec { network: NetworkMode::Named("web".into()), ..Default::default() }, "`web`"),
        (ContainerSpec { ipc: Some("container:x".into()), ..Default::default() }, "container:x"),
        (ContainerSpec { pid: Some("container:x".into()), ..Default::default() }, "container:x"),
        (ContainerSpec { working_directory: Some("here".into()), ..Default::default() }, "`here`"),
        (ContainerSpec { stop_signal: Some("SIGFOO".into()), ..Default::default() }, "SIGFOO"),
        (ContainerSpec { user: Some("nobody".into()), ..Default::default() }, "`nobody`"),
        (ContainerSpec { hostname: Some("x".repeat(65)), ..Default::default() }, "64 characters"),
        (ContainerSpec { environment: vec![("A=B".into(), "".into())], ..Default::default() }, "A=B"),
        (ContainerSpec { command: vec!["a\0b".into()], ..Default::default() }, "NUL"),
    ];
    for (spec, reason) in cases {
        let error = prepare_with(&spec).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn libcontainer_understands_every_bundle() {
    let spec = ContainerSpec {
        privileged: true,
        limits: crate::node::runtime::ResourceLimits {
            memory: Some(8 << 20),
            cpus: Some(0.5),
            ulimits: vec![("nofile".into(), 10, 20)],
            ..Default::default()
        },
        ..ContainerSpec::default()
    };
    for spec in [spec, ContainerSpec::default()] {
        let config = prepare_with(&spec).unwrap().config;
        let parsed: libcontainer::oci_spec::runtime::Spec = serde_json::from_value(config).unwrap();
        assert!(parsed.linux().is_some());
    }
}

/// An ordinary user with the users 0 to 65536, or with nobody but root, whom nobody has delegated control groups to.
fn user(alone: Option<&str>) -> Host {
    let map = || match alone {
        Some(_) => IdMap::alone(1001),
        None => IdMap::with_lent(1001, "ada:100000:65536", Some("ada"), 1001),
    };
    let ids = Ids { users: map(), groups: map() };
    let means = Means { ids, alone: alone.map(str::to_owned), groups: Err("version 1".to_owned()) };
    Host { means: Some(means), ..host() }
}

fn prepare_as(host: &Host, spec: &ContainerSpec) -> Result<Bundle, String> {
    let (_root, image) = image(&["/entry"], &["default"]);
    prepare(spec, &image, Path::new("/store/containers/c"), Path::new("/store/networks"), host)
}

fn mount_of<'a>(bundle: &'a Bundle, target: &str) -> &'a Value {
    let mounts = bundle.config["mounts"].as_array().unwrap();
    mounts.iter().find(|mount| mount["destination"] == target).unwrap()
}

#[test]
fn an_ordinary_users_container_has_what_a_user_can_give() {
    let bundle = prepare_as(&user(None), &ContainerSpec::default()).unwrap();
    assert!(bundle.record.rootless && !bundle.record.has_group);
    assert_eq!(bundle.config["linux"]["resources"], json!({}));
    assert_eq!(mount_of(&bundle, "/sys")["type"], "bind");
    assert_eq!(mount_of(&bundle, "/sys")["options"][1], "rro");
    let has_group = |bundle: &Bundle| mount_of(bundle, "/dev/pts").to_string().contains("gid=5");
    assert!(has_group(&bundle));
    let isolated = ContainerSpec { network: NetworkMode::None, user: Some("0".into()), ..Default::default() };
    assert_eq!(mount_of(&prepare_as(&user(None), &isolated).unwrap(), "/sys")["type"], "sysfs");
    assert!(!has_group(&prepare_as(&user(Some("nobody lends")), &isolated).unwrap()));
    let of_root = prepare_with(&ContainerSpec::default()).unwrap();
    assert!(!of_root.record.rootless && of_root.record.has_group);
}

#[test]
fn delegated_groups_hold_the_container() {
    let mut host = user(None);
    if let Some(means) = &mut host.means {
        means.groups = Ok(Delegated::with("/user.slice/run-1.scope", &["memory"]));
    }
    let bundle = prepare_as(&host, &ContainerSpec::default()).unwrap();
    assert!(bundle.record.has_group);
    let path = bundle.config["linux"]["cgroupsPath"].as_str().unwrap();
    assert_eq!(path, format!("/user.slice/run-1.scope/batchyard-{}", bundle.record.id));
}

#[test]
fn what_an_ordinary_user_cannot_give_is_refused_with_the_reason() {
    let alone = user(Some("/etc/subuid lends ada no others"));
    let error = prepare_as(&alone, &ContainerSpec::default()).unwrap_err();
    assert!(error.contains("1000:1000") && error.contains("lends ada no others"), "{error}");
    let root = |spec: ContainerSpec| ContainerSpec { user: Some("0:0".into()), ..spec };
    assert!(prepare_as(&alone, &root(ContainerSpec::default())).is_ok());
    let beyond = ContainerSpec { user: Some("70000:0".into()), ..Default::default() };
    let error = prepare_as(&user(None), &beyond).unwrap_err();
    assert!(error.contains("0 to 65536 only"), "{error}");
    let memory = crate::node::runtime::ResourceLimits { memory: Some(64 << 20), ..Default::default() };
    for (spec, reason) in [
        (ContainerSpec { pid: Some("host".into()), ..Default::default() }, "--pid host"),
        (ContainerSpec { ipc: Some("host".into()), ..Default::default() }, "--ipc host"),
        (ContainerSpec { limits: memory, ..Default::default() }, "version 1"),
    ] {
        let error = prepare_as(&user(None), &spec).unwrap_err();
        assert!(error.contains(reason) && error.contains("root"), "{error}");
    }
}

#[test]
fn further_groups_that_there_are_not_are_left_out() {
    let groups = |host: &Host| {
        let mut user = User { uid: 0, gid: 0, other_groups: vec![1, 70_000], home: "/".to_owned() };
        settle_for(&mut user, host.means.as_ref().unwrap()).unwrap();
        user.other_groups
    };
    assert_eq!(groups(&user(None)), [1]);
    assert_eq!(groups(&user(Some("nobody lends"))), Vec::<u32>::new());
}
