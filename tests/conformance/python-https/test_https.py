"""The SDK over https: with the account's key, and with a token of Microsoft Entra, which it sends over nothing else."""

import os
import time
import unittest
import uuid

from azure.batch import BatchClient, models
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import ClientAuthenticationError

ENDPOINT = os.environ["CONFORMANCE_ENDPOINT"]


class StaticCredential:
    """A token that somebody else got; notes what it was asked for."""

    def __init__(self, token):
        self.token = token
        self.scopes = []

    def get_token(self, *scopes, **_):
        self.scopes.extend(scopes)
        return AccessToken(self.token, int(time.time()) + 3000)


def with_key():
    key = AzureNamedKeyCredential(os.environ["CONFORMANCE_ACCOUNT"], os.environ["CONFORMANCE_KEY"])
    return BatchClient(endpoint=ENDPOINT, credential=key)


class Https(unittest.TestCase):
    def setUp(self):
        self.assertTrue(ENDPOINT.startswith("https://"), ENDPOINT)

    def round_trip(self, client):
        ids = [f"https-{uuid.uuid4()}" for _ in range(3)]
        for id in ids:
            job = models.BatchJobCreateOptions(id=id, pool_info=models.BatchPoolInfo(pool_id="none"))
            client.create_job(job)
        pages = list(client.list_jobs(max_results=1).by_page())
        self.assertGreaterEqual(len(pages), 3)
        job = client.get_job(ids[0])
        self.assertEqual(job.url, f"{ENDPOINT}/jobs/{ids[0]}")
        for id in ids:
            client.begin_delete_job(id, polling_interval=0.1).result()

    def test_the_key_works(self):
        self.round_trip(with_key())

    def test_a_token_works(self):
        credential = StaticCredential(os.environ["CONFORMANCE_TOKEN"])
        self.round_trip(BatchClient(endpoint=ENDPOINT, credential=credential))
        self.assertIn("https://batch.core.windows.net//.default", credential.scopes)

    def test_a_token_of_somebody_else_is_refused_as_the_sdk_expects(self):
        client = BatchClient(endpoint=ENDPOINT, credential=StaticCredential("a.b.c"))
        with self.assertRaises(ClientAuthenticationError) as refused:
            list(client.list_jobs())
        self.assertEqual(refused.exception.status_code, 401)


if __name__ == "__main__":
    unittest.main()
