//! Why a number must not be called, and where.

use crate::domain::outcome::Reason;
use crate::word_enum;

word_enum! {
    /// Who said so.
    pub enum SuppressionSource {
        /// The callee, in a call.
        OptOut = "opt_out",
        /// A do-not-call list.
        List = "list",
        /// An operator.
        Operator = "operator",
        /// The callee's carrier, on the callee's behalf (SIP 607).
        Carrier = "carrier",
        /// The provider: the number does not exist or may not be called.
        Quarantine = "quarantine",
    }
}

/// A number that must not be called in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressed {
    /// Who said so; the strongest where several did.
    pub source: SuppressionSource,
    /// In every campaign, not in this one alone.
    pub everywhere: bool,
    /// What the provider said of a quarantined number.
    pub reason: Option<Reason>,
}
