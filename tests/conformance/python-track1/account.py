"""The Batch account under test, and waiting for it.

    CONFORMANCE_ENDPOINT, CONFORMANCE_ACCOUNT, CONFORMANCE_KEY    the account
    CONFORMANCE_IMAGE                                             an image with a shell, for example a busybox
    CONFORMANCE_REAL                                              1 if containers really run
"""

import os
import time
import unittest
import uuid

from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials

ENDPOINT = os.environ["CONFORMANCE_ENDPOINT"]
ACCOUNT = os.environ["CONFORMANCE_ACCOUNT"]
KEY = os.environ["CONFORMANCE_KEY"]
IMAGE = os.environ["CONFORMANCE_IMAGE"]
REAL = os.environ.get("CONFORMANCE_REAL") == "1"

PATIENCE = 120  # seconds until a wait is given up
TICK = 0.2  # seconds between two looks

CALLED = set()  # "group.method" of everything that some test has used


class Recorder:
    """A client, or a group of its operations, that notes what is used; otherwise the SDK's own."""

    def __init__(self, target, group=None):
        self._target, self._group = target, group

    def __getattr__(self, name):
        found = getattr(self._target, name)
        if self._group is None:
            return Recorder(found, name)
        CALLED.add(f"{self._group}.{name}")
        return found


def connect(key=KEY):
    """A client as the SDK's documentation makes it: a name, a key and a URL."""
    return Recorder(BatchServiceClient(SharedKeyCredentials(ACCOUNT, key), batch_url=ENDPOINT))


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


def container_pool(pool_id, nodes):
    """A pool for containers."""
    return models.PoolAddParameter(
        id=pool_id,
        vm_size="standard_d2s_v3",
        target_dedicated_nodes=nodes,
        task_slots_per_node=2,
        target_node_communication_mode="simplified",
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=models.ImageReference(publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2204"),
            node_agent_sku_id="batch.node.ubuntu 22.04",
            container_configuration=models.ContainerConfiguration(
                type="dockerCompatible",
                container_image_names=[IMAGE],
                container_registries=[
                    models.ContainerRegistry(registry_server="registry.example", user_name="u", password="secret")
                ],
            ),
        ),
    )


def task(task_id, command_line="true", seconds=None):
    """A task in a container; with `seconds` it runs that long, also where it is simulated."""
    return models.TaskAddParameter(
        id=task_id,
        command_line=f"sleep {seconds}" if seconds else command_line,
        container_settings=models.TaskContainerSettings(image_name=IMAGE, container_run_options="--rm"),
        environment_settings=[models.EnvironmentSetting(name="BATCHYARD_SIMULATE", value=f"seconds={seconds}")]
        if seconds
        else None,
    )


class AccountTest(unittest.TestCase):
    """A test with a client, and a pool with one idle node."""

    @classmethod
    def setUpClass(cls):
        cls.client = connect()
        cls.pool_id = cls.new_pool(1)
        cls.node_id = wait_for("idle node", cls.idle_node)

    @classmethod
    def new_pool(cls, nodes):
        pool_id = fresh("pool")
        cls.client.pool.add(container_pool(pool_id, nodes))
        cls.addClassCleanup(lambda: cls.client.pool.delete(pool_id))
        wait_for("steady pool", lambda: cls.client.pool.get(pool_id).allocation_state == models.AllocationState.steady)
        return pool_id

    @classmethod
    def idle_node(cls):
        nodes = list(cls.client.compute_node.list(cls.pool_id))
        return nodes[0].id if nodes and nodes[0].state == models.ComputeNodeState.idle else None

    def new_job(self, **properties):
        job_id = fresh("job")
        info = models.PoolInformation(pool_id=self.pool_id)
        self.client.job.add(models.JobAddParameter(id=job_id, pool_info=info, **properties))
        self.addCleanup(self.delete_job, job_id)
        return job_id

    def delete_job(self, job_id):
        self.client.job.delete(job_id)
        wait_for("deleted job", lambda: self.code_of(lambda: self.client.job.get(job_id)) == "JobNotFound")

    def until_task(self, job_id, task_id, state):
        wait_for(f"{state} task", lambda: self.client.task.get(job_id, task_id).state == state)

    def until_node(self, state):
        wait_for(f"{state} node", lambda: self.client.compute_node.get(self.pool_id, self.node_id).state == state)

    def code_of(self, request):
        """The service's code for why `request` fails; nothing if it does not."""
        try:
            request()
        except models.BatchErrorException as error:
            return error.error.code
        return None

    def fails(self, code, request):
        self.assertEqual(self.code_of(request), code)
