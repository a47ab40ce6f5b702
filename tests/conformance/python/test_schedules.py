"""Job schedules: made, changed, disabled, ended; and the jobs that they make."""

from datetime import timedelta

from azure.batch import models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from account import IMAGE, AccountTest, fresh, make_pool, wait_for


class Schedules(AccountTest):
    """Schedules on one pool with one node."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id = make_pool(cls, 1)

    def specification(self, **more):
        """Jobs that end with their job manager task."""
        manager = models.BatchJobManagerTask(
            id="manager",
            command_line="/bin/sh -c 'echo managed'",
            container_settings=models.BatchTaskContainerSettings(image_name=IMAGE),
        )
        return models.BatchJobSpecification(
            pool_info=models.BatchPoolInfo(pool_id=self.pool_id), job_manager_task=manager, **more
        )

    def make_schedule(self, **when):
        schedule_id = fresh("schedule")
        self.client.create_job_schedule(
            models.BatchJobScheduleCreateOptions(
                id=schedule_id,
                schedule=models.BatchJobScheduleConfiguration(**when),
                job_specification=self.specification(),
                metadata=[models.BatchMetadataItem(name="a", value="b")],
            )
        )
        return schedule_id

    def completed(self, job_id):
        def job():
            try:
                found = self.client.get_job(job_id)
            except ResourceNotFoundError:
                return None
            return found if found.state == models.BatchJobState.COMPLETED else None

        return wait_for(f"completed {job_id}", job)

    def test_a_schedule_makes_a_job_that_ends_with_its_manager(self):
        schedule_id = self.make_schedule(recurrence_interval=timedelta(hours=1))
        self.assertTrue(self.client.job_schedule_exists(schedule_id))
        job = self.completed(f"{schedule_id}:job-1")
        self.assertEqual(job.execution_info.termination_reason, "JMComplete")
        task = self.client.get_task(job.id, "manager")
        self.assertEqual(task.execution_info.result, models.BatchTaskExecutionResult.SUCCESS)
        schedule = self.client.get_job_schedule(schedule_id)
        self.assertEqual(schedule.state, models.BatchJobScheduleState.ACTIVE)
        self.assertEqual(schedule.execution_info.recent_job.id, job.id)
        self.assertEqual(schedule.execution_info.next_run_time - schedule.creation_time, timedelta(hours=1))
        self.assertEqual([job.id for job in self.client.list_jobs_from_schedule(schedule_id)], [job.id])
        self.assertIn(schedule_id, [schedule.id for schedule in self.client.list_job_schedules(select=["id"])])
        self.client.begin_delete_job_schedule(schedule_id, polling_interval=1).result()
        self.assertRaises(ResourceNotFoundError, self.client.get_job, job.id)
        self.assertRaises(ResourceNotFoundError, self.client.job_schedule_exists, schedule_id)

    def test_a_schedule_is_changed_replaced_disabled_and_enabled(self):
        schedule_id = self.make_schedule(recurrence_interval=timedelta(hours=1))
        self.completed(f"{schedule_id}:job-1")
        two_hours = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=2))
        self.client.update_job_schedule(schedule_id, models.BatchJobScheduleUpdateOptions(schedule=two_hours))
        schedule = self.client.get_job_schedule(schedule_id)
        self.assertEqual(schedule.schedule.recurrence_interval, timedelta(hours=2))
        self.assertEqual(schedule.metadata[0].name, "a")
        stale = schedule.etag
        self.client.replace_job_schedule(
            schedule_id, models.BatchJobSchedule(schedule=two_hours, job_specification=self.specification(priority=5))
        )
        schedule = self.client.get_job_schedule(schedule_id)
        self.assertEqual((schedule.job_specification.priority, schedule.metadata), (5, None))
        self.assertNotEqual(schedule.etag, stale)
        self.client.disable_job_schedule(schedule_id)
        self.assertEqual(self.client.get_job_schedule(schedule_id).state, models.BatchJobScheduleState.DISABLED)
        self.client.enable_job_schedule(schedule_id)
        self.assertEqual(self.client.get_job_schedule(schedule_id).state, models.BatchJobScheduleState.ACTIVE)
        self.client.begin_terminate_job_schedule(schedule_id, polling_interval=1).result()
        wait_for(
            "completed schedule",
            lambda: self.client.get_job_schedule(schedule_id).state == models.BatchJobScheduleState.COMPLETED,
        )
        with self.assertRaises(HttpResponseError) as raised:
            self.client.enable_job_schedule(schedule_id)
        self.assertEqual(raised.exception.error.code, "JobScheduleCompleted")

    def test_an_id_is_used_once(self):
        schedule_id = self.make_schedule(recurrence_interval=timedelta(hours=1))
        job = models.BatchJobCreateOptions(id=schedule_id, pool_info=models.BatchPoolInfo(pool_id=self.pool_id))
        with self.assertRaises(ResourceExistsError) as raised:
            self.client.create_job(job)
        self.assertEqual(raised.exception.error.code, "JobScheduleWithSameIdExists")
        self.client.begin_delete_job_schedule(schedule_id, polling_interval=1).result()
