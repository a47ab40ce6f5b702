"""User accounts of pools, and the tokens of tasks."""

from azure.batch import models

from account import AccountTest, container_pool, fresh, task


class Users(AccountTest):
    """A pool with user accounts."""

    @classmethod
    def new_pool(cls, nodes):
        pool = container_pool(fresh("pool"), nodes)
        pool.user_accounts = [
            models.UserAccount(name="alice", password="s3cret", elevation_level="nonadmin"),
            models.UserAccount(
                name="bob",
                password="s3cret",
                linux_user_configuration=models.LinuxUserConfiguration(uid=2000, gid=2001, ssh_private_key="s3cret"),
            ),
        ]
        cls.client.pool.add(pool)
        cls.addClassCleanup(lambda: cls.client.pool.delete(pool.id))
        return pool.id

    def test_accounts_are_read_back_without_what_opens_them(self):
        alice, bob = self.client.pool.get(self.pool_id).user_accounts
        self.assertEqual((alice.name, alice.elevation_level), ("alice", models.ElevationLevel.non_admin))
        self.assertEqual((bob.linux_user_configuration.uid, bob.linux_user_configuration.gid), (2000, 2001))
        self.assertEqual(
            (alice.password, bob.password, bob.linux_user_configuration.ssh_private_key), (None, None, None)
        )

    def test_a_task_runs_as_an_account_of_its_pool(self):
        job_id = self.new_job()
        for name in ["alice", "eve"]:
            work = task(name)
            work.user_identity = models.UserIdentity(user_name=name)
            self.client.task.add(job_id, work)
            self.until_task(job_id, name, models.TaskState.completed)
        alice, eve = (self.client.task.get(job_id, name) for name in ["alice", "eve"])
        self.assertEqual((alice.user_identity.user_name, alice.execution_info.exit_code), ("alice", 0))
        self.assertEqual(eve.execution_info.failure_info.code, "CommandLaunchFailed")
        self.assertIn("`eve`", str([detail.value for detail in eve.execution_info.failure_info.details]))

    def test_a_job_manager_asks_for_a_token(self):
        settings = models.AuthenticationTokenSettings(access=["job"])
        manager = models.JobManagerTask(
            id="manager",
            command_line="true",
            container_settings=task("manager").container_settings,
            authentication_token_settings=settings,
        )
        job_id = self.new_job(job_manager_task=manager)
        self.until_task(job_id, "manager", models.TaskState.completed)
        read = self.client.job.get(job_id).job_manager_task.authentication_token_settings
        self.assertEqual(read.access, [models.AccessScope.job])
        self.assertEqual(self.client.task.get(job_id, "manager").execution_info.exit_code, 0)
