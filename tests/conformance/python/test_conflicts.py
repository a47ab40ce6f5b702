"""Several clients at once: who comes second learns it."""

from concurrent.futures import ThreadPoolExecutor

from azure.batch import models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError

from account import AccountTest, connect, container_pool, fresh, make_job, make_pool

CLIENTS = 8


class Conflicts(AccountTest):
    """A pool without nodes, and many who want it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id = make_pool(cls, 0)
        cls.clients = [connect() for _ in range(CLIENTS)]

    def race(self, request):
        """Has every client do `request` at once; answers what each got or raised."""

        def attempt(client):
            try:
                return request(client)
            except HttpResponseError as error:
                return error

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(attempt, self.clients))

    def test_one_of_many_who_saw_the_same_version_changes_it(self):
        etag = self.client.get_pool(self.pool_id).etag
        change = models.BatchPoolUpdateOptions(metadata=[models.BatchMetadataItem(name="a", value="b")])
        results = self.race(
            lambda client: client.update_pool(
                self.pool_id, change, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        )
        refused = [result for result in results if result is not None]
        self.assertEqual(len(refused), CLIENTS - 1)
        for error in refused:
            self.assertIsInstance(error, ResourceModifiedError)
            self.assertEqual((error.status_code, error.error.code), (412, "ConditionNotMet"))

    def test_one_of_many_makes_the_job(self):
        job_id = fresh("raced-job")
        job = models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=self.pool_id))
        results = self.race(lambda client: client.create_job(job))
        self.addCleanup(lambda: self.client.begin_delete_job(job_id, polling_interval=1).result())
        refused = [result for result in results if result is not None]
        self.assertEqual(len(refused), CLIENTS - 1)
        self.assertTrue(all(isinstance(error, ResourceExistsError) for error in refused))
        self.assertEqual({error.error.code for error in refused}, {"JobExists"})

    def test_what_has_not_changed_is_not_sent_again(self):
        pool = self.client.get_pool(self.pool_id)
        with self.assertRaises(HttpResponseError) as raised:
            self.client.get_pool(self.pool_id, etag=pool.etag, match_condition=MatchConditions.IfModified)
        self.assertEqual(raised.exception.status_code, 304)

    def test_what_is_being_deleted_can_not_be_changed(self):
        job_id = make_job(self, self.pool_id)
        etag = self.client.get_job(job_id).etag
        self.client.update_job(job_id, models.BatchJobUpdateOptions(priority=1))
        with self.assertRaises(ResourceModifiedError):
            self.client.begin_delete_job(job_id, etag=etag, match_condition=MatchConditions.IfNotModified)
        again = container_pool(self.client, self.pool_id, 0)
        self.assertRaises(ResourceExistsError, self.client.create_pool, again)
