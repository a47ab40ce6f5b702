"""Files that come to a task from a container of Azure Storage, and files that go there afterwards.

    CONFORMANCE_CONTAINER_URL    a container with a blob `greeting.txt`, and a signature to list, read and write

Without it these tests are skipped."""

import os
import unittest
import urllib.request

from azure.batch import models

from account import AccountTest, completed_tasks, make_job, make_pool, on_real_containers, task

CONTAINER = os.environ.get("CONFORMANCE_CONTAINER_URL", "")
GREETING = "hello from a blob\n"


def blob_url(name):
    address, _, signature = CONTAINER.partition("?")
    return f"{address}/{name}?{signature}"


def kept(pattern, path, condition=models.OutputFileUploadCondition.TASK_COMPLETION):
    """An output file that goes to the container."""
    return models.OutputFile(
        file_pattern=pattern,
        destination=models.OutputFileDestination(
            container=models.OutputFileBlobContainerDestination(container_url=CONTAINER, path=path)
        ),
        upload_options=models.OutputFileUploadConfiguration(upload_condition=condition),
    )


@unittest.skipUnless(CONTAINER, "no container of Azure Storage was named")
class TaskFiles(AccountTest):
    """Tasks of one job."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id = make_pool(cls, 1)

    def run_task(self, task_id, command_line, **properties):
        """The task, once it is completed."""
        job_id = make_job(self, self.pool_id)
        new = task(task_id, command_line, run_options="--rm")
        for name, value in properties.items():
            setattr(new, name, value)
        self.client.create_task(job_id, new)
        return completed_tasks(self.client, job_id)[task_id]

    @on_real_containers
    def test_a_file_makes_the_round_trip(self):
        done = self.run_task(
            "trip",
            "/bin/sh -c 'cat in/greeting.txt all/greeting.txt >twice.txt; echo said'",
            resource_files=[
                models.ResourceFile(http_url=blob_url("greeting.txt"), file_path="in/greeting.txt"),
                models.ResourceFile(storage_container_url=CONTAINER, blob_prefix="greet", file_path="all"),
            ],
            output_files=[kept("*.txt", "trip"), kept("../std*.txt", "trip/logs")],
        )
        self.assertEqual(done.execution_info.exit_code, 0, done.execution_info.failure_info)
        self.assertIsNone(done.execution_info.failure_info)
        for name, content in [("trip/twice.txt", GREETING * 2), ("trip/logs/stdout.txt", "said\n")]:
            with urllib.request.urlopen(blob_url(name)) as blob:
                self.assertEqual(blob.read().decode(), content)

    @on_real_containers
    def test_a_blob_that_is_not_there_fails_the_task_before_it_runs(self):
        missing = models.ResourceFile(http_url=blob_url("none.txt"), file_path="none.txt")
        done = self.run_task("waits", "echo never", resource_files=[missing]).execution_info
        self.assertEqual(done.failure_info.code, "BlobNotFound")
        self.assertEqual(done.failure_info.category, models.BatchErrorSourceCategory.USER_ERROR)
        self.assertIsNone(done.exit_code)

    @on_real_containers
    def test_a_file_is_kept_after_the_end_that_it_is_asked_for(self):
        failure, success = models.OutputFileUploadCondition.TASK_FAILURE, models.OutputFileUploadCondition.TASK_SUCCESS
        done = self.run_task(
            "fails",
            "/bin/sh -c 'echo why >&2; exit 3'",
            output_files=[kept("../stderr.txt", "fails/why", failure), kept("../stderr.txt", "fails/never", success)],
        ).execution_info
        self.assertEqual((done.exit_code, done.failure_info.code), (3, "FailureExitCode"))
        with urllib.request.urlopen(blob_url("fails/why")) as blob:
            self.assertEqual(blob.read().decode(), "why\n")
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(blob_url("fails/never"))

    def test_files_read_back_as_they_were_written(self):
        resource = models.ResourceFile(http_url=blob_url("greeting.txt"), file_path="a", file_mode="0640")
        done = self.run_task("reads", "/bin/sh -c true", resource_files=[resource], output_files=[kept("*.txt", "x")])
        [read] = done.resource_files
        self.assertEqual((read.http_url, read.file_path, read.file_mode), (resource.http_url, "a", "0640"))
        [read] = done.output_files
        self.assertEqual((read.file_pattern, read.destination.container.path), ("*.txt", "x"))
        self.assertEqual(read.upload_options.upload_condition, models.OutputFileUploadCondition.TASK_COMPLETION)
