"""Single nodes: rebooted, reimaged, given back, kept from tasks, given users; their files."""

from azure.batch import models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from account import AccountTest, endless_task, make_job, make_pool, task, wait_for


class Nodes(AccountTest):
    """One pool with one node, which every test leaves idle."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id = make_pool(cls, 1)
        cls.node_id = next(cls.client.list_nodes(cls.pool_id)).id

    def node(self):
        return self.client.get_node(self.pool_id, self.node_id)

    def idle(self):
        wait_for("idle node", lambda: self.node().state == models.BatchNodeState.IDLE)

    def test_a_node_boots_anew(self):
        before = self.node().last_boot_time
        self.client.begin_reboot_node(
            self.pool_id,
            self.node_id,
            {"nodeRebootOption": "requeue"},
            polling_interval=1,
        ).result()
        self.idle()
        self.assertGreater(self.node().last_boot_time, before)

    def test_a_node_is_made_anew(self):
        self.client.begin_reimage_node(
            self.pool_id,
            self.node_id,
            {"nodeReimageOption": "terminate"},
            polling_interval=1,
        ).result()
        self.idle()

    def test_a_node_is_given_back_and_started(self):
        options = {"nodeDeallocateOption": "requeue"}
        self.client.begin_deallocate_node(self.pool_id, self.node_id, options, polling_interval=1).result()
        self.assertEqual(self.node().state, models.BatchNodeState.DEALLOCATED)
        self.client.begin_start_node(self.pool_id, self.node_id, polling_interval=1).result()
        self.idle()

    def test_a_node_that_takes_no_tasks_is_offline_once_it_is_empty(self):
        job_id = make_job(self, self.pool_id)
        self.client.create_task(job_id, endless_task("runs"))
        wait_for("running task", lambda: self.client.get_task(job_id, "runs").state == models.BatchTaskState.RUNNING)
        options = models.BatchNodeDisableSchedulingOptions(
            node_disable_scheduling_option=models.BatchNodeDisableSchedulingOption.REQUEUE
        )
        self.client.disable_node_scheduling(self.pool_id, self.node_id, options)
        wait_for("offline node", lambda: self.node().state == models.BatchNodeState.OFFLINE)
        self.assertEqual(self.node().scheduling_state, models.SchedulingState.DISABLED)
        self.assertEqual(self.client.get_task(job_id, "runs").state, models.BatchTaskState.ACTIVE)
        with self.assertRaises(ResourceExistsError) as raised:
            self.client.disable_node_scheduling(self.pool_id, self.node_id, options)
        self.assertEqual(raised.exception.error.code, "NodeAlreadyInTargetSchedulingState")
        self.client.enable_node_scheduling(self.pool_id, self.node_id)
        wait_for("running task", lambda: self.client.get_task(job_id, "runs").state == models.BatchTaskState.RUNNING)
        self.client.terminate_task(job_id, "runs")
        self.idle()

    def test_users_come_and_go(self):
        user = models.BatchNodeUserCreateOptions(name="alice", password="kjgfhJH5-hgf", is_admin=False)
        self.client.create_node_user(self.pool_id, self.node_id, user)
        self.assertRaises(ResourceExistsError, self.client.create_node_user, self.pool_id, self.node_id, user)
        self.client.replace_node_user(
            self.pool_id, self.node_id, "alice", models.BatchNodeUserReplaceOptions(ssh_public_key="ssh-ed25519 AAAA")
        )
        self.client.delete_node_user(self.pool_id, self.node_id, "alice")
        self.assertRaises(
            ResourceNotFoundError, self.client.delete_node_user, self.pool_id, self.node_id, "alice"
        )

    def test_what_is_known_of_a_node(self):
        settings = self.client.get_node_remote_login_settings(self.pool_id, self.node_id)
        self.assertTrue(settings.remote_login_ip_address)
        self.assertGreater(settings.remote_login_port, 0)
        self.assertEqual(list(self.client.list_node_extensions(self.pool_id, self.node_id)), [])
        self.assertRaises(
            ResourceNotFoundError, self.client.get_node_extension, self.pool_id, self.node_id, "no-extension"
        )
        selected = self.client.get_node(self.pool_id, self.node_id, select=["id", "state"])
        self.assertIsNone(selected.vm_size)
        idle = self.client.list_nodes(self.pool_id, filter="state eq 'idle'", max_results=1)
        self.assertIsInstance(list(idle), list)

    def test_files_of_a_node_are_listed_read_and_deleted(self):
        job_id = make_job(self, self.pool_id)
        self.client.create_task(job_id, task("writes", "/bin/sh -c 'echo 0123456789'"))
        wait_for("end", lambda: self.client.get_task(job_id, "writes").state == models.BatchTaskState.COMPLETED)
        folder = self.client.get_task(job_id, "writes").node_info.task_root_directory
        path = f"{folder}/stdout.txt"
        listed = self.client.list_node_files(self.pool_id, self.node_id, recursive=True)
        self.assertIn(path, [file.name for file in listed])
        whole = b"".join(self.client.download_node_file(self.pool_id, self.node_id, path))
        part = b"".join(self.client.download_node_file(self.pool_id, self.node_id, path, ocp_range="bytes=2-5"))
        self.assertEqual(part, whole[2:6])
        tail = b"".join(self.client.download_task_file(job_id, "writes", "stdout.txt", ocp_range="bytes=4-"))
        self.assertEqual(tail, whole[4:])
        with self.assertRaises(HttpResponseError) as raised:
            b"".join(self.client.download_task_file(job_id, "writes", "stdout.txt", ocp_range="bytes=100000-"))
        self.assertEqual(raised.exception.status_code, 416)
        properties = self.client.get_node_file_properties(self.pool_id, self.node_id, path)
        self.assertEqual(int(properties.content_length), len(whole))
        self.assertEqual(
            int(self.client.get_task_file_properties(job_id, "writes", "stdout.txt").content_length), len(whole)
        )
        self.client.delete_node_file(self.pool_id, self.node_id, path)
        with self.assertRaises(ResourceNotFoundError) as raised:
            self.client.get_node_file_properties(self.pool_id, self.node_id, path)
        with self.assertRaises(HttpResponseError) as raised:
            self.client.delete_task_file(job_id, "writes", "wd/no-such-file")
        self.assertEqual(raised.exception.status_code, 404)
        self.client.delete_task_file(job_id, "writes", "stderr.txt")
        names = [file.name for file in self.client.list_task_files(job_id, "writes", recursive=True)]
        self.assertNotIn("stderr.txt", names)
        self.client.delete_node_file(self.pool_id, self.node_id, folder, recursive=True)
        left = [file.name for file in self.client.list_node_files(self.pool_id, self.node_id, recursive=True)]
        self.assertNotIn(folder, left)
