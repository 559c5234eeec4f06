//! A lead that is to be put on a list, with its values as they are stored.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::domain::consent::ConsentProof;
use crate::domain::phone::PhoneNumber;
use crate::domain::priority::Priority;
use crate::domain::time::Timestamp;
use crate::domain::zone::Address;
use crate::store::StoreError;
use crate::store::codec::JsonText;

/// The shortest time there is in a row.
const MOMENT: Duration = Duration::from_millis(1);

/// A lead to put on a list; already checked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLead {
    /// The operator's own key.
    pub external_id: Option<String>,
    /// Whom to call.
    pub phone_number: PhoneNumber,
    /// IANA zones the callee may be in; empty when unknown.
    pub zones: JsonText<Vec<String>>,
    /// What the list says about the person, for the agent.
    pub variables: JsonText<Map<String, Value>>,
    /// Why we may call.
    pub consent_basis: Option<String>,
    /// When consent was given.
    pub consent_at: Option<Timestamp>,
    /// Where the record of it is kept.
    pub consent_ref: Option<String>,
    /// Who goes first among the fresh leads.
    pub priority: Priority,
    /// Not to be called earlier.
    pub not_before: Option<Timestamp>,
}

/// A lead of a long list: its JSON is written already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLead {
    /// Where the list has it; 0 for a lead of no list.
    pub line: u64,
    /// The operator's own key.
    pub external_id: Option<String>,
    /// Whom to call.
    pub phone_number: PhoneNumber,
    /// Whether the list has a spreadsheet's apostrophe in front of the number.
    pub apostrophe: bool,
    /// Whether the list has it as a figure that may have been rounded.
    pub rounded: bool,
    /// IANA zones the callee may be in, a JSON list.
    pub zones: String,
    /// What the list says about the person, a JSON object.
    pub variables: String,
    /// The states the person's address may lie in.
    pub states: Vec<&'static str>,
    /// Why we may call.
    pub consent_basis: Option<String>,
    /// When consent was given, and where the record of it is kept.
    pub consent_proof: Option<Box<ConsentProof>>,
    /// Who goes first among the fresh leads.
    pub priority: Priority,
    /// Not to be called earlier.
    pub not_before: Option<Timestamp>,
}

fn states_of(number: &PhoneNumber, variables: &Map<String, Value>) -> Vec<&'static str> {
    let text = |name: &str| variables.get(name).and_then(Value::as_str);
    Address { state: text("state"), postal_code: text("postal_code") }.states(number)
}

impl ListLead {
    /// Writes a lead's JSON.
    ///
    /// # Errors
    /// Never for leads that were judged: their JSON has text keys only.
    pub fn of(lead: &NewLead) -> Result<Self, StoreError> {
        let json = |source| StoreError::Unreadable { what: "values of a new lead".to_owned(), source };
        Ok(Self {
            line: 0,
            external_id: lead.external_id.clone(),
            phone_number: lead.phone_number.clone(),
            apostrophe: false,
            rounded: false,
            zones: serde_json::to_string(&lead.zones).map_err(json)?,
            variables: serde_json::to_string(&lead.variables).map_err(json)?,
            states: states_of(&lead.phone_number, &lead.variables.0),
            consent_basis: lead.consent_basis.clone(),
            consent_proof: ConsentProof::of(lead.consent_at, lead.consent_ref.clone()),
            priority: lead.priority,
            not_before: lead.not_before,
        })
    }

    /// When consent was given.
    pub(super) fn consent_at(&self) -> Option<Timestamp> {
        self.consent_proof.as_ref()?.at
    }

    /// Where the record of it is kept.
    pub(super) fn consent_ref(&self) -> Option<&str> {
        self.consent_proof.as_ref()?.reference.as_deref()
    }

    /// When it may be called first: when it was listed, where the list names no time. One that names a time is later than now, if only
    /// by a moment: so an update tells the two apart, and leaves the time of a lead whose new row has none.
    pub(super) fn due(&self, listed_at: Timestamp, now: Timestamp) -> Timestamp {
        self.not_before.map_or(listed_at, |not_before| not_before.max(now + MOMENT))
    }
}
