//! Due leads are armed in batches, and each one's ticket is rung.

use super::Dialing;
use crate::crash_point;
use crate::domain::attempt::DialKind;
use crate::domain::ids::AttemptId;
use crate::scheduler::Scheduler;
use crate::scheduler::bell::Bell;
use crate::store::StoreError;
use crate::store::dial::{ArmOrder, Arming, DueLead};

/// Leads armed in one transaction: enough to share a wait for the disk, few enough that nobody waits long for their locks.
const TOGETHER: usize = 50;

impl Scheduler {
    pub(super) async fn arm_leads(&self, dialing: &Dialing, lines: u32, bell: &mut Bell<'_>) -> Result<(), StoreError> {
        let due = &dialing.due[..dialing.due.len().min(lines as usize)];
        for leads in due.chunks(TOGETHER) {
            if bell.is_silent() {
                return Ok(());
            }
            let orders: Vec<ArmOrder<'_>> = leads.iter().map(|lead| self.order(dialing, lead)).collect();
            let armings = match self.store.arm_all(&orders, self.clock.now()).await {
                Ok(armings) => armings,
                Err(error) if error.retry_helps() => return Err(error),
                Err(_) => self.arm_one_by_one(&orders).await?,
            };
            crash_point::pass("arm.after");
            if armings.iter().any(|arming| armed(arming).is_some()) {
                self.rests.note(dialing.campaign.id, self.clock.now());
            }
            if let Some(last) = leads.iter().rfind(|lead| lead.kind == DialKind::Fresh) {
                self.rotation.note(dialing.campaign.id, last.class);
            }
            bell.ring_all(armings.iter().filter_map(armed)).await;
        }
        Ok(())
    }

    fn order<'a>(&'a self, dialing: &'a Dialing, lead: &DueLead) -> ArmOrder<'a> {
        ArmOrder {
            lead: lead.lead,
            settings: &dialing.settings,
            agent_version: dialing.campaign.agent_version_id,
            reserve: self.reserve.of(&dialing.settings),
            timings: &self.timings,
        }
    }

    /// One lead that cannot be read must not hold up the others of its batch.
    async fn arm_one_by_one(&self, orders: &[ArmOrder<'_>]) -> Result<Vec<Arming>, StoreError> {
        let mut armings = Vec::with_capacity(orders.len());
        for order in orders {
            match self.store.arm(order, self.clock.now()).await {
                Ok(arming) => armings.push(arming),
                Err(error) if error.retry_helps() => return Err(error),
                Err(error) => tracing::error!(lead.id = %order.lead, %error, "a lead cannot be armed; the others go on"),
            }
        }
        Ok(armings)
    }
}

fn armed(arming: &Arming) -> Option<(AttemptId, u32)> {
    match arming {
        Arming::Armed(attempt) => Some((*attempt, 1)),
        _ => None,
    }
}
