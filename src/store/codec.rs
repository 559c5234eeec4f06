//! How the domain's types are written in a column, the same on both engines; the domain itself knows no SQL.
//!
//! Ids are UUIDs, word enums and phone numbers are text, moments and money are whole numbers.

use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
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
use crate::domain::priority::Priority;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{Purpose, Service, Tier, UsageSource};

/// Stores `$name` as `$column`: `$out` turns a reference into the column's value, `$back` turns it back (or fails).
macro_rules! stored_as {
    ($name:ty, $column:ty, $out:expr, $back:expr) => {
        impl<DB: sqlx::Database> sqlx::Type<DB> for $name
        where
            $column: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <$column as sqlx::Type<DB>>::type_info()
            }
            fn compatible(info: &DB::TypeInfo) -> bool {
                <$column as sqlx::Type<DB>>::compatible(info)
            }
        }

        impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name
        where
            $column: sqlx::Encode<'q, DB>,
        {
            fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                let out: fn(&$name) -> $column = $out;
                <$column as sqlx::Encode<'q, DB>>::encode(out(self), buffer)
            }
        }

        impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name
        where
            $column: sqlx::Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let back: fn($column) -> Result<$name, sqlx::error::BoxDynError> = $back;
                back(<$column as sqlx::Decode<'r, DB>>::decode(value)?)
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
        $crate::store::codec::stored_as!($name, String, |word| word.as_str().to_owned(), |word| Ok(word.parse()?));
    )+};
}

pub(crate) use {stored_as, words};

ids!(AgentId, AgentVersionId, AttemptId, BatchId, CampaignId, ImportId, JobId, LeadId, LedgerId, PromptVersionId, TaskId, WorkerId);

words!(AttemptState, CampaignState, DialKind, Disposition, EventKind, Gate, LeadState, OnVoicemail, Purpose, Reason, Service, SlotKind);
words!(Tier, UsageSource);

stored_as!(Timestamp, i64, |time| time.as_millis(), |millis| Ok(Timestamp::from_millis(millis)));
stored_as!(NanoUsd, i64, |money| money.0, |nano| Ok(NanoUsd(nano)));
stored_as!(Priority, i32, |priority| priority.get().into(), |number| Ok(Priority::try_from(number)?));
stored_as!(PhoneNumber, String, |number| number.e164().to_owned(), |text| Ok(PhoneNumber::from_e164(&text)?));

/// A value kept as JSON text in a TEXT column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText<T>(pub T);

impl<T> Deref for JsonText<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<DB: Database, T> Type<DB> for JsonText<T>
where
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <String as Type<DB>>::type_info()
    }
    fn compatible(info: &DB::TypeInfo) -> bool {
        <String as Type<DB>>::compatible(info)
    }
}

impl<'q, DB: Database, T: Serialize> Encode<'q, DB> for JsonText<T>
where
    String: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<'q, DB>>::encode(serde_json::to_string(&self.0)?, buffer)
    }
}

impl<'r, DB: Database, T: DeserializeOwned> Decode<'r, DB> for JsonText<T>
where
    String: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(&<String as Decode<'r, DB>>::decode(value)?)?))
    }
}

/// A count as both engines store it; counts never come near the limit.
pub(crate) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stored count as Rust counts; never negative in the tables.
pub(crate) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// A duration in the whole milliseconds that database times are kept in.
pub(crate) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
