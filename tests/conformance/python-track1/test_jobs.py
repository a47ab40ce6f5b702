"""Jobs and tasks."""

from datetime import timedelta

from azure.batch import models

from account import AccountTest, fresh, task, wait_for

COUNT = 2500


class Jobs(AccountTest):
    """Jobs on one pool with one node."""

    def test_a_job_is_changed_replaced_disabled_enabled_and_ended(self):
        job_id = self.new_job(priority=3)
        self.client.job.patch(job_id, models.JobPatchParameter(priority=4, max_parallel_tasks=2))
        self.assertEqual(self.client.job.get(job_id).priority, 4)
        info = models.PoolInformation(pool_id=self.pool_id)
        self.client.job.update(job_id, models.JobUpdateParameter(pool_info=info))
        self.assertEqual(self.client.job.get(job_id).priority, 0)
        self.client.job.disable(job_id, models.DisableJobOption.requeue)
        self.until_job(job_id, models.JobState.disabled)
        self.client.job.enable(job_id)
        self.until_job(job_id, models.JobState.active)
        self.client.job.terminate(job_id, "enough")
        self.until_job(job_id, models.JobState.completed)
        self.assertEqual(self.client.job.get(job_id).execution_info.terminate_reason, "enough")
        self.fails("JobCompleted", lambda: self.client.task.add(job_id, task("late")))

    def until_job(self, job_id, state):
        wait_for(f"{state} job", lambda: self.client.job.get(job_id).state == state)

    def test_a_task_lives_and_ends_and_lives_again(self):
        job_id = self.new_job()
        self.client.task.add(job_id, task("t", seconds=600))
        self.until_task(job_id, "t", models.TaskState.running)
        self.client.task.update(job_id, "t", models.TaskConstraints(max_task_retry_count=1))
        read = self.client.task.get(job_id, "t")
        self.assertEqual(read.constraints.max_task_retry_count, 1)
        self.assertEqual(read.constraints.retention_time, timedelta(days=7))
        self.assertEqual(read.container_settings.container_run_options, "--rm")
        self.client.task.terminate(job_id, "t")
        self.until_task(job_id, "t", models.TaskState.completed)
        self.client.task.reactivate(job_id, "t")
        self.until_task(job_id, "t", models.TaskState.running)
        self.assertEqual(self.client.task.list_subtasks(job_id, "t").value, [])
        self.client.task.delete(job_id, "t")
        self.fails("TaskNotFound", lambda: self.client.task.get(job_id, "t"))

    def test_thousands_of_tasks_are_added_counted_and_listed_in_pages(self):
        job_id = self.new_job()
        self.client.job.disable(job_id, models.DisableJobOption.requeue)
        expected = [f"task-{number:04}" for number in range(COUNT)]
        results = self.client.task.add_collection(job_id, [task(name) for name in expected], threads=2).value
        self.assertEqual({result.status for result in results}, {models.TaskAddStatus.success})
        pages = self.client.task.list(job_id, models.TaskListOptions(max_results=1000, select="id"))
        listed = sorted(found.id for found in pages)
        self.assertEqual(listed, expected)
        counts = self.client.job.get_task_counts(job_id)
        self.assertEqual((counts.task_counts.active, counts.task_slot_counts.active), (COUNT, COUNT))

    def test_jobs_are_listed_by_filter(self):
        job_id = self.new_job()
        listed = self.client.job.list(models.JobListOptions(filter=f"id eq '{job_id}'"))
        self.assertEqual([job.id for job in listed], [job_id])
        status = lambda: list(self.client.job.list_preparation_and_release_task_status(job_id))
        self.fails("JobPreparationTaskNotSpecified", status)

    def test_errors_have_the_codes_of_the_service(self):
        job_id = self.new_job()
        self.client.task.add(job_id, task("once"))
        self.fails("TaskExists", lambda: self.client.task.add(job_id, task("ONCE")))
        info = models.PoolInformation(pool_id=self.pool_id)
        self.fails("JobExists", lambda: self.client.job.add(models.JobAddParameter(id=job_id, pool_info=info)))
        self.fails("JobNotFound", lambda: self.client.job.get(fresh("no-job")))
        self.fails("OutOfRangePriority", lambda: self.client.job.patch(job_id, models.JobPatchParameter(priority=5000)))
