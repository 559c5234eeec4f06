//! Deferred tasks: wanted once, in one batch at a time, applied once.

use super::fixtures::{at, attempt, campaign, lead};
use super::support::on_both_engines;
use crate::domain::background::{BATCH, allows};
use crate::domain::ids::{AttemptId, BatchId, CampaignId};
use crate::store::Store;
use crate::store::batch::BatchState;
use crate::store::deferred::{NewTask, TaskFilter, TaskKind, TaskState};

on_both_engines! {
    async fn a_task_is_wanted_once(store: Store) {
        let (id, call) = call(&store, 1).await;
        let tasks = [task(id, call, TaskKind::Summary, "a", 900), task(id, call, TaskKind::Score, "a", 800)];
        assert_eq!(store.defer_tasks(&tasks, at(0)).await.unwrap(), 2);
        assert_eq!(store.defer_tasks(&tasks, at(1)).await.unwrap(), 0);
        let waiting = store.gatherable_tasks().await.unwrap();
        assert_eq!((waiting.len(), waiting[0].tasks, waiting[0].oldest, waiting[0].due_at), (1, 2, at(0), at(800)));
        let listed = store.tasks(TaskFilter { attempt: Some(call), ..TaskFilter::default() }, None, 9).await.unwrap();
        assert_eq!(listed.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::Summary, TaskKind::Score]);
        assert_eq!(store.task(listed[0].id).await.unwrap().as_ref(), Some(&listed[0]));
    }

    async fn a_batch_takes_the_most_urgent_of_one_model(store: Store) {
        for n in 1..=3_u64 {
            let (id, call) = call(&store, n).await;
            let due = 1_000 - i64::try_from(n).unwrap();
            let tasks = [task(id, call, TaskKind::Summary, "a", due), task(id, call, TaskKind::Score, "b", due)];
            store.defer_tasks(&tasks, at(0)).await.unwrap();
        }
        let (batch, tasks) = store.open_batch("a", 2, at(5)).await.unwrap().unwrap();
        assert_eq!((batch.state, batch.tasks, batch.model.as_str()), (BatchState::Intent, 2, "a"));
        let mut due: Vec<_> = tasks.iter().map(|task| task.due_at).collect();
        due.sort();
        assert_eq!(due, [at(997), at(998)]);
        assert!(tasks.iter().all(|task| (task.state, task.batch_id) == (TaskState::Batched, Some(batch.id))));
        assert_eq!(store.open_batch("a", 9, at(6)).await.unwrap().unwrap().1.len(), 1);
        assert_eq!(store.open_batch("a", 9, at(7)).await.unwrap(), None);
    }

    async fn a_batch_moves_forward_only(store: Store) {
        let (id, call) = call(&store, 1).await;
        store.defer_tasks(&[task(id, call, TaskKind::Summary, "a", 900)], at(0)).await.unwrap();
        let (batch, tasks) = store.open_batch("a", 9, at(1)).await.unwrap().unwrap();
        assert!(!store.batch_submitted(batch.id, "batch_1", at(2)).await.unwrap(), "the file first");
        assert!(store.batch_uploaded(batch.id, "file_1", at(2)).await.unwrap());
        assert!(!store.batch_uploaded(batch.id, "file_2", at(3)).await.unwrap());
        assert!(store.batch_submitted(batch.id, "batch_1", at(3)).await.unwrap());
        assert_eq!(store.open_batches().await.unwrap().len(), 1);
        assert!(!store.batch_collected(batch.id, at(4)).await.unwrap(), "a task is still in it");
        assert!(store.apply_task_result(tasks[0].id, batch.id, "{\"summary\":\"short\"}", at(5)).await.unwrap());
        assert!(!store.apply_task_result(tasks[0].id, batch.id, "{}", at(6)).await.unwrap(), "once");
        assert!(store.batch_collected(batch.id, at(7)).await.unwrap());
        assert!(!store.batch_collected(batch.id, at(8)).await.unwrap());
        assert_eq!(store.batch_failed(batch.id, "late", 3, at(8)).await.unwrap(), None);
        let row = store.batch(batch.id).await.unwrap().unwrap();
        assert_eq!((row.state, row.input_file_id.as_deref(), row.provider_batch_id.as_deref()), (BatchState::Collected, Some("file_1"), Some("batch_1")));
        assert_eq!(store.task(tasks[0].id).await.unwrap().unwrap().result.as_deref(), Some("{\"summary\":\"short\"}"));
        assert_eq!(store.open_batches().await.unwrap(), []);
    }

    async fn a_batch_moves_along_its_table(store: Store) {
        use BatchState::{Collected, Failed, Submitted, Uploaded};
        let mut n = 0;
        for from in BatchState::ALL {
            for to in [Uploaded, Submitted, Collected, Failed] {
                n += 1;
                let batch = batch_in(&store, n, *from).await;
                assert_eq!(moved(&store, batch, to).await, allows(BATCH, *from, to), "{from} to {to}");
            }
        }
    }

    async fn an_unanswered_task_goes_back_until_its_tries_are_used_up(store: Store) {
        let (id, call) = call(&store, 1).await;
        store.defer_tasks(&[task(id, call, TaskKind::Summary, "a", 900)], at(0)).await.unwrap();
        let (first, tasks) = store.open_batch("a", 9, at(1)).await.unwrap().unwrap();
        assert_eq!(store.return_task(tasks[0].id, BatchId::new(), "expired", 2, at(2)).await.unwrap(), None, "another batch");
        assert_eq!(store.return_task(tasks[0].id, first.id, "expired", 2, at(2)).await.unwrap(), Some(TaskState::Waiting));
        assert!(!store.apply_task_result(tasks[0].id, first.id, "{}", at(3)).await.unwrap(), "it left that batch");
        let (second, _) = store.open_batch("a", 9, at(4)).await.unwrap().unwrap();
        assert_eq!(store.batch_failed(second.id, "refused", 2, at(5)).await.unwrap(), Some(1));
        let row = store.task(tasks[0].id).await.unwrap().unwrap();
        assert_eq!((row.state, row.tries, row.last_error.as_deref(), row.batch_id), (TaskState::Failed, 2, Some("refused"), None));
        assert_eq!(store.open_batch("a", 9, at(6)).await.unwrap(), None);
    }
}

