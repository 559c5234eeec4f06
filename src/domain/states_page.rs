//! `docs/states.md` is drawn from the tables of states, so that the picture cannot differ from the code.

use std::fmt::{Display, Write};
use std::path::PathBuf;

use crate::domain::attempt::{self, AttemptState};
use crate::domain::background::{BATCH, BatchState, IMPORT, ImportState, JOB, JobState, TASK, TaskState, WORKER, WorkerState};
use crate::domain::campaign::{self, CampaignState};
use crate::domain::lead::{self, LeadState};

/// Rewrites the page instead of comparing it.
const UPDATE: &str = "UPDATE_DOCS";

/// A state that is shown and not stored.
const INTERRUPTED: &str = "\nWhoever goes away writes nothing, so one that is cut off stays `running` until its file is sent again. When it has \
                           stored no rows for\na minute it is shown as `interrupted`.\n";

fn page() -> String {
    let mut page = String::from(
        "# States\n\nDrawn from the tables in `src/domain` by a test; `UPDATE_DOCS=1 cargo test states_page` draws it anew.\n\
         A state changes only by compare-and-set along one of these lines.\n",
    );
    draw(&mut page, "Campaign", "Whether and how a list is called.", &CampaignState::Draft, campaign::TRANSITIONS);
    draw(&mut page, "Lead", "When a person may be called next. Nothing is dialled here.", &LeadState::New, lead::TRANSITIONS);
    draw(&mut page, "Attempt", "One try at calling a lead, from arming to its end.", &AttemptState::Ready, attempt::TRANSITIONS);
    draw(&mut page, "Import", "How far a list has been read.", &ImportState::Running, IMPORT);
    page.push_str(INTERRUPTED);
    draw(&mut page, "Job", "Work that is no dial: one row, run under a lease.", &JobState::Queued, JOB);
    draw(&mut page, "Deferred task", "A summary or a score that can wait for a cheap answer.", &TaskState::Waiting, TASK);
    draw(&mut page, "Batch", "Deferred tasks on their way through a provider, or through this process.", &BatchState::Intent, BATCH);
    draw(&mut page, "Worker", "A process that places and holds calls.", &WorkerState::Running, WORKER);
    page
}

fn draw<S: Display + PartialEq>(page: &mut String, name: &str, about: &str, first: &S, table: &[(S, S, &str)]) {
    write!(page, "\n## {name}\n\n{about}\n\n```mermaid\nstateDiagram-v2\n    [*] --> {first}\n").unwrap();
    for (from, to, event) in table {
        writeln!(page, "    {from} --> {to}: {event}").unwrap();
    }
    let ends = table.iter().map(|(_, to, _)| to).filter(|to| !table.iter().any(|(from, ..)| from == *to));
    let mut drawn: Vec<&S> = Vec::new();
    for end in ends {
        if !drawn.contains(&end) {
            writeln!(page, "    {end} --> [*]").unwrap();
            drawn.push(end);
        }
    }
    page.push_str("```\n");
}

#[test]
fn the_committed_page_shows_the_tables() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/states.md");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, page()).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == page(), "docs/states.md differs from the tables: run the tests once with {UPDATE}=1");
}
