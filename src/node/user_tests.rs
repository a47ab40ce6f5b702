//! Tasks that run as user accounts of their pool, on the node itself.

use std::sync::Arc;

use serde_json::json;

use super::test_support::{NoEngine, TestNode, code, detail, host_task, start_task};
use crate::batch::TaskId;
use crate::batch::model::{
    AutoUserScope, AutoUserSpecification, BatchErrorSourceCategory, UserAccount, UserIdentity,
};
use crate::node::account::Account;
use crate::node::{NodeSetup, StartTaskAssignment};

#[tokio::test]
async fn it_runs_as_the_user_account_of_the_pool_that_it_names() {
    let node = TestNode::on(Arc::new(NoEngine)).await;
    let me = Account::current();
    let user_accounts: Vec<UserAccount> = serde_json::from_value(json!([
        {"name": "alice", "password": "p"},
        {"name": "bob", "linuxUserConfiguration": {"uid": 2711, "gid": 2712}},
        {"name": "boss", "elevationLevel": "admin"},
    ]))
    .unwrap();
    let setup = NodeSetup { user_accounts: user_accounts.clone(), ..NodeSetup::default() };
    node.node.prepare(&setup).await.unwrap();
    let mut task = host_task(
        r#"/bin/sh -c "id -u; id -g; id -G; echo mine > $AZ_BATCH_NODE_SHARED_DIR/$(id -u); echo mine > own""#,
    );
    task.user_accounts = user_accounts.clone();
    let as_user = |name: &str| {
        let mut task = task.clone();
        task.task.id = TaskId::new(name).unwrap();
        task.task.user_identity = Some(UserIdentity { username: Some(name.to_owned()), auto_user: None });
        task
    };
    let alice = as_user("Alice");
    assert!(node.run(&alice).await.succeeded(), "{}", node.read(&alice, "stderr.txt"));
    let said = node.stdout(&alice);
    let (uid, groups) = said.split_once('\n').unwrap();
    let uid: u32 = uid.parse().unwrap();
    if me.is_root() {
        assert!(uid != 0 && uid != Account::automatic(me).uid, "{said}");
        assert_eq!(groups, format!("{uid}\n{uid}\n"), "no group but its own");
        let bob = as_user("bob");
        assert!(node.run(&bob).await.succeeded());
        assert_eq!(node.stdout(&bob), "2711\n2712\n2712\n");
        let boss = as_user("boss");
        assert!(node.run(&boss).await.succeeded());
        assert!(node.stdout(&boss).starts_with("0\n"));
    } else {
        assert_eq!(uid, me.uid);
        let outcome = node.run(&as_user("bob")).await;
        assert!(detail(outcome.failure_info.as_ref().unwrap(), "Message").contains("as root"));
    }
    let outcome = node.run(&as_user("eve")).await;
    assert_eq!((outcome.exit_code, code(&outcome)), (None, Some("CommandLaunchFailed")));
    let info = outcome.failure_info.unwrap();
    assert_eq!(info.category, BatchErrorSourceCategory::UserError);
    let message = detail(&info, "Message");
    assert!(message.contains("no user account `eve`") && message.contains("alice, bob, boss"), "{message}");

    let mut start = start_task("id -u");
    start.user_identity = alice.task.user_identity.clone();
    let start = StartTaskAssignment { task: start, user_accounts, ..StartTaskAssignment::default() };
    assert!(node.node.run_start_task(&start).await.succeeded());
    let said = std::fs::read_to_string(node.node.root().join("startup/stdout.txt")).unwrap();
    assert_eq!(said, format!("{uid}\n"));
}

#[tokio::test]
async fn a_task_with_a_user_of_its_own_keeps_its_files_to_itself() {
    let node = TestNode::on(Arc::new(NoEngine)).await;
    node.node.prepare(&NodeSetup::default()).await.unwrap();
    let auto_user = AutoUserSpecification { scope: Some(AutoUserScope::Task), elevation_level: None };
    let own = |id: &str, command: &str| {
        let mut task = host_task(command);
        task.task.id = TaskId::new(id).unwrap();
        let auto_user = Some(auto_user.clone());
        task.task.user_identity = Some(UserIdentity { username: None, auto_user });
        task
    };
    let writer = own(
        "writer",
        r#"/bin/sh -c "umask 077; id -u; id -G; echo s3cret > own; echo hello > $AZ_BATCH_NODE_SHARED_DIR/mine""#,
    );
    assert!(node.run(&writer).await.succeeded(), "{}", node.read(&writer, "stderr.txt"));
    let theirs = node.node.task_directory(&writer.job_id, &writer.task.id).join("wd/own");
    let reader = own(
        "reader",
        &format!(
            r#"/bin/sh -c "id -u; cat {}; echo hello > $AZ_BATCH_NODE_SHARED_DIR/too""#,
            theirs.display()
        ),
    );
    assert!(node.run(&reader).await.succeeded(), "{}", node.read(&reader, "stderr.txt"));
    let me = Account::current();
    let id = |said: String| said.lines().next().unwrap().parse::<u32>().unwrap();
    let (first, second) = (node.stdout(&writer), node.stdout(&reader));
    if !me.is_root() {
        // Who may choose no users has all tasks run as one.
        assert_eq!((id(first), id(second)), (me.uid, me.uid));
        return;
    }
    assert_eq!(first, format!("{0}\n{0}\n", id(first.clone())), "no group but its own");
    assert!(![id(second.clone()), Account::automatic(me).uid, 0].contains(&id(first)), "{second}");
    assert!(!second.contains("s3cret"), "{second}");
    // A later run of the same task still has what it left.
    let again = own("writer", r#"/bin/sh -c "cat own; echo more >> own""#);
    assert!(node.run(&again).await.succeeded(), "{}", node.read(&again, "stderr.txt"));
    assert_eq!(node.stdout(&again), "s3cret\n");
}
