//! What runs count: the two numbers that must be zero, and how harsh the world was.

/// The score of one run, or of many.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    pub worlds: u64,
    pub rings: u64,
    pub double_rings: u64,
    pub lost_leads: u64,
    pub attempts: u64,
    pub calls: u64,
    pub adopted: u64,
    pub absent: u64,
    /// Senders that stopped for longer than the send window, or crashed after the claim.
    pub stopped: u64,
    pub lost_tickets: u64,
    /// Answers that never came, or were never written down.
    pub lost_answers: u64,
    pub lost_hooks: u64,
    pub late_hooks: u64,
    pub list_outages: u64,
    /// The first seed that rang somebody twice or lost a lead.
    pub bad_seed: Option<u64>,
}

impl Score {
    pub fn add(self, other: Self) -> Self {
        Self {
            worlds: self.worlds + other.worlds,
            rings: self.rings + other.rings,
            double_rings: self.double_rings + other.double_rings,
            lost_leads: self.lost_leads + other.lost_leads,
            attempts: self.attempts + other.attempts,
            calls: self.calls + other.calls,
            adopted: self.adopted + other.adopted,
            absent: self.absent + other.absent,
            stopped: self.stopped + other.stopped,
            lost_tickets: self.lost_tickets + other.lost_tickets,
            lost_answers: self.lost_answers + other.lost_answers,
            lost_hooks: self.lost_hooks + other.lost_hooks,
            late_hooks: self.late_hooks + other.late_hooks,
            list_outages: self.list_outages + other.list_outages,
            bad_seed: [self.bad_seed, other.bad_seed].into_iter().flatten().min(),
        }
    }

    /// Names the seed when something went wrong under it.
    pub fn of(mut self, seed: u64) -> Self {
        self.bad_seed = (self.double_rings + self.lost_leads > 0).then_some(seed);
        self
    }
}
