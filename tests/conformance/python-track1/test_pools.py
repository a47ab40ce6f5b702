"""Pools and nodes."""

from datetime import datetime, timedelta, timezone

from azure.batch import models

from account import IMAGE, AccountTest, container_pool, fresh, task, wait_for


class Pools(AccountTest):
    """A pool of the time when it still had certificates and a mode of communication."""

    def test_the_pool_reads_back_in_the_shape_of_this_version(self):
        pool = self.client.pool.get(self.pool_id)
        self.assertEqual((pool.task_slots_per_node, pool.target_node_communication_mode), (2, "simplified"))
        containers = pool.virtual_machine_configuration.container_configuration
        self.assertEqual((containers.type, containers.container_image_names), ("dockerCompatible", [IMAGE]))
        self.assertEqual(containers.container_registries[0].user_name, "u")
        self.assertIsNone(containers.container_registries[0].password)
        self.assertEqual(pool.resize_timeout, timedelta(minutes=15))

    def test_whether_a_pool_exists(self):
        self.assertIs(self.client.pool.exists(self.pool_id), True)
        self.assertIs(self.client.pool.exists(fresh("no-pool")), False)

    def test_pools_are_listed_in_part(self):
        options = models.PoolListOptions(filter=f"id eq '{self.pool_id}'", select="id,state", max_results=5)
        listed = list(self.client.pool.list(options))
        self.assertEqual([(pool.id, pool.vm_size) for pool in listed], [(self.pool_id, None)])

    def test_a_change_made_for_another_version_is_refused(self):
        stale = models.PoolPatchOptions(if_match="0x8D0000000000000")
        patch = models.PoolPatchParameter(metadata=[models.MetadataItem(name="a", value="b")])
        self.fails("ConditionNotMet", lambda: self.client.pool.patch(self.pool_id, patch, stale))
        fresh_options = models.PoolPatchOptions(if_match=self.client.pool.get(self.pool_id).e_tag)
        self.client.pool.patch(self.pool_id, patch, fresh_options)
        self.assertEqual(self.client.pool.get(self.pool_id).metadata[0].name, "a")

    def test_replaced_properties_are_all_there_is(self):
        self.client.pool.update_properties(
            self.pool_id,
            models.PoolUpdatePropertiesParameter(
                certificate_references=[], application_package_references=[], metadata=[]
            ),
        )
        self.assertIsNone(self.client.pool.get(self.pool_id).metadata)

    def test_a_pool_is_resized_stopped_and_loses_nodes(self):
        pool_id = self.new_pool(0)
        steady = lambda: self.client.pool.get(pool_id).allocation_state == models.AllocationState.steady
        self.client.pool.resize(pool_id, models.PoolResizeParameter(target_dedicated_nodes=2))
        wait_for("steady pool", steady)
        self.client.pool.stop_resize(pool_id)
        wait_for("steady pool", steady)
        nodes = [node.id for node in self.client.compute_node.list(pool_id)]
        self.client.pool.remove_nodes(pool_id, models.NodeRemoveParameter(node_list=nodes[:1]))
        wait_for("steady pool", steady)
        self.assertEqual([node.id for node in self.client.compute_node.list(pool_id)], nodes[1:])

    def test_a_formula_is_enabled_and_disabled(self):
        pool_id = self.new_pool(0)
        self.client.pool.enable_auto_scale(
            pool_id, auto_scale_formula="$TargetDedicatedNodes=0;", auto_scale_evaluation_interval=timedelta(minutes=5)
        )
        self.assertTrue(self.client.pool.get(pool_id).enable_auto_scale)
        run = self.client.pool.evaluate_auto_scale(pool_id, "$TargetDedicatedNodes=3;")
        self.assertIsNone(run.error)
        self.assertEqual(
            run.results, "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
        )
        run = self.client.pool.evaluate_auto_scale(pool_id, "$something_useless")
        self.assertEqual(run.error.code, "AutoScalingFormulaEvaluationError")
        self.client.pool.disable_auto_scale(pool_id)
        self.assertFalse(self.client.pool.get(pool_id).enable_auto_scale)

    def test_counts_usage_and_images(self):
        options = models.AccountListPoolNodeCountsOptions(filter=f"poolId eq '{self.pool_id}'")
        counts = list(self.client.account.list_pool_node_counts(options))
        self.assertEqual([count.dedicated.total for count in counts], [1])
        images = list(self.client.account.list_supported_images())
        self.assertTrue(all(image.os_type == models.OSType.linux for image in images))
        usage = models.PoolListUsageMetricsOptions(start_time=datetime.now(timezone.utc) - timedelta(hours=1))
        self.assertIsInstance(list(self.client.pool.list_usage_metrics(usage)), list)
        self.assertEqual(list(self.client.application.list()), [])
        self.fails("ApplicationNotFound", lambda: self.client.application.get("blender"))

    def test_errors_have_the_codes_of_the_service(self):
        self.fails("PoolExists", lambda: self.client.pool.add(container_pool(self.pool_id, 0)))
        self.fails("PoolNotFound", lambda: self.client.pool.get("no-pool"))
        self.fails("NodeNotFound", lambda: self.client.compute_node.get(self.pool_id, "no-node"))


