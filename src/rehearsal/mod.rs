//! Calling a list before anybody is called: the real campaign, copied, on a clock that jumps from event to event.
//!
//! The copy is dialed by the product's own code: the dispatcher's tick arms leads, [`line`] claims, answers and ends their calls
//! through the same store. Only two things are made up: the time ([`clock`]) and the people who pick up or do not ([`callee`]),
//! drawn from a seed. [`people`] says who they are, [`bill`] what talking to them costs by the list prices, [`stage`] plays
//! one run, [`tally`] counts it, [`report`] puts the runs together. [`rehearse`] is the way in.
//!
//! Nothing goes over the network, nothing is paid, and the real database is only read.

mod agenda;
mod bill;
mod callee;
mod clock;
mod dice;
mod folder;
mod line;
mod nobody;
mod order;
mod people;
mod progress;
mod range;
mod report;
mod shares;
mod stage;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

pub use bill::Voices;
pub use order::{Deployment, Order};
pub use people::{People, PeopleError, Talk, Wishes, observed};
pub use progress::{Progress, Rehearsals, Running};
pub use report::Report;

use folder::Folder;
use stage::{Outlook, Stage};

use crate::store::rehearsal::copy::CopyOrder;
use crate::store::{Store, StoreError};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The list cannot be read, or the copy cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy's folder.
    #[error("the copy of the list cannot be written to {folder}: {source}")]
    Folder {
        /// Where it was to be.
        folder: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A run broke off.
    #[error("a run of the rehearsal broke off: {0}")]
    Broken(String),
}

/// Plays a campaign `order.runs` times and says what came of it. Dropping the future stops it and removes its files.
///
/// # Errors
/// See [`RehearsalError`].
pub async fn rehearse(store: &Store, order: Order, progress: &Progress) -> Result<Report, RehearsalError> {
    let begun = Instant::now();
    let order = Arc::new(order);
    let folder = Arc::new(Folder::new_in(&order.place)?);
    let list = folder.join("list");
    let copy = Store::scratch(&list).await?;
    copy.migrate().await?;
    let wanted = CopyOrder { campaign: &order.campaign, settings: &order.settings_json, state: order.state(), from: order.from };
    let copied = store.copy_campaign(&copy, &wanted).await?;
    // the last connection to go writes everything into the one file that is copied
    copy.close().await;
    drop(copy);
    progress.set_work(copied.leads * u64::from(order.runs));

    // one processor stays free for the calls that are going on
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let at_once = Arc::new(Semaphore::new(processors.saturating_sub(1).max(1)));
    let mut runs = JoinSet::new();
    for run in 0..order.runs {
        let (list, own) = (list.clone(), folder.join(&format!("run-{run}")));
        let outlook = Outlook { seed: order.seed.wrapping_add(u64::from(run)), leads: copied.leads, spent: copied.spent };
        let (order, progress, at_once, folder) = (Arc::clone(&order), progress.clone(), Arc::clone(&at_once), Arc::clone(&folder));
        let played = async move {
            let _turn = at_once.acquire_owned().await;
            folder.copy_database(&list, &own)?;
            let played = Stage::open(&own, order, outlook, progress).await?.play().await?;
            folder.remove(&own)?;
            Ok::<_, RehearsalError>(played)
        };
        // the dispatcher and the breaker would tell the log of campaigns that complete and halt: these are not real
        runs.spawn(played.with_subscriber(NoSubscriber::default()));
    }
    let mut played = Vec::with_capacity(order.runs as usize);
    while let Some(ended) = runs.join_next().await {
        played.push(ended.map_err(|error| RehearsalError::Broken(error.to_string()))??);
    }
    played.sort_by_key(|run| run.seed);
    Ok(Report::of(&order, copied, &played, begun.elapsed()))
}
