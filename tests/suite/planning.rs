//! The planner, without any account: what a recipe wants against what is there.
//!
//! The live side is made from the very requests that the plan would send, filled up with what the service fills in; so "nothing
//! phantom" is tested on the way, too.

mod tasks;

use std::collections::BTreeMap;

use batchyard::batch::model::{BatchJob, BatchPool, BatchTaskCounts, ContainerType};
use batchyard::batch::{JobId, PoolId, TaskId};
use batchyard::plan::{
    Action, ActionReason, Plan, Policy, Selection, TaskComparison, TaskPlan, check, destroy, disturbed, plan,
};
use batchyard::resource::{
    ChangeClass, ContainerConfigurationSpec, DesiredJob, DesiredPool, DesiredState, FieldSources,
    ForeignTasks, Generation, JobContents, JobPool, JobSpec, LiveJob, LivePool, LiveState, LiveTask,
    MetadataSpec, Neighbour, Observed, OnChange, OnComplete, Ownership, PoolSpec, RecipeName, SecretValues,
    TaskSpec, TaskStream,
};
use serde_json::{Value, json};

/// A recipe with a pool `gpu` and a job `train` of two tasks.
fn recipe() -> DesiredState {
    let image = json!({"publisher": "p", "offer": "o", "sku": "s", "version": "latest"});
    let pool = PoolSpec {
        container: Some(ContainerConfigurationSpec {
            technology: ContainerType::DockerCompatible,
            prefetch: vec!["tensorflow/tensorflow:2.16.1-gpu".into()],
            registries: vec![],
        }),
        dedicated_nodes: 2,
        ..PoolSpec::new(
            PoolId::new("gpu").unwrap(),
            "Standard_NC6s_v3".into(),
            serde_json::from_value(image).unwrap(),
            "batch.node.ubuntu 22.04".into(),
        )
    };
    let job = JobSpec {
        on_complete: OnComplete::Terminate,
        ..JobSpec::new(JobId::new("train").unwrap(), JobPool::Existing(pool.id.clone()))
    };
    let generation = Generation::first(pool.id.clone());
    let (on_change, sources) = (OnChange::Stop, FieldSources::new());
    let ignored = Vec::new();
    let pool = DesiredPool { spec: pool, generation, next_generation: None, on_change, ignored, sources };
    let tasks = TaskStream::from_tasks(vec![task("a", "run a"), task("b", "run b")]);
    let generation = Generation::first(job.id.clone());
    let (pool_key, sources) = (Some("gpu".into()), FieldSources::new());
    let (next_generation, ignored) = (None, Vec::new());
    let job = DesiredJob { spec: job, pool_key, generation, next_generation, ignored, tasks, sources };
    DesiredState {
        recipe: RecipeName::new("mnist").unwrap(),
        pools: BTreeMap::from([("gpu".into(), pool)]),
        jobs: BTreeMap::from([("train".into(), job)]),
        schedules: BTreeMap::new(),
    }
}

fn task(id: &str, command: &str) -> TaskSpec {
    TaskSpec::new(TaskId::new(id).unwrap(), id.into(), command.into())
}

fn pool_of(desired: &mut DesiredState) -> &mut DesiredPool {
    desired.pools.get_mut("gpu").unwrap()
}

fn job_of(desired: &mut DesiredState) -> &mut DesiredJob {
    desired.jobs.get_mut("train").unwrap()
}

