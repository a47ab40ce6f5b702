"""Many tasks: added in collections, listed in pages, narrowed by the service."""

from azure.batch import models

from account import AccountTest, container_pool, fresh, task

COUNT = 2500


class ManyTasks(AccountTest):
    """A job with more tasks than fit a collection or a page; its pool has no nodes, so that all of them wait."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool_id, cls.job_id = fresh("many-pool"), fresh("many-job")
        cls.client.create_pool(container_pool(cls.client, cls.pool_id, 0))
        cls.addClassCleanup(lambda: cls.client.begin_delete_pool(cls.pool_id, polling_interval=1).result())
        cls.client.create_job(
            models.BatchJobCreateOptions(id=cls.job_id, pool_info=models.BatchPoolInfo(pool_id=cls.pool_id))
        )
        cls.addClassCleanup(lambda: cls.client.begin_delete_job(cls.job_id, polling_interval=1).result())
        cls.expected = [f"task-{number:04}" for number in range(COUNT)]
        cls.added = cls.add_all()

    @classmethod
    def add_all(cls):
        tasks = [task(task_id, "true") for task_id in cls.expected]
        return cls.client.create_tasks(cls.job_id, tasks, max_concurrency=4)

    def test_every_task_is_acknowledged(self):
        self.assertEqual(sorted(result.task_id for result in self.added.result_values), self.expected)
        self.assertEqual({result.status for result in self.added.result_values}, {models.BatchTaskAddStatus.SUCCESS})

    def test_pages_hold_every_task_once(self):
        pages = [[listed.id for listed in page] for page in self.client.list_tasks(self.job_id, max_results=1000).by_page()]
        self.assertEqual([len(page) for page in pages], [1000, 1000, 500])
        self.assertEqual(sorted(sum(pages, [])), self.expected)

    def test_adding_the_same_tasks_again_adds_none(self):
        self.add_all()
        self.assertEqual(len(list(self.client.list_tasks(self.job_id))), COUNT)

    def test_selected_properties_come_alone(self):
        listed = next(self.client.list_tasks(self.job_id, select=["id", "state"]))
        self.assertEqual(listed.state, models.BatchTaskState.ACTIVE)
        self.assertIsNone(listed.command_line)

    def test_a_filter_keeps_what_it_names(self):
        named = [listed.id for listed in self.client.list_tasks(self.job_id, filter="startswith(id, 'task-01')")]
        self.assertEqual(sorted(named), self.expected[100:200])
        self.assertEqual(list(self.client.list_tasks(self.job_id, filter="state eq 'completed'")), [])
