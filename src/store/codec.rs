//! How the domain's types are written in a column, the same on both engines; the domain itself knows no SQL.
//!
//! Ids are UUIDs, word enums and phone numbers are text, moments and money are whole numbers.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::types::Uuid;
use sqlx::{Database, Decode, Encode, Type};

use crate::agents::definition::SlotKind;
use crate::call::journal::EventKind;
use crate::domain::attempt::{AttemptState, DialKind};
use crate::domain::campaign::{CampaignState, OnVoicemail};
use crate::domain::ids::{
    AgentId, AgentVersionId, AttemptId, BatchId, CampaignId, ImportId, JobId, LeadId, LedgerId, PromptVersionId, TaskId, WorkerId,
};
use crate::domain::lead::LeadState;
use crate::domain::money::NanoUsd;
use crate::domain::outcome::{Disposition, Reason};
use crate::domain::permit::Gate;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{Purpose, Service, Tier, UsageSource};

/// Stores `$name` as `$column`: `$out` turns a reference into the column's value, `$back` turns it back (or fails).
macro_rules! stored_as {
    ($name:ty, $column:ty, $out:expr, $back:expr) => {
        impl<DB: Database> Type<DB> for $name
        where
            $column: Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <$column as Type<DB>>::type_info()
            }
            fn compatible(info: &DB::TypeInfo) -> bool {
                <$column as Type<DB>>::compatible(info)
            }
        }

        impl<'q, DB: Database> Encode<'q, DB> for $name
        where
            $column: Encode<'q, DB>,
        {
            fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let out: fn(&$name) -> $column = $out;
                <$column as Encode<'q, DB>>::encode(out(self), buffer)
            }
        }

        impl<'r, DB: Database> Decode<'r, DB> for $name
        where
            $column: Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
                let back: fn($column) -> Result<$name, BoxDynError> = $back;
                back(<$column as Decode<'r, DB>>::decode(value)?)
            }
        }
    };
}

macro_rules! ids {
    ($($name:ident),+ $(,)?) => {$( stored_as!($name, Uuid, |id| id.0, |id| Ok($name(id))); )+};
}

/// Stores word enums as their word. Every enum of [`word_enum!`](crate::word_enum) that has a column stands here.
macro_rules! words {
    ($($name:path),+ $(,)?) => {$(
        stored_as!($name, String, |word| word.as_str().to_owned(), |word| Ok(word.parse()?));
    )+};
}

ids!(AgentId, AgentVersionId, AttemptId, BatchId, CampaignId, ImportId, JobId, LeadId, LedgerId, PromptVersionId, TaskId, WorkerId);

words!(AttemptState, CampaignState, DialKind, Disposition, EventKind, Gate, LeadState, OnVoicemail, Purpose, Reason, Service, SlotKind);
words!(Tier, UsageSource);

stored_as!(Timestamp, i64, |time| time.as_millis(), |millis| Ok(Timestamp::from_millis(millis)));
stored_as!(NanoUsd, i64, |money| money.0, |nano| Ok(NanoUsd(nano)));
stored_as!(PhoneNumber, String, |number| number.e164().to_owned(), |text| Ok(PhoneNumber::from_e164(&text)?));
