//! What happens to the tasks of a job, and to a job because of its tasks.

use batchyard::batch::JobId;
use batchyard::plan::{Action, ActionReason, Policy};
use batchyard::resource::{ChangeClass, OnChange, OnComplete, TaskStream};

use super::{applied, change, class, job_of, live_tasks, obstacles, pool_of, recipe, replan, task, verbs};

#[test]
fn new_and_changed_tasks_are_added_and_replaced() {
    let mut desired = recipe();
    let stream =
        TaskStream::from_tasks(vec![task("a", "run a"), task("b", "run b again"), task("c", "run c")]);
    job_of(&mut desired).tasks = stream;
    let plan = replan(&desired, &applied(&recipe()), &live_tasks(&recipe()), &Policy::default());
    assert_eq!(verbs(&plan), ["forget recorded tasks", "delete tasks", "add tasks", "record tasks"]);
    let summary = change(&plan, "jobs.train.tasks").tasks.clone().unwrap();
    assert_eq!((summary.add, summary.replace, summary.keep), (1, 1, 1));
}

#[test]
fn a_recipe_without_any_task_deletes_none_unless_it_is_asked_to() {
    let mut before = recipe();
    job_of(&mut before).spec.on_complete = OnComplete::Keep;
    let mut desired = before.clone();
    job_of(&mut desired).tasks = TaskStream::from_tasks(Vec::new());
    let (live, tasks) = (applied(&before), live_tasks(&before));
    let plan = replan(&desired, &live, &tasks, &Policy::default());
    assert_eq!(verbs(&plan), ["record tasks"]);
    assert!(plan.notes[0].contains("the 2 that it made stay; use --prune"), "{:?}", plan.notes);
    let pruning = Policy { prune: true, ..Policy::default() };
    let plan = replan(&desired, &live, &tasks, &pruning);
    assert_eq!(verbs(&plan), ["forget recorded tasks", "delete tasks", "record tasks"]);
    assert_eq!(
        change(&plan, "jobs.train.tasks").remarks,
        ["the files of tasks that are deleted go with them"]
    );
}

#[test]
fn tasks_come_after_what_their_pool_gets() {
    let mut desired = recipe();
    pool_of(&mut desired).spec.vm_size = "Standard_NC12s_v3".into();
    job_of(&mut desired).tasks =
        TaskStream::from_tasks(vec![task("a", "run a"), task("b", "run b"), task("c", "run c")]);
    for on_change in [OnChange::Drain, OnChange::Recreate] {
        pool_of(&mut desired).on_change = on_change;
        let plan = replan(&desired, &applied(&recipe()), &live_tasks(&recipe()), &Policy::default());
        let pool = plan.steps.iter().rfind(|step| step.address.to_string() == "pools.gpu").unwrap();
        let add = plan.steps.iter().find(|step| step.action.verb() == "add tasks").unwrap();
        assert!(add.after.contains(&pool.id), "{:#?}", plan.steps);
    }
    // More nodes are nothing to wait for: they may never come.
    let mut grown = recipe();
    pool_of(&mut grown).spec.dedicated_nodes = 4;
    job_of(&mut grown).tasks = job_of(&mut desired).tasks.clone();
    let plan = replan(&grown, &applied(&recipe()), &live_tasks(&recipe()), &Policy::default());
    let add = plan.steps.iter().find(|step| step.action.verb() == "add tasks").unwrap();
    assert!(add.after.is_empty(), "{:#?}", plan.steps);
}

#[test]
fn changed_tasks_that_run_stand_in_the_way() {
    let mut before = recipe();
    job_of(&mut before).spec.on_complete = OnComplete::Keep;
    let mut desired = before.clone();
    job_of(&mut desired).tasks = TaskStream::from_tasks(vec![task("a", "run a again")]);
    let mut live = live_tasks(&before);
    live[0].state = "running".into();
    live[1].state = "preparing".into();
    let plan = replan(&desired, &applied(&before), &live, &Policy::default());
    let change = change(&plan, "jobs.train.tasks");
    assert_eq!(change.tasks.as_ref().unwrap().ended, 2);
    assert_eq!(obstacles(&plan), ["jobs.train.tasks: it would end 2 running tasks: a, b"]);
}