/// What the account has after `desired` was applied: the requests of the plan, filled up as the service does.
fn applied(desired: &DesiredState) -> LiveState {
    let created = plan(desired, &LiveState::default(), &BTreeMap::new(), &Policy::default()).unwrap();
    let mut live = LiveState::default();
    let none = SecretValues::default();
    let mut seals = BTreeMap::new();
    for step in &created.steps {
        if let Action::SealJob { job, seal } = &step.action {
            seals.insert(job.clone(), seal.clone());
        }
    }
    for step in &created.steps {
        match &step.action {
            Action::CreatePool { spec, ownership } => {
                let mut pool = serde_json::to_value(spec.to_create(ownership, &none).unwrap()).unwrap();
                fill(
                    &mut pool,
                    json!({
                        "state": "active", "allocationState": "steady", "eTag": "0x1", "resizeTimeout": "PT15M",
                        "currentDedicatedNodes": spec.dedicated_nodes, "currentLowPriorityNodes": spec.spot_nodes,
                        "taskSchedulingPolicy": {"nodeFillType": "Spread"}, "enableAutoScale": false,
                        "enableInterNodeCommunication": false,
                    }),
                );
                let pool: BatchPool = serde_json::from_value(pool).unwrap();
                live.pools.insert(pool.id.clone(), Observed::<LivePool>::from_wire(&pool));
            }
            Action::CreateJob { spec, ownership } => {
                let mut job = serde_json::to_value(spec.to_create(ownership, &none).unwrap()).unwrap();
                let seal = &seals[&spec.id];
                let end = if seal.terminate_when_done { "terminatejob" } else { "noaction" };
                fill(
                    &mut job,
                    json!({
                        "state": "active", "eTag": "0x1", "onTaskFailure": "noaction", "maxParallelTasks": -1,
                        "onAllTasksComplete": end, "metadata": seal.ownership.to_metadata(&[]),
                    }),
                );
                let job: BatchJob = serde_json::from_value(job).unwrap();
                live.jobs.insert(job.id.clone(), Observed::<LiveJob>::from_wire(&job).unwrap());
            }
            _ => {}
        }
    }
    live
}

fn fill(object: &mut Value, with: Value) {
    let (Value::Object(object), Value::Object(with)) = (object, with) else { panic!("objects") };
    object.extend(with);
}

/// Plans as the pipeline does: a recorded tally first, else a comparison with `live_tasks`.
fn replan(desired: &DesiredState, live: &LiveState, live_tasks: &[LiveTask], policy: &Policy) -> Plan {
    let desired = &desired.clone().at_generations(&live.generations(&desired.recipe));
    let mut tasks = BTreeMap::new();
    for (key, job) in &desired.jobs {
        let Some(there) = live.jobs.get(&job.spec.id) else { continue };
        let recorded = there.value.ownership.as_ref();
        let all_there = recorded.and_then(Ownership::recorded_tasks).unwrap_or_default();
        let count = if live_tasks.is_empty() { all_there } else { live_tasks.len() as u64 };
        let counts = BatchTaskCounts { active: u32::try_from(count).unwrap(), ..BatchTaskCounts::default() };
        let compared =
            recorded.and_then(|recorded| TaskPlan::from_recorded_tally(job, recorded, &counts).unwrap());
        let plan = compared.unwrap_or_else(|| {
            let mut comparison = TaskComparison::default();
            live_tasks.iter().for_each(|task| comparison.observe(task.clone()));
            comparison.finish_over(job).unwrap()
        });
        tasks.insert(key.clone(), plan);
    }
    let made = plan(desired, live, &tasks, policy).unwrap();
    assert_eq!(check(&made), [], "the plan is sound");
    made
}

fn live_tasks(desired: &DesiredState) -> Vec<LiveTask> {
    let tasks = desired.jobs["train"].tasks.iter().map(Result::unwrap);
    tasks
        .map(|task| LiveTask {
            id: task.id.clone(),
            digest: Some(task.digest()),
            state: "active".into(),
            result: None,
        })
        .collect()
}

fn class(plan: &Plan, address: &str) -> ChangeClass {
    change(plan, address).class
}

fn change<'a>(plan: &'a Plan, address: &str) -> &'a batchyard::plan::Change {
    plan.changes.iter().find(|change| change.address.to_string() == address).expect(address)
}

fn verbs(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(|step| step.action.verb()).collect()
}

#[test]
fn an_empty_account_gets_everything_in_order() {
    let plan = replan(&recipe(), &LiveState::default(), &[], &Policy::default());
    assert_eq!(verbs(&plan), ["create pool", "create job", "add tasks", "record tasks"]);
    assert_eq!(class(&plan, "jobs.train.tasks"), ChangeClass::Create);
    assert_eq!(plan.steps[1].after, [plan.steps[0].id], "the job waits for its pool");
}

#[test]
fn what_was_applied_needs_no_change() {
    let plan = replan(&recipe(), &applied(&recipe()), &[], &Policy::default());
    assert!(plan.is_empty(), "{plan:#?}");
    assert!(plan.steps.is_empty());
}

#[test]
fn spelling_alone_is_no_change() {
    let mut desired = recipe();
    pool_of(&mut desired).spec.vm_size = "STANDARD_nc6S_V3".into();
    assert!(replan(&desired, &applied(&recipe()), &[], &Policy::default()).is_empty());
}

