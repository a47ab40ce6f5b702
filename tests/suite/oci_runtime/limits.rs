//! What a container may take, and that it can't take more.

use batchyard::node::runtime::{ContainerSpec, ResourceLimits};

use super::yard::{Yard, is_root};

#[tokio::test]
async fn limits_are_enforced() {
    let Some(yard) = Yard::of_root().await else { return };
    let limits = ResourceLimits { memory: Some(16 << 20), ..ResourceLimits::default() };
    let hog = "x=a; while true; do x=$x$x; done";
    let spec = ContainerSpec { limits, ..yard.spec("hog", &["sh", "-c", hog]) };
    let (status, _) = yard.run(&spec).await;
    assert_eq!((status.code, status.out_of_memory), (137, Some(true)));

    let limits = ResourceLimits {
        pids: Some(3),
        shm_size: Some(1 << 20),
        ulimits: vec![("nofile".into(), 77, 99)],
        cpus: Some(0.5),
        cpu_shares: Some(512),
        cpuset: Some("0".into()),
        ..ResourceLimits::default()
    };
    let script = "ulimit -n; head -c 2000000 /dev/zero > /dev/shm/x 2>/dev/null || echo shm is full; \
                  sleep 1 & sleep 1 & sleep 1 & sleep 1 & sleep 1";
    let spec = ContainerSpec { limits, ..yard.spec("limits", &["sh", "-c", script]) };
    let (status, output) = yard.run(&spec).await;
    assert_eq!(output, "77\nshm is full\n");
    assert_ne!(status.code, 0, "no more than 3 processes");
}

#[tokio::test]
async fn control_groups_can_only_be_read_whoever_asks() {
    let Some(yard) = Yard::open().await else { return };
    let script = "for group in /sys/fs/cgroup /sys/fs/cgroup/*; do
            [ -d $group ] || continue
            echo 1 > $group/notify_on_release && echo wrote $group
            echo max > $group/pids.max && echo raised $group
            echo here > $group/new && echo made $group
            mount -o remount,rw $group && echo remounted $group
        done 2>/dev/null
        cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null";
    let (status, said) = yard.sh(script).await;
    // An ordinary user's containers have none where no control groups were delegated.
    let limit = if is_root() { "4096" } else { "" };
    assert_eq!(
        said.trim(),
        limit,
        "a limit that was not asked for, and nothing that was changed: {status:?}"
    );
}

#[tokio::test]
async fn a_program_that_multiplies_without_end_meets_a_limit() {
    let Some(yard) = Yard::of_root().await else { return };
    let mut spec = yard
        .spec("bomb", &["sh", "-c", "i=0; while [ $i -lt 100 ]; do sleep 20 & i=$((i+1)); done; echo all"]);
    spec.limits.pids = Some(50);
    let (status, said) = yard.run(&spec).await;
    assert!(status.code != 0 && !said.contains("all"), "{status:?} {said}");
}
