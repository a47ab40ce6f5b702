"""Tasks that run on several nodes at once, as the service's documentation on MPI introduces them: one primary task and its
subtasks, a coordination command on all of them, and then the task's command on the primary's node."""

from azure.batch import models

from account import AccountTest, completed_tasks, make_job, make_pool, on_real_containers, task, wait_for

NODES = 3


def spread(task_id, coordination, command, instances=NODES):
    """A task that runs on that many nodes at once."""
    spread = task(task_id, command)
    spread.multi_instance_settings = models.MultiInstanceSettings(
        number_of_instances=instances, coordination_command_line=coordination
    )
    return spread


class MultiInstance(AccountTest):
    """A pool whose nodes reach each other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id = make_pool(cls, NODES, enable_inter_node_communication=True, task_slots_per_node=1)

    def read(self, node_info, name):
        path = f"{node_info.task_root_directory}/{name}"
        return b"".join(self.client.download_node_file(self.pool_id, node_info.node_id, path)).decode()

    def test_nodes_have_addresses_of_their_own(self):
        addresses = {node.ip_address for node in self.client.list_nodes(self.pool_id)}
        self.assertEqual(len(addresses), NODES)
        self.assertNotIn(None, addresses)

    def finished(self):
        """A job whose task `mpi` has run on all nodes: the job's id, the task, and its subtasks."""
        job_id = make_job(self, self.pool_id)
        coordination = "/bin/sh -c 'echo ready $AZ_BATCH_IS_CURRENT_NODE_MASTER in $AZ_BATCH_TASK_DIR'"
        self.client.create_task(job_id, spread("mpi", coordination, "/bin/sh -c 'echo hosts $AZ_BATCH_HOST_LIST'"))
        primary = completed_tasks(self.client, job_id)["mpi"]
        return job_id, primary, list(self.client.list_subtasks(job_id, "mpi"))

    def test_subtasks_tell_where_they_ran_and_how_they_ended(self):
        job_id, primary, subtasks = self.finished()
        self.assertEqual(primary.execution_info.exit_code, 0)
        self.assertEqual(primary.multi_instance_settings.number_of_instances, NODES)
        self.assertEqual([subtask.id for subtask in subtasks], [1, 2])
        for subtask in subtasks:
            self.assertEqual(subtask.exit_code, 0)
            self.assertEqual(subtask.state, models.BatchSubtaskState.COMPLETED)
            self.assertEqual(subtask.previous_state, models.BatchSubtaskState.RUNNING)
            self.assertEqual(subtask.result, models.BatchTaskExecutionResult.SUCCESS)
            self.assertLessEqual(subtask.start_time, subtask.end_time)
            self.assertIsNone(subtask.failure_info)
            self.assertTrue(subtask.node_info.task_root_directory.endswith(f"/mpi/{subtask.id}"))
        nodes = {primary.node_info.node_id, *(subtask.node_info.node_id for subtask in subtasks)}
        self.assertEqual(len(nodes), NODES)
        self.assertEqual([subtask.id for subtask in self.client.list_subtasks(job_id, "mpi", select=["id"])], [1, 2])

    @on_real_containers
    def test_the_command_runs_on_the_primary_after_the_coordination_command_of_all(self):
        _, primary, subtasks = self.finished()
        for subtask in subtasks:
            output = self.read(subtask.node_info, "stdout.txt")
            self.assertRegex(output, rf"^ready false in /.*/mpi/{subtask.id}\n$")
        output = self.read(primary.node_info, "stdout.txt")
        self.assertRegex(output, r"^ready true in /.*/mpi\nhosts [0-9.]+,[0-9.]+,[0-9.]+\n$")

    @on_real_containers
    def test_a_subtask_that_fails_fails_the_task(self):
        job_id = make_job(self, self.pool_id)
        coordination = "/bin/sh -c '[ ${AZ_BATCH_TASK_DIR##*/} != 2 ] || exit 4'"
        self.client.create_task(job_id, spread("mpi", coordination, "echo never"))
        primary = completed_tasks(self.client, job_id)["mpi"]
        self.assertEqual(primary.execution_info.exit_code, 4)
        self.assertEqual(primary.execution_info.failure_info.code, "FailureExitCode")
        subtasks = {subtask.id: subtask for subtask in self.client.list_subtasks(job_id, "mpi")}
        self.assertEqual(subtasks[2].exit_code, 4)
        self.assertEqual(subtasks[2].result, models.BatchTaskExecutionResult.FAILURE)
        self.assertEqual(subtasks[2].failure_info.code, "FailureExitCode")
        self.assertEqual(self.read(primary.node_info, "stdout.txt"), "")

    def test_a_task_for_more_nodes_than_there_are_waits(self):
        job_id = make_job(self, self.pool_id)
        self.client.create_task(job_id, spread("large", "true", "true", NODES + 1))
        self.client.create_task(job_id, task("small", "true"))
        self.completed(job_id, "small")
        self.assertEqual(self.client.get_task(job_id, "large").state, models.BatchTaskState.ACTIVE)

    def completed(self, job_id, task_id):
        wait_for(
            f"completed {task_id}",
            lambda: self.client.get_task(job_id, task_id).state == models.BatchTaskState.COMPLETED,
        )
