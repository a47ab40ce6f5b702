//! Tasks that run as user accounts of their pool, on the node itself.

use std::sync::Arc;

use serde_json::json;

use super::test_support::{NoEngine, TestNode, code, detail, host_task, start_task};
use crate::batch::TaskId;
use crate::batch::model::{BatchErrorSourceCategory, UserAccount, UserIdentity};
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