#[test]
fn a_job_that_would_end_while_its_tasks_are_replaced_is_followed_by_another_generation() {
    // It ends with its tasks, and the one to replace is the only one that has not completed.
    let mut desired = recipe();
    job_of(&mut desired).tasks = TaskStream::from_tasks(vec![task("a", "run a"), task("b", "run b again")]);
    let mut live = live_tasks(&recipe());
    (live[0].state, live[0].result) = ("completed".into(), Some("success".into()));
    let plan = replan(&desired, &applied(&recipe()), &live, &Policy::default());
    let job = change(&plan, "jobs.train");
    assert_eq!((job.class, &job.reason), (ChangeClass::Create, &ActionReason::NewWorkForFinishedJob));
    assert!(job.remarks[0].contains("would end without them"), "{:?}", job.remarks);
    assert_eq!((job.id.as_str(), job.needs), ("train-r2", None));
    assert_eq!(verbs(&plan), ["end the job before", "create job", "add tasks", "record tasks"]);
    let summary = change(&plan, "jobs.train.tasks").tasks.as_ref().unwrap();
    assert_eq!((summary.add, summary.changed, summary.inherited), (1, 1, 1));

    live[0].state = "active".into();
    let plan = replan(&desired, &applied(&recipe()), &live, &Policy::default());
    assert_eq!(class(&plan, "jobs.train"), ChangeClass::Unchanged, "another unfinished task keeps it");
    assert_eq!(verbs(&plan), ["forget recorded tasks", "delete tasks", "add tasks", "record tasks"]);
}

#[test]
fn an_apply_that_was_killed_before_its_last_step_is_finished() {
    let mut live = applied(&recipe());
    let job = live.jobs.values_mut().next().unwrap();
    job.value.ownership.as_mut().unwrap().tasks = None;
    job.value.spec.on_complete = OnComplete::Keep;
    let plan = replan(&recipe(), &live, &live_tasks(&recipe()), &Policy::default());
    assert_eq!(verbs(&plan), ["record tasks"]);
    assert!(!change(&plan, "jobs.train").drifted, "nobody changed it behind the recipe's back");
}

#[test]
fn a_finished_job_is_not_run_again_by_itself() {
    let mut live = applied(&recipe());
    live.jobs.values_mut().next().unwrap().value.state = "completed".into();
    assert!(replan(&recipe(), &live, &[], &Policy::default()).is_empty());

    let mut reprioritised = recipe();
    job_of(&mut reprioritised).spec.priority = 5;
    let plan = replan(&reprioritised, &live, &[], &Policy::default());
    assert!(plan.is_empty());
    assert!(plan.notes[0].contains("priority"), "{:?}", plan.notes);
    // Without new work, also what would need another job.
    let mut renamed = recipe();
    job_of(&mut renamed).spec.display_name = Some("Training".into());
    job_of(&mut renamed).spec.on_complete = OnComplete::Keep;
    let plan = replan(&renamed, &live, &[], &Policy::default());
    assert!(plan.is_empty() && plan.blocked().next().is_none(), "{plan:#?}");
    assert!(plan.notes[0].contains("display_name"), "{:?}", plan.notes);

    let mut more = recipe();
    job_of(&mut more).tasks =
        TaskStream::from_tasks(vec![task("a", "run a"), task("b", "run b"), task("c", "run c")]);
    let mut tasks = live_tasks(&recipe());
    for task in &mut tasks {
        (task.state, task.result) = ("completed".into(), Some("success".into()));
    }
    tasks[1].result = Some("failure".into());
    let plan = replan(&more, &live, &tasks, &Policy::default());
    let job = change(&plan, "jobs.train");
    assert_eq!((job.class, &job.reason), (ChangeClass::Create, &ActionReason::NewWorkForFinishedJob));
    assert_eq!((job.id.as_str(), job.needs), ("train-r2", None), "nothing is deleted");
    assert_eq!(verbs(&plan), ["create job", "add tasks", "record tasks"]);
    let summary = change(&plan, "jobs.train.tasks").tasks.as_ref().unwrap();
    assert_eq!((summary.add, summary.retried, summary.inherited), (2, 1, 1), "what has not succeeded");
    let Action::SealJob { seal, .. } = &plan.steps[2].action else { panic!("{:?}", plan.steps) };
    assert_eq!((seal.ownership.generation, seal.ownership.inherited), (Some(2), Some(1)));
    assert_eq!(seal.ownership.recorded_tasks(), Some(2));
    // A job of this id is somebody else's.
    live.taken_jobs.insert(JobId::new("train-r2").unwrap());
    assert_eq!(change(&replan(&more, &live, &tasks, &Policy::default()), "jobs.train").id, "train-r3");
}