#[test]
fn a_resize_is_live() {
    let mut desired = recipe();
    pool_of(&mut desired).spec.dedicated_nodes = 4;
    let plan = replan(&desired, &applied(&recipe()), &[], &Policy::default());
    assert_eq!(class(&plan, "pools.gpu"), ChangeClass::UpdateLive);
    assert_eq!(verbs(&plan), ["update pool", "resize pool"]);
}

#[test]
fn an_immutable_edit_is_blocked_until_it_is_permitted() {
    let mut desired = recipe();
    pool_of(&mut desired).spec.slots_per_node = 4;
    let blocked = replan(&desired, &applied(&recipe()), &[], &Policy::default());
    assert_eq!(change(&blocked, "pools.gpu").needs, Some(OnChange::Drain));
    assert!(blocked.steps.is_empty(), "what is blocked has no steps");

    pool_of(&mut desired).on_change = OnChange::Drain;
    let drained = replan(&desired, &applied(&recipe()), &[], &Policy::default());
    assert_eq!(class(&drained, "pools.gpu"), ChangeClass::DrainAndUpdate);
    assert_eq!(verbs(&drained), ["resize pool", "update pool", "resize pool"]);

    pool_of(&mut desired).on_change = OnChange::Recreate;
    let replaced = replan(&desired, &applied(&recipe()), &[], &Policy::default());
    assert_eq!(verbs(&replaced), ["delete pool", "create pool"]);

    pool_of(&mut desired).on_change = OnChange::BlueGreen;
    let taken_over = replan(&desired, &applied(&recipe()), &[], &Policy::default());
    assert_eq!(class(&taken_over, "pools.gpu"), ChangeClass::CreateFirst);
    assert_eq!(class(&taken_over, "jobs.train"), ChangeClass::UpdateWhileDisabled);
    assert_eq!(
        verbs(&taken_over),
        ["create pool", "wait for the nodes of pool", "move job", "record tasks", "delete pool"]
    );
    let delete = taken_over.steps.last().unwrap();
    assert_eq!((delete.action.target(), delete.after.len()), ("gpu", 4), "after everything else");

    pool_of(&mut desired).on_change = OnChange::Stop;
    let allow = Policy { allow: [OnChange::Recreate].into(), ..Policy::default() };
    let allowed = replan(&desired, &applied(&recipe()), &[], &allow);
    assert_eq!(
        class(&allowed, "pools.gpu"),
        ChangeClass::DrainAndUpdate,
        "the gentlest way that is permitted"
    );
}

#[test]
fn a_pool_without_nodes_is_changed_in_place() {
    let mut before = recipe();
    pool_of(&mut before).spec.dedicated_nodes = 0;
    let mut desired = before.clone();
    pool_of(&mut desired).spec.slots_per_node = 4;
    let plan = replan(&desired, &applied(&before), &[], &Policy::default());
    assert_eq!(class(&plan, "pools.gpu"), ChangeClass::UpdateLive);
}

#[test]
fn foreign_objects_are_left_alone() {
    let mut live = applied(&recipe());
    let owner = &mut live.pools.values_mut().next().unwrap().value.ownership;
    owner.as_mut().unwrap().recipe = RecipeName::new("other").unwrap();
    let plan = replan(&recipe(), &live, &[], &Policy::default());
    assert_eq!(change(&plan, "pools.gpu").reason, ActionReason::OwnedByOther);

    live.pools.values_mut().next().unwrap().value.ownership = None;
    let plan = replan(&recipe(), &live, &[], &Policy::default());
    assert_eq!(change(&plan, "pools.gpu").reason, ActionReason::NotOwned);
    assert_eq!(plan.conflicts().count(), 1);

    let adopt = Policy { adopt: true, ..Policy::default() };
    let plan = replan(&recipe(), &live, &[], &adopt);
    assert_eq!(change(&plan, "pools.gpu").reason, ActionReason::Adopted);
    assert_eq!(verbs(&plan), ["update pool"]);
}

#[test]
fn leftovers_are_named_and_only_pruned_on_request() {
    let mut desired = recipe();
    desired.jobs.clear();
    let plan = replan(&desired, &applied(&recipe()), &[], &Policy::default());
    assert!(plan.is_empty());
    assert!(plan.notes[0].contains("job train"), "{:?}", plan.notes);

    let prune = Policy { prune: true, ..Policy::default() };
    let pruned = replan(&desired, &applied(&recipe()), &[], &prune);
    assert_eq!(verbs(&pruned), ["delete job"]);

    desired.pools.clear();
    let empty = replan(&desired, &applied(&recipe()), &[], &prune);
    assert!(empty.steps.is_empty(), "an empty recipe never prunes");
}

