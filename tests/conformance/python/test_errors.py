"""Errors arrive as the exceptions that the SDK documents, with the service's own codes."""

import base64

from azure.batch import models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from account import ACCOUNT, KEY, AccountTest, connect, container_pool, fresh, task


class Errors(AccountTest):
    """A pool without nodes is enough to make every mistake."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id = fresh("errors-pool")
        cls.client.create_pool(container_pool(cls.client, cls.pool_id, 0))
        cls.addClassCleanup(lambda: cls.client.begin_delete_pool(cls.pool_id, polling_interval=1).result())

    def fails(self, expected, code, request):
        """`request` raises `expected`, and the service's code is `code`."""
        with self.assertRaises(expected) as raised:
            request()
        self.assertEqual(raised.exception.error.code, code)
        return raised.exception

    def test_what_is_not_there(self):
        self.fails(ResourceNotFoundError, "PoolNotFound", lambda: self.client.get_pool("no-such-pool"))
        self.fails(ResourceNotFoundError, "JobNotFound", lambda: self.client.get_job("no-such-job"))
        self.fails(ResourceNotFoundError, "JobNotFound", lambda: list(self.client.list_tasks("no-such-job")))
        self.fails(ResourceNotFoundError, "NodeNotFound", lambda: self.client.get_node(self.pool_id, "tvm-0"))

    def test_what_is_there_already(self):
        again = container_pool(self.client, self.pool_id, 0)
        error = self.fails(ResourceExistsError, "PoolExists", lambda: self.client.create_pool(again))
        self.assertIn("RequestId:", error.error.message)

    def test_an_unlisted_dependency_setting(self):
        job_id = fresh("plain-job")
        self.client.create_job(
            models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=self.pool_id))
        )
        self.addCleanup(lambda: self.client.begin_delete_job(job_id, polling_interval=1).result())
        self.fails(
            HttpResponseError,
            "TaskDependenciesNotSpecifiedOnJob",
            lambda: self.client.create_task(job_id, task("late", "true", after=["early"])),
        )

    def test_a_wrong_key_is_refused(self):
        wrong = base64.b64encode(b"not the key of this account").decode()
        error = self.fails(
            HttpResponseError, "AuthenticationFailed", lambda: connect(key=wrong).get_pool(self.pool_id)
        )
        self.assertEqual(error.status_code, 403)

    def test_a_wrong_account_is_refused(self):
        stranger = connect(account=f"not{ACCOUNT}", key=KEY)
        error = self.fails(HttpResponseError, "AuthenticationFailed", lambda: stranger.get_pool(self.pool_id))
        self.assertEqual(error.status_code, 403)
