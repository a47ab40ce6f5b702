"""Runs last, because its name sorts last: no public operation of the SDK was left out."""

import inspect
from datetime import datetime, timedelta, timezone

from azure.batch import BatchServiceClient, models

from account import CALLED, AccountTest, connect, fresh


class EveryOperation(AccountTest):
    """The operations that an emulator may refuse by name, and the sum of all."""

    def refused(self, request):
        """`request` is answered 501, unless it is carried out."""
        self.assertIn(self.code_of(request), [None, "NotImplementedByEmulator"])

    def test_logs_are_refused_by_name(self):
        logs = models.UploadBatchServiceLogsConfiguration(
            container_url="https://account.blob.core.windows.net/logs", start_time=datetime.now(timezone.utc)
        )
        nodes = self.client.compute_node
        self.refused(lambda: nodes.upload_batch_service_logs(self.pool_id, self.node_id, logs))

    def test_a_job_schedule_is_made_changed_disabled_and_ended(self):
        schedules, schedule_id = self.client.job_schedule, fresh("schedule")
        schedule = models.Schedule(recurrence_interval=timedelta(hours=1))
        specification = models.JobSpecification(pool_info=models.PoolInformation(pool_id=self.pool_id))
        schedules.add(
            models.JobScheduleAddParameter(id=schedule_id, schedule=schedule, job_specification=specification)
        )
        self.assertTrue(schedules.exists(schedule_id))
        self.assertIn(schedule_id, [found.id for found in schedules.list()])
        note = [models.MetadataItem(name="a", value="b")]
        schedules.patch(schedule_id, models.JobSchedulePatchParameter(metadata=note))
        self.assertEqual(schedules.get(schedule_id).metadata[0].value, "b")
        replacement = models.JobScheduleUpdateParameter(schedule=schedule, job_specification=specification)
        schedules.update(schedule_id, replacement)
        self.assertIsNone(schedules.get(schedule_id).metadata)
        schedules.disable(schedule_id)
        self.assertEqual(schedules.get(schedule_id).state, models.JobScheduleState.disabled)
        schedules.enable(schedule_id)
        self.assertLessEqual(len(list(self.client.job.list_from_job_schedule(schedule_id))), 1)
        schedules.terminate(schedule_id)
        schedules.delete(schedule_id)

    def test_a_wrong_key_is_refused(self):
        stranger = connect(key="c3RyYW5nZXI=")
        self.fails("AuthenticationFailed", lambda: stranger.pool.get(self.pool_id))

    def test_z_every_public_operation_was_called(self):
        client = self.client._target
        groups = {name: group for name, group in vars(client).items() if type(group).__name__.endswith("Operations")}
        public = {
            f"{name}.{method}"
            for name, group in groups.items()
            for method, _ in inspect.getmembers(type(group), inspect.isfunction)
            if not method.startswith("_")
        }
        self.assertEqual(sorted(public - CALLED), [])
        self.assertEqual(len(public), 76)
        self.assertIsInstance(client, BatchServiceClient)