class Nodes(AccountTest):
    """The node of the pool; every test leaves it idle."""

    def test_a_node_is_rebooted_and_reimaged(self):
        before = self.client.compute_node.get(self.pool_id, self.node_id).last_boot_time
        self.client.compute_node.reboot(self.pool_id, self.node_id, "requeue")
        self.until_node(models.ComputeNodeState.idle)
        self.assertGreater(self.client.compute_node.get(self.pool_id, self.node_id).last_boot_time, before)
        self.client.compute_node.reimage(self.pool_id, self.node_id)
        self.until_node(models.ComputeNodeState.idle)

    def test_scheduling_is_disabled_and_enabled(self):
        self.client.compute_node.disable_scheduling(self.pool_id, self.node_id, "requeue")
        self.until_node(models.ComputeNodeState.offline)
        again = lambda: self.client.compute_node.disable_scheduling(self.pool_id, self.node_id)
        self.fails("NodeAlreadyInTargetSchedulingState", again)
        self.client.compute_node.enable_scheduling(self.pool_id, self.node_id)
        self.until_node(models.ComputeNodeState.idle)

    def test_users_come_and_go(self):
        nodes = self.client.compute_node
        nodes.add_user(self.pool_id, self.node_id, models.ComputeNodeUser(name="bob", password="jdf8-fGh"))
        nodes.update_user(self.pool_id, self.node_id, "bob", models.NodeUpdateUserParameter(password="other-5G"))
        nodes.delete_user(self.pool_id, self.node_id, "bob")
        self.fails("NodeUserNotFound", lambda: nodes.delete_user(self.pool_id, self.node_id, "bob"))

    def test_what_opens_a_desktop_of_a_node(self):
        content = b"".join(self.client.compute_node.get_remote_desktop(self.pool_id, self.node_id))
        self.assertTrue(content.startswith(b"full address:s:127.0.0.1:3389\r\n"), content)

    def test_what_is_known_of_a_node(self):
        settings = self.client.compute_node.get_remote_login_settings(self.pool_id, self.node_id)
        self.assertGreater(settings.remote_login_port, 0)
        extensions = self.client.compute_node_extension
        self.assertEqual(list(extensions.list(self.pool_id, self.node_id)), [])
        self.fails("ResourceNotFound", lambda: extensions.get(self.pool_id, self.node_id, "none"))

    def test_files_of_the_node(self):
        files = self.client.file
        listed = [file.name for file in files.list_from_compute_node(self.pool_id, self.node_id)]
        self.assertIn("shared", listed)
        job_id = self.new_job()
        self.client.task.add(job_id, task("writes", "echo 0123456789"))
        self.until_task(job_id, "writes", models.TaskState.completed)
        path = self.client.task.get(job_id, "writes").node_info.task_root_directory + "/stdout.txt"
        whole = b"".join(files.get_from_compute_node(self.pool_id, self.node_id, path))
        options = models.FileGetFromComputeNodeOptions(ocp_range="bytes=2-5")
        part = b"".join(files.get_from_compute_node(self.pool_id, self.node_id, path, options))
        self.assertEqual(part, whole[2:6])
        raw = files.get_properties_from_compute_node(self.pool_id, self.node_id, path, raw=True)
        self.assertEqual(int(raw.response.headers["Content-Length"]), len(whole))
        raw = files.get_properties_from_task(job_id, "writes", "stdout.txt", raw=True)
        self.assertEqual(int(raw.response.headers["Content-Length"]), len(whole))
        self.assertEqual(b"".join(files.get_from_task(job_id, "writes", "stdout.txt")), whole)
        self.assertIn("stdout.txt", [file.name for file in files.list_from_task(job_id, "writes")])
        files.delete_from_task(job_id, "writes", "stdout.txt")
        self.fails("FileNotFound", lambda: b"".join(files.get_from_task(job_id, "writes", "stdout.txt")))
        files.delete_from_compute_node(self.pool_id, self.node_id, path.replace("stdout", "stderr"))
        files.delete_from_compute_node(self.pool_id, self.node_id, path.removesuffix("/stdout.txt"), recursive=True)
        self.assertEqual(list(files.list_from_task(job_id, "writes")), [])
