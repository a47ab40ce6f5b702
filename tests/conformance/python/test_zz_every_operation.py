"""Runs last, because its name sorts last: no public operation of the SDK was left out."""

from datetime import datetime, timezone

from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from account import CALLED, AccountTest, make_pool

# Methods of the client that are no operations of the service.
NOT_OPERATIONS = {"close", "send_request"}


class EveryOperation(AccountTest):
    """The operations that an emulator may refuse by name, and the sum of all."""

    def refused(self, operation, request):
        """`request` is answered 501 with the operation's name, unless it is carried out."""
        try:
            request()
        except HttpResponseError as error:
            if error.status_code != 501:
                raise
            self.assertEqual(error.error.code, "NotImplementedByEmulator")
            self.assertIn(operation, error.response.text())

    def test_a_what_needs_azure_is_refused_by_name(self):
        pool_id = make_pool(self, 1)
        node_id = next(self.client.list_nodes(pool_id)).id
        logs = models.UploadBatchServiceLogsOptions(
            container_url="https://account.blob.core.windows.net/logs?sig=none", start_time=datetime.now(timezone.utc)
        )
        self.refused("Nodes_UploadNodeLogs", lambda: self.client.upload_node_logs(pool_id, node_id, logs))

    def test_z_every_public_operation_was_called(self):
        public = {name for name in dir(BatchClient) if not name.startswith("_")} - NOT_OPERATIONS
        self.assertEqual(sorted(public - CALLED), [])
        self.assertEqual(len(public), 73)
