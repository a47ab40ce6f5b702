"""Pools: changed, resized, scaled, counted."""

from datetime import datetime, timedelta, timezone

from azure.batch import models
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from account import AccountTest, container_pool, fresh, make_pool, wait_for


class Pools(AccountTest):
    """A pool of its own for each test."""

    def test_what_is_patched_changes_and_the_rest_stays(self):
        pool_id = make_pool(self, 0)
        before = self.client.get_pool(pool_id)
        self.client.update_pool(
            pool_id, models.BatchPoolUpdateOptions(metadata=[models.BatchMetadataItem(name="team", value="blue")])
        )
        after = self.client.get_pool(pool_id)
        self.assertEqual([(item.name, item.value) for item in after.metadata], [("team", "blue")])
        self.assertEqual((after.vm_size, after.task_slots_per_node), (before.vm_size, before.task_slots_per_node))
        self.assertNotEqual(after.etag, before.etag)

    def test_an_empty_pool_can_change_what_its_nodes_are_made_of(self):
        pool_id = make_pool(self, 0)
        self.client.update_pool(
            pool_id, models.BatchPoolUpdateOptions(task_slots_per_node=2, vm_size="standard_d4s_v3", display_name="big")
        )
        pool = self.client.get_pool(pool_id)
        self.assertEqual((pool.task_slots_per_node, pool.vm_size, pool.display_name), (2, "standard_d4s_v3", "big"))

    def test_replaced_properties_are_all_there_is(self):
        metadata = [models.BatchMetadataItem(name="old", value="1")]
        start_task = models.BatchStartTask(command_line="true", wait_for_success=False)
        pool_id = make_pool(self, 0, metadata=metadata, start_task=start_task)
        self.client.replace_pool_properties(
            pool_id,
            models.BatchPoolReplaceOptions(
                application_package_references=[], metadata=[models.BatchMetadataItem(name="new", value="2")]
            ),
        )
        pool = self.client.get_pool(pool_id)
        self.assertEqual([item.name for item in pool.metadata], ["new"])
        self.assertIsNone(pool.start_task)

    def test_a_pool_is_resized_and_nodes_are_removed_by_name(self):
        pool_id = make_pool(self, 0)
        self.client.begin_resize_pool(
            pool_id, models.BatchPoolResizeOptions(target_dedicated_nodes=3), polling_interval=1
        ).result()
        self.assertEqual(self.client.get_pool(pool_id).allocation_state, models.AllocationState.STEADY)
        nodes = self.nodes_once(pool_id, 3, models.BatchNodeState.IDLE)
        leaving = [nodes[0].id, nodes[2].id]
        self.client.begin_remove_nodes(
            pool_id, models.BatchNodeRemoveOptions(node_ids=leaving), polling_interval=1
        ).result()
        self.assertEqual([node.id for node in self.client.list_nodes(pool_id)], [nodes[1].id])
        self.assertEqual(self.client.get_pool(pool_id).target_dedicated_nodes, 1)

    def test_a_resize_that_is_over_can_be_stopped_all_the_same(self):
        pool_id = make_pool(self, 1)
        self.client.begin_stop_pool_resize(pool_id, polling_interval=1).result()
        self.assertEqual(self.client.get_pool(pool_id).current_dedicated_nodes, 1)

    def test_a_formula_takes_the_place_of_the_size(self):
        pool_id = make_pool(self, 0)
        self.client.enable_pool_auto_scale(
            pool_id,
            models.BatchPoolEnableAutoScaleOptions(
                auto_scale_formula="$TargetDedicatedNodes=0;", auto_scale_evaluation_interval=timedelta(minutes=10)
            ),
        )
        pool = self.client.get_pool(pool_id)
        self.assertTrue(pool.enable_auto_scale)
        self.assertEqual(pool.auto_scale_formula, "$TargetDedicatedNodes=0;")
        self.assertEqual(pool.auto_scale_evaluation_interval, timedelta(minutes=10))
        with self.assertRaises(HttpResponseError) as raised:
            self.client.begin_resize_pool(pool_id, models.BatchPoolResizeOptions(target_dedicated_nodes=1))
        self.assertEqual(raised.exception.status_code, 409)
        self.assertEqual(
            pool.auto_scale_run.results, "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
        )
        self.client.disable_pool_auto_scale(pool_id)
        self.assertFalse(self.client.get_pool(pool_id).enable_auto_scale)

    def test_a_formula_is_tried_before_it_is_set(self):
        pool_id = make_pool(self, 0)
        tried = lambda formula: self.client.evaluate_pool_auto_scale(
            pool_id, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
        )
        with self.assertRaises(HttpResponseError) as raised:
            tried("$TargetDedicatedNodes=1;")
        self.assertEqual(raised.exception.status_code, 409)
        options = models.BatchPoolEnableAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes=0;")
        self.client.enable_pool_auto_scale(pool_id, options)
        run = tried("$TargetDedicatedNodes=min(2, 3); $half = $TargetDedicatedNodes / 4;")
        self.assertIsNone(run.error)
        self.assertEqual(
            run.results, "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;$half=0.5"
        )
        self.assertLess(abs(run.timestamp - datetime.now(timezone.utc)), timedelta(minutes=5))
        run = tried("$something_useless")
        self.assertEqual(run.error.code, "AutoScalingFormulaEvaluationError")
        self.assertTrue(run.error.error_values[0].value.startswith("Line 1, Col 1: "))
        run = tried("$TargetDedicatedNodes = avg($CPUPercent.GetSample(TimeInterval_Minute, 50));")
        self.assertEqual(run.error.code, "InsufficientSampleData")
        with self.assertRaises(HttpResponseError) as raised:
            self.client.enable_pool_auto_scale(
                pool_id, models.BatchPoolEnableAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes=")
            )
        self.assertEqual(raised.exception.error.code, "AutoScalingFormulaSyntaxError")

    def test_whether_a_pool_exists(self):
        pool_id = make_pool(self, 0)
        self.assertTrue(self.client.pool_exists(pool_id))
        # This version of the SDK raises instead of answering False.
        self.assertRaises(ResourceNotFoundError, self.client.pool_exists, fresh("no-pool"))

    def test_nodes_are_counted_by_state(self):
        pool_id = make_pool(self, 2)
        counts = list(self.client.list_pool_node_counts(filter=f"poolId eq '{pool_id}'"))
        self.assertEqual([count.pool_id for count in counts], [pool_id])
        self.assertEqual((counts[0].dedicated.idle, counts[0].dedicated.total, counts[0].low_priority.total), (2, 2, 0))

    def test_usage_is_listed_by_pool(self):
        pool_id = make_pool(self, 1)
        now = datetime.now(timezone.utc)
        usage = self.client.list_pool_usage_metrics(
            start_time=now - timedelta(hours=2), end_time=now + timedelta(hours=1), filter=f"poolId eq '{pool_id}'"
        )
        for metrics in usage:
            self.assertEqual(metrics.pool_id, pool_id)
            self.assertGreaterEqual(metrics.total_core_hours, 0)

    def test_pools_are_listed_in_part_and_by_filter(self):
        pool_id = make_pool(self, 0)
        listed = list(self.client.list_pools(filter=f"id eq '{pool_id}'", select=["id", "vmSize"]))
        self.assertEqual([(pool.id, pool.vm_size, pool.state) for pool in listed], [(pool_id, "standard_d2s_v3", None)])
        images = self.client.list_supported_images(filter="osType eq 'linux'", max_results=1)
        self.assertTrue(all(image.os_type == models.OSType.LINUX for image in images))

    def test_a_deleted_pool_is_gone_when_the_poller_says_so(self):
        pool_id = fresh("short-pool")
        self.client.create_pool(container_pool(self.client, pool_id, 1))
        wait_for("steady", lambda: self.client.get_pool(pool_id).allocation_state == models.AllocationState.STEADY)
        self.client.begin_delete_pool(pool_id, polling_interval=1).result()
        self.assertRaises(ResourceNotFoundError, self.client.get_pool, pool_id)

    def test_applications_are_listed(self):
        self.assertEqual([application.id for application in self.client.list_applications(max_results=10)], [])
        self.assertRaises(ResourceNotFoundError, self.client.get_application, "blender")
