"""Jobs and tasks: changed, disabled, ended, run again."""

from datetime import timedelta

from azure.batch import models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from account import IMAGE, AccountTest, endless_task, fresh, make_job, make_pool, task, wait_for


class Jobs(AccountTest):
    """Jobs on one pool with one node."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id = make_pool(cls, 1)

    def state_of(self, job_id, task_id):
        return self.client.get_task(job_id, task_id).state

    def running(self, job_id, task_id):
        wait_for("running task", lambda: self.state_of(job_id, task_id) == models.BatchTaskState.RUNNING)

    def completed(self, job_id, task_id):
        wait_for("completed task", lambda: self.state_of(job_id, task_id) == models.BatchTaskState.COMPLETED)

    def test_a_job_is_changed_and_replaced(self):
        job_id = make_job(self, self.pool_id, priority=3, metadata=[models.BatchMetadataItem(name="a", value="b")])
        self.client.update_job(job_id, models.BatchJobUpdateOptions(priority=5, max_parallel_tasks=2))
        job = self.client.get_job(job_id)
        self.assertEqual((job.priority, job.max_parallel_tasks, job.metadata[0].name), (5, 2, "a"))
        self.client.replace_job(job_id, models.BatchJob(pool_info=models.BatchPoolInfo(pool_id=self.pool_id)))
        job = self.client.get_job(job_id)
        self.assertEqual((job.priority, job.max_parallel_tasks, job.metadata), (0, -1, None))

    def test_a_disabled_job_keeps_its_tasks_from_running(self):
        job_id = make_job(self, self.pool_id)
        self.client.create_task(job_id, endless_task("runs"))
        self.running(job_id, "runs")
        self.client.begin_disable_job(
            job_id, models.BatchJobDisableOptions(disable_tasks=models.DisableBatchJobOption.REQUEUE), polling_interval=1
        ).result()
        self.assertEqual(self.client.get_job(job_id).state, models.BatchJobState.DISABLED)
        self.assertEqual(self.state_of(job_id, "runs"), models.BatchTaskState.ACTIVE)
        self.client.begin_enable_job(job_id, polling_interval=1).result()
        self.running(job_id, "runs")
        counts = self.client.get_job_task_counts(job_id)
        self.assertEqual((counts.task_counts.running, counts.task_slot_counts.running), (1, 1))

    def test_a_terminated_job_says_why_and_takes_no_tasks(self):
        job_id = make_job(self, self.pool_id)
        self.client.create_task(job_id, endless_task("runs"))
        self.running(job_id, "runs")
        self.client.begin_terminate_job(
            job_id, options={"terminateReason": "enough"}, polling_interval=1
        ).result()
        job = self.client.get_job(job_id)
        self.assertEqual(job.state, models.BatchJobState.COMPLETED)
        self.assertEqual(job.execution_info.termination_reason, "enough")
        self.assertEqual(self.state_of(job_id, "runs"), models.BatchTaskState.COMPLETED)
        with self.assertRaises(ResourceExistsError) as raised:
            self.client.create_task(job_id, task("late", "true"))
        self.assertEqual(raised.exception.error.code, "JobCompleted")

    def test_a_failed_task_runs_again_when_asked(self):
        job_id = make_job(self, self.pool_id)
        self.client.create_task(job_id, endless_task("t"))
        self.running(job_id, "t")
        self.client.replace_task(
            job_id, "t", models.BatchTask(constraints=models.BatchTaskConstraints(max_task_retry_count=1))
        )
        self.assertEqual(self.client.get_task(job_id, "t").constraints.max_task_retry_count, 1)
        self.client.terminate_task(job_id, "t")
        ended = self.client.get_task(job_id, "t")
        self.assertEqual(ended.execution_info.failure_info.code, "TaskEnded")
        self.client.reactivate_task(job_id, "t")
        self.running(job_id, "t")
        self.client.delete_task(job_id, "t")
        self.assertRaises(ResourceNotFoundError, self.client.get_task, job_id, "t")

    def test_constraints_of_the_service_are_read_as_durations(self):
        job_id = make_job(self, self.pool_id, constraints=models.BatchJobConstraints(max_wall_clock_time=timedelta(hours=1, seconds=1.5)))
        constraints = self.client.get_job(job_id).constraints
        self.assertEqual(constraints.max_wall_clock_time, timedelta(hours=1, seconds=1.5))
        self.client.create_task(job_id, task("t", "true"))
        limits = self.client.get_task(job_id, "t").constraints
        self.assertEqual(limits.retention_time, timedelta(days=7))
        self.assertGreater(limits.max_wall_clock_time, timedelta(days=10_000_000))

    def test_a_collection_has_a_result_for_each_task(self):
        job_id = make_job(self, self.pool_id)
        group = models.BatchTaskGroup(task_values=[task("one", "true"), task("two", "true"), task("ONE", "true")])
        results = self.client.create_task_collection(job_id, group)
        status = {
            result.task_id: (result.status, result.error.code if result.error else None)
            for result in results.result_values
        }
        self.assertEqual(status["one"], (models.BatchTaskAddStatus.SUCCESS, None))
        self.assertEqual(status["ONE"], (models.BatchTaskAddStatus.CLIENT_ERROR, "TaskExists"))
        self.completed(job_id, "two")
        self.assertEqual(list(self.client.list_subtasks(job_id, "two")), [])

    def test_jobs_are_listed_by_filter(self):
        job_id = make_job(self, self.pool_id)
        listed = self.client.list_jobs(filter=f"id eq '{job_id}'", select=["id", "state"], expand=["stats"])
        self.assertEqual([(job.id, job.state) for job in listed], [(job_id, models.BatchJobState.ACTIVE)])

    def test_a_job_without_preparation_has_no_status_of_it(self):
        job_id = make_job(self, self.pool_id)
        with self.assertRaises(HttpResponseError) as raised:
            list(self.client.list_job_preparation_and_release_task_status(job_id))
        self.assertEqual(raised.exception.error.code, "JobPreparationTaskNotSpecified")

    def test_nodes_are_prepared_for_a_job_and_released_when_it_ends(self):
        beside = {"container_settings": models.BatchTaskContainerSettings(image_name=IMAGE)}
        job_id = make_job(
            self,
            self.pool_id,
            job_preparation_task=models.BatchJobPreparationTask(
                command_line='/bin/sh -c "echo data > data"', wait_for_success=True, **beside
            ),
            job_release_task=models.BatchJobReleaseTask(command_line="/bin/true", **beside),
        )
        command = '/bin/sh -c "cat $AZ_BATCH_JOB_PREP_WORKING_DIR/data"'
        self.client.create_task(job_id, models.BatchTaskCreateOptions(id="t", command_line=command, **beside))
        self.completed(job_id, "t")
        execution = self.client.get_task(job_id, "t").execution_info
        self.assertEqual(execution.result, models.BatchTaskExecutionResult.SUCCESS)
        self.client.begin_terminate_job(job_id, options={"terminateReason": "done"}, polling_interval=1).result()
        statuses = list(
            self.client.list_job_preparation_and_release_task_status(
                job_id, filter="jobPreparationTaskExecutionInfo/exitCode eq 0"
            )
        )
        self.assertEqual(len(statuses), 1)
        preparation = statuses[0].job_preparation_task_execution_info
        self.assertEqual(preparation.state, models.BatchJobPreparationTaskState.COMPLETED)
        self.assertEqual((preparation.retry_count, preparation.exit_code), (0, 0))
        self.assertEqual(preparation.task_root_directory, f"workitems/{job_id}/job-1/jobpreparation")
        release = statuses[0].job_release_task_execution_info
        self.assertEqual(release.result, models.BatchTaskExecutionResult.SUCCESS)
        self.assertGreaterEqual(release.start_time, execution.end_time)

    def test_a_job_that_is_not_there(self):
        for request in [self.client.get_job, self.client.get_job_task_counts, self.client.begin_delete_job]:
            self.assertRaises(ResourceNotFoundError, request, fresh("no-job"))
