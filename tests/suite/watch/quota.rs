//! The account's quota.

use super::account::Account;
use super::yard::{Watch, recipe_with};
use crate::support::{Emulator, Runtime, Sandbox};

#[test]
fn nodes_that_the_quota_does_not_allow_are_asked_for_again_and_the_recipe_is_not_ready() {
    // The embedded Azure Batch gives a pool a thousand nodes.
    let sandbox = Sandbox::new().file("recipes/a/recipe.yaml", &recipe_with("a", 1, 1001, ""));
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let account = Account::before(&sandbox, emulator);
    let resizes = || account.writes().iter().filter(|write| write.ends_with("/resize")).count();
    let first = account.run(&["watch", "recipes", "--once"]);
    first.code(7).stdout_contains("a: QuotaBlocked (QuotaReached)").stdout_contains("0 of 1 recipe ready");
    first.stdout_contains("pool a-pool has 1000 of 1001 nodes");
    assert_eq!(resizes(), 0, "they were asked for just now");
    account.run(&["watch", "recipes", "--once", "--dry-run"]).code(7);
    account.run(&["watch", "recipes", "--once", "--exclude", "pools.p"]).code(7);
    assert_eq!(resizes(), 0, "what is not to be touched is not asked for either");
    account.run(&["watch", "recipes", "--once"]).code(7).stdout_contains("0 of 1 recipe ready");
    assert_eq!(resizes(), 1);

    let args = ["watch", "recipes", "--interval", "1h", "--max-backoff", "1s", "--format", "json"];
    let mut watch = Watch::of(account.command(&args).start());
    let blocked = watch.wait_until("a", "QuotaBlocked", true);
    assert_eq!(blocked["condition"]["reason"], "QuotaReached", "{blocked}");
    for _ in 0..2 {
        let asked = watch.wait_for("another try", |line| line["type"] == "step_ended");
        assert_eq!((&asked["address"], &asked["outcome"]), (&"pools.p".into(), &"failed".into()), "{asked}");
    }
    sandbox.write("recipes/a/recipe.yaml", &recipe_with("a", 1, 3, ""));
    watch.wait_until("a", "Ready", true);
    watch.stop().success();
}