/// A batch of one task that has come this far.
async fn batch_in(store: &Store, n: u64, state: BatchState) -> BatchId {
    use BatchState::{Collected, Failed, Intent, Submitted, Uploaded};
    let ((id, call), model) = (call(store, n).await, format!("model {n}"));
    store.defer_tasks(&[task(id, call, TaskKind::Summary, &model, 900)], at(0)).await.unwrap();
    let (batch, _) = store.open_batch(&model, 1, at(1)).await.unwrap().unwrap();
    let way: &[BatchState] = match state {
        Intent => &[],
        Uploaded => &[Uploaded],
        Submitted => &[Uploaded, Submitted],
        Collected => &[Uploaded, Submitted, Collected],
        Failed => &[Failed],
    };
    for step in way {
        assert!(moved(store, batch.id, *step).await, "{step}");
    }
    batch.id
}

/// Tries to move a batch; before it is collected its task is answered.
async fn moved(store: &Store, batch: BatchId, to: BatchState) -> bool {
    match to {
        BatchState::Intent => false,
        BatchState::Uploaded => store.batch_uploaded(batch, "file", at(2)).await.unwrap(),
        BatchState::Submitted => store.batch_submitted(batch, &batch.to_string(), at(2)).await.unwrap(),
        BatchState::Failed => store.batch_failed(batch, "refused", 9, at(2)).await.unwrap().is_some(),
        BatchState::Collected => {
            let in_batch = TaskFilter { batch: Some(batch), ..TaskFilter::default() };
            for task in store.tasks(in_batch, None, 9).await.unwrap() {
                store.apply_task_result(task.id, batch, "{}", at(2)).await.unwrap();
            }
            store.batch_collected(batch, at(3)).await.unwrap()
        }
    }
}

async fn call(store: &Store, n: u64) -> (CampaignId, AttemptId) {
    let id = campaign(store, &format!("spring {n}")).await;
    (id, attempt(store, id, lead(store, id, n).await).await)
}

fn task(campaign: CampaignId, attempt: AttemptId, kind: TaskKind, model: &str, due: i64) -> NewTask<'_> {
    NewTask { kind, attempt, campaign, model, prompt_version: None, request: "{}", due_at: at(due) }
}