/// The account with a job of an SDK on the pool `gpu`, and what the jobs hold.
fn shared(recipe_of_neighbour: Option<&str>) -> LiveState {
    let mut live = applied(&recipe());
    let neighbour = Neighbour {
        pool: PoolId::new("GPU").unwrap(),
        recipe: recipe_of_neighbour.map(|name| RecipeName::new(name).unwrap()),
    };
    live.neighbours.insert(JobId::new("theirs").unwrap(), neighbour);
    let held = JobContents { running: 2, waiting: 1, ..JobContents::default() };
    live.contents.insert(JobId::new("theirs").unwrap(), held);
    let foreign = ForeignTasks { count: 4, unfinished: 1, samples: vec![TaskId::new("sdk-1").unwrap()] };
    live.contents.insert(JobId::new("train").unwrap(), JobContents { running: 1, waiting: 0, foreign });
    live
}

fn obstacles(plan: &Plan) -> Vec<String> {
    plan.obstacles().map(|(change, obstacle)| format!("{}: {obstacle}", change.address)).collect()
}

#[test]
fn a_plan_that_destroys_names_whose_work_it_would_end() {
    let plan = destroy(&recipe(), &shared(None), &Selection::default()).unwrap();
    assert_eq!(
        obstacles(&plan),
        [
            "pools.gpu: the job `theirs`, which no recipe made, uses it (2 running, 1 waiting)",
            "jobs.train: 1 of its tasks is running",
            "jobs.train: it holds 4 tasks that no recipe made, 1 of them unfinished: sdk-1 and 3 more",
        ]
    );
    assert_eq!(
        disturbed(&plan, &shared(None)).iter().map(JobId::as_str).collect::<Vec<_>>(),
        ["theirs", "train"]
    );
}

#[test]
fn a_pool_is_neither_replaced_nor_drained_under_the_work_of_others() {
    let mut desired = recipe();
    pool_of(&mut desired).spec.slots_per_node = 4;
    pool_of(&mut desired).on_change = OnChange::Drain;
    let uses = "pools.gpu: the job `theirs` of the recipe `other` uses it";
    let drained = replan(&desired, &shared(Some("other")), &[], &Policy::default());
    assert_eq!(obstacles(&drained), [format!("{uses} (2 running, 1 waiting)")]);
    assert!(
        change(&drained, "pools.gpu").remarks[0]
            .ends_with("a task of this recipe that runs there is put back in the queue"),
        "{drained:#?}"
    );

    let mut idle = shared(Some("other"));
    idle.contents.clear();
    let drained = replan(&desired, &idle, &[], &Policy::default());
    assert_eq!(obstacles(&drained), [] as [String; 0], "waiting jobs get their pool back");
    pool_of(&mut desired).on_change = OnChange::Recreate;
    let replaced = replan(&desired, &idle, &[], &Policy::default());
    assert_eq!(obstacles(&replaced), [format!("{uses} (no unfinished tasks at the moment)")]);
    let resized = {
        let mut desired = recipe();
        pool_of(&mut desired).spec.dedicated_nodes = 4;
        replan(&desired, &shared(Some("other")), &[], &Policy::default())
    };
    assert_eq!(obstacles(&resized), [] as [String; 0]);
}

#[test]
fn destroying_takes_jobs_first_and_only_what_is_ours() {
    let mut live = applied(&recipe());
    let mut theirs = live.pools.values().next().unwrap().clone();
    theirs.value.spec.id = PoolId::new("theirs").unwrap();
    theirs.value.ownership = Some(Ownership::new(
        &RecipeName::new("other").unwrap(),
        theirs.value.spec.digest(),
        &MetadataSpec::new(),
    ));
    live.pools.insert(theirs.value.spec.id.clone(), theirs);
    let plan = destroy(&recipe(), &live, &Selection::default()).unwrap();
    assert_eq!(check(&plan), []);
    assert_eq!(verbs(&plan), ["delete job", "delete pool"]);
    assert_eq!(plan.steps[1].after, [plan.steps[0].id]);
}
