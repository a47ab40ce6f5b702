"""Container workloads as the service's documentation introduces them: a pool that prefetches an image, a job, tasks
that succeed, fail and depend on each other, their output, and the removal of everything."""

from azure.batch import models
from azure.core.exceptions import ResourceNotFoundError

from account import (
    ENTRYPOINT_IMAGE, IMAGE, AccountTest, completed_tasks, container_pool, fresh, nodes_once, on_real_containers, task,
)

NODES = 2


class ContainerWorkload(AccountTest):
    """One pool and one finished job, looked at from many sides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id, cls.job_id = fresh("article-pool"), fresh("article-job")
        cls.client.create_pool(container_pool(cls.client, cls.pool_id, NODES, images=[IMAGE, ENTRYPOINT_IMAGE]))
        cls.addClassCleanup(cls.remove_everything)
        cls.nodes = nodes_once(cls.client, cls.pool_id, NODES, models.BatchNodeState.IDLE)
        cls.client.create_job(
            models.BatchJobCreateOptions(
                id=cls.job_id, pool_info=models.BatchPoolInfo(pool_id=cls.pool_id), uses_task_dependencies=True
            )
        )
        # The last task is added first: it must wait all the same.
        for new in [
            task("follows", "echo after", after=["succeeds"]),
            task("succeeds", "/bin/sh -c 'echo hello from $AZ_BATCH_TASK_ID'"),
            task("fails", "/bin/sh -c 'echo no luck >&2; exit 3'"),
            task(
                "writes",
                "/bin/sh -c \"echo 'hello world' > $AZ_BATCH_TASK_WORKING_DIR/output.txt; pwd\"",
                run_options="--rm --workdir /",
            ),
            task("entrypoint", "", image=ENTRYPOINT_IMAGE),
        ]:
            cls.client.create_task(cls.job_id, new)
        cls.tasks = completed_tasks(cls.client, cls.job_id)

    @classmethod
    def remove_everything(cls):
        cls.client.begin_delete_job(cls.job_id, polling_interval=1).result()
        cls.client.begin_delete_pool(cls.pool_id, polling_interval=1).result()

    def read(self, task_id, path, **options):
        return b"".join(self.client.download_task_file(self.job_id, task_id, path, **options)).decode()

    def test_the_pool_reads_back_as_it_was_written(self):
        pool = self.client.get_pool(self.pool_id)
        containers = pool.virtual_machine_configuration.container_configuration
        self.assertEqual(containers.container_image_names, [IMAGE, ENTRYPOINT_IMAGE])
        self.assertEqual(pool.state, models.BatchPoolState.ACTIVE)
        self.assertEqual(pool.allocation_state, models.AllocationState.STEADY)
        self.assertEqual((pool.current_dedicated_nodes, pool.target_dedicated_nodes), (NODES, NODES))
        self.assertIn(self.pool_id, [listed.id for listed in self.client.list_pools()])

    def test_nodes_are_listed_and_read_one_by_one(self):
        self.assertEqual(len({node.id for node in self.nodes}), NODES)
        for node in self.nodes:
            read = self.client.get_node(self.pool_id, node.id)
            self.assertEqual((read.id, read.vm_size, read.is_dedicated), (node.id, "standard_d2s_v3", True))
            self.assertEqual(read.scheduling_state, models.SchedulingState.ENABLED)

    @on_real_containers
    def test_exit_codes_are_those_of_the_processes(self):
        codes = {task_id: done.execution_info.exit_code for task_id, done in self.tasks.items()}
        self.assertEqual(codes, {"succeeds": 0, "fails": 3, "follows": 0, "writes": 0, "entrypoint": 0})

    @on_real_containers
    def test_a_failed_task_says_why(self):
        failed = self.tasks["fails"].execution_info
        self.assertEqual(failed.result, models.BatchTaskExecutionResult.FAILURE)
        self.assertEqual(failed.failure_info.code, "FailureExitCode")
        self.assertEqual(failed.failure_info.category, models.BatchErrorSourceCategory.USER_ERROR)
        self.assertIsNone(self.tasks["succeeds"].execution_info.failure_info)

    def test_a_dependent_task_starts_after_the_task_it_depends_on(self):
        first, second = self.tasks["succeeds"].execution_info, self.tasks["follows"].execution_info
        self.assertEqual(first.result, models.BatchTaskExecutionResult.SUCCESS)
        self.assertGreaterEqual(second.start_time, first.end_time)

    def test_a_task_ran_on_a_node_of_the_pool(self):
        node_info = self.client.get_task(self.job_id, "succeeds").node_info
        self.assertEqual(node_info.pool_id, self.pool_id)
        self.assertIn(node_info.node_id, [node.id for node in self.nodes])

    @on_real_containers
    def test_the_streams_of_a_task_are_its_files(self):
        self.assertEqual(self.read("succeeds", "stdout.txt"), "hello from succeeds\n")
        self.assertEqual(self.read("fails", "stderr.txt"), "no luck\n")
        self.assertEqual(self.read("follows", "stdout.txt"), "after\n")

    @on_real_containers
    def test_a_range_of_a_file(self):
        self.assertEqual(self.read("succeeds", "stdout.txt", ocp_range="bytes=6-9"), "from")

    @on_real_containers
    def test_the_properties_of_a_file(self):
        properties = self.client.get_task_file_properties(self.job_id, "succeeds", "stdout.txt")
        self.assertEqual(int(properties.content_length), len("hello from succeeds\n"))

    @on_real_containers
    def test_a_container_writes_to_the_task_folder_whatever_its_working_directory(self):
        self.assertEqual(self.read("writes", "wd/output.txt"), "hello world\n")
        self.assertEqual(self.read("writes", "stdout.txt"), "/\n")

    @on_real_containers
    def test_files_are_listed(self):
        top = {file.name: file for file in self.client.list_task_files(self.job_id, "writes")}
        self.assertLessEqual({"stdout.txt", "stderr.txt", "wd"}, top.keys())
        self.assertTrue(top["wd"].is_directory)
        self.assertEqual(top["stdout.txt"].properties.content_length, 2)
        everything = [file.name for file in self.client.list_task_files(self.job_id, "writes", recursive=True)]
        self.assertIn("wd/output.txt", everything)

    @on_real_containers
    def test_an_empty_command_line_runs_the_entrypoint(self):
        self.assertEqual(self.read("entrypoint", "stdout.txt"), "hello from the entrypoint\n")

    @on_real_containers
    def test_a_missing_file_is_not_found(self):
        with self.assertRaises(ResourceNotFoundError) as raised:
            self.read("succeeds", "no-such-file.txt")
        self.assertEqual(raised.exception.status_code, 404)


class Removal(AccountTest):
    """What was deleted is gone."""

    def test_a_deleted_job_takes_its_tasks_along(self):
        pool_id, job_id = fresh("empty-pool"), fresh("short-job")
        self.client.create_pool(container_pool(self.client, pool_id, 0))
        self.client.create_job(
            models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=pool_id))
        )
        self.client.create_task(job_id, task("waits", "true"))

        self.client.begin_delete_job(job_id, polling_interval=1).result()
        self.client.begin_delete_pool(pool_id, polling_interval=1).result()
        for read in [
            lambda: self.client.get_task(job_id, "waits"),
            lambda: self.client.get_job(job_id),
            lambda: self.client.get_pool(pool_id),
        ]:
            self.assertRaises(ResourceNotFoundError, read)

    def test_a_task_can_be_deleted_alone(self):
        pool_id, job_id = fresh("empty-pool"), fresh("shrinking-job")
        self.client.create_pool(container_pool(self.client, pool_id, 0))
        self.addCleanup(lambda: self.client.begin_delete_pool(pool_id, polling_interval=1).result())
        self.client.create_job(
            models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=pool_id))
        )
        self.addCleanup(lambda: self.client.begin_delete_job(job_id, polling_interval=1).result())
        for task_id in ["stays", "goes"]:
            self.client.create_task(job_id, task(task_id, "true"))
        self.client.delete_task(job_id, "goes")
        self.assertEqual([left.id for left in self.client.list_tasks(job_id)], ["stays"])
