"""The Batch account under test, and waiting for it: what every test here builds on.

The account comes from the environment, so that the same tests can be pointed at anything that speaks the protocol:

    CONFORMANCE_ENDPOINT, CONFORMANCE_ACCOUNT, CONFORMANCE_KEY    the account
    CONFORMANCE_IMAGE                  an image with a shell, for example a busybox
    CONFORMANCE_ENTRYPOINT_IMAGE       an image whose ENTRYPOINT prints "hello from the entrypoint"
    CONFORMANCE_REAL                   1 where tasks are real processes, 0 where they are simulated
"""

import os
import time
import unittest
import uuid

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

ENDPOINT = os.environ["CONFORMANCE_ENDPOINT"]
ACCOUNT = os.environ["CONFORMANCE_ACCOUNT"]
KEY = os.environ["CONFORMANCE_KEY"]
IMAGE = os.environ["CONFORMANCE_IMAGE"]
ENTRYPOINT_IMAGE = os.environ["CONFORMANCE_ENTRYPOINT_IMAGE"]

on_real_containers = unittest.skipUnless(
    os.environ["CONFORMANCE_REAL"] == "1", "simulated tasks run no process, so they write nothing"
)

PATIENCE = 120  # seconds until a wait is given up; an image may have to be pulled first
TICK = 0.2  # seconds between two looks


CALLED = set()  # the client's public methods that some test has used


class Recorder:
    """A client that notes which of its methods are used, for `test_zz_every_operation`; otherwise the SDK's own."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        CALLED.add(name)
        return getattr(self._client, name)


def connect(account=ACCOUNT, key=KEY):
    """A client as the SDK's documentation makes it: an endpoint, a name and a key."""
    return Recorder(BatchClient(endpoint=ENDPOINT, credential=AzureNamedKeyCredential(account, key)))


def fresh(prefix):
    """An id that no other test has used."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def wait_for(what, condition):
    """Looks until `condition` answers something true, and returns that."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(TICK)
    raise AssertionError(f"no {what} within {PATIENCE} s")


def linux_container_image(client):
    """A virtual machine image that runs Linux containers, chosen from those that the account offers."""
    for image in client.list_supported_images():
        if image.os_type == models.OSType.LINUX and "DockerCompatible" in (image.capabilities or []):
            return image
    raise AssertionError("no supported image runs Linux containers")


def container_pool(client, pool_id, nodes, *, images=(), registries=()):
    """A pool for containers; `images` are fetched to every node before it takes tasks."""
    machine_image = linux_container_image(client)
    return models.BatchPoolCreateOptions(
        id=pool_id,
        vm_size="standard_d2s_v3",
        target_dedicated_nodes=nodes,
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=machine_image.image_reference,
            node_agent_sku_id=machine_image.node_agent_sku_id,
            container_configuration=models.BatchContainerConfiguration(
                type=models.ContainerType.DOCKER_COMPATIBLE,
                container_image_names=list(images) or None,
                container_registries=list(registries) or None,
            ),
        ),
    )


def task(task_id, command_line, *, image=IMAGE, run_options=None, after=()):
    """A task in a container of `image`, to run after the tasks `after`."""
    return models.BatchTaskCreateOptions(
        id=task_id,
        command_line=command_line,
        container_settings=models.BatchTaskContainerSettings(image_name=image, container_run_options=run_options),
        depends_on=models.BatchTaskDependencies(task_ids=list(after)) if after else None,
    )


def endless_task(task_id):
    """A task that runs until somebody ends it; the variable is for tasks that are simulated."""
    endless = task(task_id, "/bin/sh -c 'sleep 600'")
    endless.environment_settings = [models.EnvironmentSetting(name="BATCHYARD_SIMULATE", value="seconds=600")]
    return endless


class AccountTest(unittest.TestCase):
    """A test with a client."""

    @classmethod
    def setUpClass(cls):
        cls.client = connect()

    def nodes_once(self, pool_id, count, state):
        """The pool's nodes, once there are `count` of them and all are in `state`."""
        return nodes_once(self.client, pool_id, count, state)


def nodes_once(client, pool_id, count, state):
    """The pool's nodes, once there are `count` of them and all are in `state`."""

    def settled():
        nodes = list(client.list_nodes(pool_id))
        return nodes if len(nodes) == count and all(node.state == state for node in nodes) else None

    return wait_for(f"{count} nodes {state}", settled)


def completed_tasks(client, job_id):
    """The job's tasks by id, once all are completed."""

    def settled():
        tasks = list(client.list_tasks(job_id))
        if all(task.state == models.BatchTaskState.COMPLETED for task in tasks):
            return {task.id: task for task in tasks}
        return None

    return wait_for(f"completed tasks in {job_id}", settled)


def make_job(test, pool_id, **properties):
    """A job on that pool, deleted after the test; answers its id."""
    job_id = fresh("job")
    job = models.BatchJobCreateOptions(id=job_id, pool_info=models.BatchPoolInfo(pool_id=pool_id), **properties)
    test.client.create_job(job)
    test.addCleanup(lambda: test.client.begin_delete_job(job_id, polling_interval=1).result())
    return job_id


def make_pool(test, nodes, **properties):
    """A pool with that many idle nodes, deleted after the test or the class; answers its id."""
    pool_id = fresh("pool")
    pool = container_pool(test.client, pool_id, nodes)
    for name, value in properties.items():
        setattr(pool, name, value)
    test.client.create_pool(pool)
    cleanup = test.addClassCleanup if isinstance(test, type) else test.addCleanup
    cleanup(lambda: test.client.begin_delete_pool(pool_id, polling_interval=1).result())
    wait_for("steady pool", lambda: test.client.get_pool(pool_id).allocation_state == models.AllocationState.STEADY)
    if nodes:
        nodes_once(test.client, pool_id, nodes, models.BatchNodeState.IDLE)
    return pool_id
