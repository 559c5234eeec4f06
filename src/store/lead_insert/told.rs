//! What the audit tells of leads that a program sends. One that sends each as it comes would drown it: what it sends to a campaign
//! within a minute is one row.

use std::fmt;
use std::ops::Add;

use super::Inserted;
use crate::domain::ids::CampaignId;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::audit::{self, NewAudit};
use crate::store::db::Conn;

/// How many leads came, as a row's detail has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Added {
    new: u64,
    updated: u64,
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} new, {} updated", self.new, self.updated)
    }
}

impl Add for Added {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { new: self.new + other.new, updated: self.updated + other.updated }
    }
}

impl Added {
    fn read(detail: &str) -> Option<Self> {
        let (new, updated) = detail.strip_suffix(" updated")?.split_once(" new, ")?;
        Some(Self { new: new.parse().ok()?, updated: updated.parse().ok()? })
    }
}

/// Rows that a program sends are no import, and would leave no trace of who brought them.
pub(super) async fn tell(
    mut conn: Conn<'_>,
    campaign: CampaignId,
    inserted: &Inserted,
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let added = Added { new: inserted.accepted + inserted.suppressed, updated: inserted.updated };
    if added.new + added.updated == 0 {
        return Ok(());
    }
    let (subject, detail) = (format!("campaign/{campaign}"), added.to_string());
    let row = NewAudit { actor, action: "leads.add", subject: &subject, detail: &detail };
    let there = audit::alike_this_minute(conn.reborrow(), row, now).await?;
    match there.and_then(|there| Some((there.id, Added::read(&there.detail)? + added))) {
        Some((id, sum)) => audit::amend(conn, id, &sum.to_string()).await,
        None => audit::append(conn, row, now).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_again() {
        let added = Added { new: 3, updated: 12 };
        assert_eq!((added.to_string().as_str(), Added::read("3 new, 12 updated")), ("3 new, 12 updated", Some(added)));
        for other in ["", "3 new", "three new, 0 updated", "3 new, 0 updated, 1 gone"] {
            assert_eq!(Added::read(other), None, "{other}");
        }
    }
}
