"""Images from a registry that demands a password.

    CONFORMANCE_PRIVATE_SERVER, CONFORMANCE_PRIVATE_USER, CONFORMANCE_PRIVATE_PASSWORD    the registry
    CONFORMANCE_PRIVATE_IMAGE                                                             an image that it serves

Without them these tests are skipped."""

import os
import unittest

from azure.batch import models

from account import AccountTest, completed_tasks, container_pool, fresh, on_real_containers, task

SERVER = os.environ.get("CONFORMANCE_PRIVATE_SERVER")


@on_real_containers
@unittest.skipUnless(SERVER, "no private registry was named")
class PrivateRegistry(AccountTest):
    """The pool carries the password; nothing on the node's host does."""

    def pool(self, password):
        """A pool with one node that logs in with `password` and prefetches; gone after the test."""
        pool_id = fresh("private-pool")
        registry = models.ContainerRegistryReference(
            registry_server=SERVER, username=os.environ["CONFORMANCE_PRIVATE_USER"], password=password
        )
        image = os.environ["CONFORMANCE_PRIVATE_IMAGE"]
        self.client.create_pool(container_pool(self.client, pool_id, 1, images=[image], registries=[registry]))
        self.addCleanup(lambda: self.client.begin_delete_pool(pool_id, polling_interval=1).result())
        return pool_id, image

    def test_the_right_password_prefetches_and_runs(self):
        pool_id, image = self.pool(os.environ["CONFORMANCE_PRIVATE_PASSWORD"])
        self.nodes_once(pool_id, 1, models.BatchNodeState.IDLE)
        job_id = fresh("private-job")
        self.client.create_job(
            models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=pool_id))
        )
        self.addCleanup(lambda: self.client.begin_delete_job(job_id, polling_interval=1).result())
        self.client.create_task(job_id, task("hello", "echo hello", image=image))
        self.assertEqual(completed_tasks(self.client, job_id)["hello"].execution_info.exit_code, 0)

    def test_a_wrong_password_leaves_the_node_unusable(self):
        pool_id, image = self.pool("not the password")
        [node] = self.nodes_once(pool_id, 1, models.BatchNodeState.UNUSABLE)
        [error] = node.errors
        self.assertEqual(error.code, "ContainerInvalidImage")
        told = " ".join([error.message, *(detail.value for detail in error.error_details or [])])
        self.assertIn(image, told)
