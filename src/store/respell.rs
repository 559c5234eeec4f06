//! Opt-outs that earlier builds stored with the zero that is dialed at home. Lists are read without it, so their leads did not meet them.

use crate::domain::phone::PhoneNumber;
use crate::domain::spelling::spelled_otherwise;
use crate::store::db::on_db;
use crate::store::{Store, StoreError};

impl Store {
    /// Keeps each such entry in the other spelling too, as it is; do-not-call lists are read anew by themselves. Leads that wait meet
    /// it when their turn comes. Safe to repeat.
    pub(super) async fn respell_suppressions(&self) -> Result<(), StoreError> {
        // a zero behind a country's code of one to three digits
        const WITH_ZERO: &str = "SELECT DISTINCT phone_number FROM suppression WHERE source <> 'list'
             AND (substr(phone_number, 3, 1) = '0' OR substr(phone_number, 4, 1) = '0' OR substr(phone_number, 5, 1) = '0')";
        const RESPELL: &str = "INSERT INTO suppression (phone_number, scope, source, attempt_id, created_at)
             SELECT $2, scope, source, attempt_id, created_at FROM suppression WHERE phone_number = $1 AND source <> 'list'
             ON CONFLICT (phone_number, scope) DO NOTHING";
        on_db!(self.db, write, tx => {
            let kept: Vec<PhoneNumber> = sqlx::query_scalar(WITH_ZERO).fetch_all(&mut *tx).await?;
            for number in &kept {
                if let Some(other) = spelled_otherwise(number).filter(|other| other.is_read) {
                    sqlx::query(RESPELL).bind(number).bind(&other.number).execute(&mut *tx).await?;
                }
            }
            Ok(())
        })
    }
}
