//! Which of the campaign's numbers the callee sees: one not worn out today, of the callee's own area, that rested longest.

use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::domain::zone::country_of;

/// One number of the pool, as it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerUse {
    /// The number.
    pub number: PhoneNumber,
    /// The callee's carrier marked it as unwanted.
    pub rejected: bool,
    /// When its last call was armed.
    pub last_used: Option<Timestamp>,
    /// It has made as many calls in 24 h as it may; when the oldest of them is a day old.
    pub worn_out_until: Option<Timestamp>,
}

/// What the pool has for a callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerChoice {
    /// This one of the pool.
    Use(usize),
    /// All that the callee's carrier lets through have made their calls; the first is free again then.
    WornOut(Timestamp),
    /// The callee's carrier rejects every one of them.
    Rejected,
}

/// Chooses. With `local` a number of the callee's area code goes before one of the country before any other.
#[must_use]
pub fn choose(pool: &[CallerUse], callee: &PhoneNumber, local: bool) -> CallerChoice {
    let accepted = || pool.iter().enumerate().filter(|(_, caller)| !caller.rejected);
    let nearest = |caller: &CallerUse| if local { distance(&caller.number, callee) } else { 0 };
    let free = accepted().filter(|(_, caller)| caller.worn_out_until.is_none());
    match free.min_by_key(|(_, caller)| (nearest(caller), caller.last_used)) {
        Some((at, _)) => CallerChoice::Use(at),
        None => accepted().filter_map(|(_, caller)| caller.worn_out_until).min().map_or(CallerChoice::Rejected, CallerChoice::WornOut),
    }
}

/// 0 the same area code (North America), 1 the same country, 2 anything else.
fn distance(caller: &PhoneNumber, callee: &PhoneNumber) -> u8 {
    let area = |number: &'_ PhoneNumber| number.e164().strip_prefix("+1").and_then(|rest| rest.get(..3)).map(str::to_owned);
    match (area(caller), area(callee)) {
        (Some(own), Some(other)) if own == other => 0,
        _ if country_of(caller) == country_of(callee) => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(number: &str, last_used: Option<i64>) -> CallerUse {
        let number = PhoneNumber::from_e164(number).unwrap();
        CallerUse { number, rejected: false, last_used: last_used.map(Timestamp::from_millis), worn_out_until: None }
    }

    fn pool() -> Vec<CallerUse> {
        vec![
            caller("+12125550001", Some(1)),
            caller("+14155550001", Some(9)),
            caller("+14155550002", Some(5)),
            caller("+442079460001", None),
        ]
    }

    fn chosen(pool: &[CallerUse], callee: &str, local: bool) -> CallerChoice {
        choose(pool, &PhoneNumber::from_e164(callee).unwrap(), local)
    }

    #[test]
    fn the_nearest_and_best_rested_goes_first() {
        let pool = pool();
        let table = [
            ("+14155550100", true, 2),
            ("+12125550100", true, 0),
            ("+13055550100", true, 0),
            ("+442079460000", true, 3),
            ("+4930123456", true, 3),
            ("+14155550100", false, 3),
        ];
        for (callee, local, expected) in table {
            assert_eq!(chosen(&pool, callee, local), CallerChoice::Use(expected), "{callee} {local}");
        }
    }

    #[test]
    fn worn_out_and_rejected_numbers_stay_out() {
        let mut pool = pool();
        let until = Timestamp::from_millis;
        pool[2].worn_out_until = Some(until(70));
        pool[1].rejected = true;
        assert_eq!(chosen(&pool, "+14155550100", true), CallerChoice::Use(0));
        for caller in &mut pool {
            caller.worn_out_until = Some(until(90));
        }
        pool[3].worn_out_until = Some(until(60));
        assert_eq!(chosen(&pool, "+14155550100", true), CallerChoice::WornOut(until(60)));
        pool.iter_mut().for_each(|caller| caller.rejected = true);
        assert_eq!(chosen(&pool, "+14155550100", true), CallerChoice::Rejected);
    }
}
