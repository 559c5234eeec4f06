//! Abroad no call begins while it is shut on the callee's own clock: libphonenumber's zones often only stand for the one that is
//! meant, and mobile numbers may be anywhere in their country.

use super::*;
use crate::domain::time::Timestamp;
use crate::domain::window::{Calendar, CallingWindow, Hours};

fn zones(number: &str) -> Vec<String> {
    zones_for(&PhoneNumber::from_e164(number).unwrap(), Address::default(), None).unwrap()
}

/// Every half hour of one day of each month from 2026 to 2028.
fn moments() -> impl Iterator<Item = Timestamp> {
    let half_hours = |day: Timestamp| (0..48).map(move |half| day + std::time::Duration::from_secs(half * 1_800));
    let months = (2026..=2028).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}-15T00:00:00Z")));
    months.flat_map(move |day| half_hours(day.parse().unwrap()))
}

/// A moment at which a number may be called and the clock of a place is outside 08:00 to 21:00.
fn called_while_shut(number: &str, place: &str) -> Option<Timestamp> {
    let window = CallingWindow { days: [Some(Hours { open: 8 * 60, close: 21 * 60 }); 7], holidays: Vec::new() };
    let clocks: Vec<TimeZone> = zones(number).iter().map(|zone| TimeZone::get(zone).unwrap()).collect();
    let own = TimeZone::get(place).unwrap();
    moments().find(|now| clocks.iter().all(|zone| window.is_open(*now, zone)) && !window.is_open(*now, &own))
}

#[test]
fn countries_that_another_zone_stood_for_have_their_own() {
    let cases = [
        ("+211912345678", "Africa/Juba"),
        ("+212612345678", "Africa/Casablanca"),
        ("+213551234567", "Africa/Algiers"),
        ("+218912345678", "Africa/Tripoli"),
        ("+50581234567", "America/Managua"),
        ("+74012345678", "Europe/Kaliningrad"),
        ("+262262123456", "Indian/Reunion"),
        ("+970599123456", "Asia/Gaza"),
    ];
    for (number, own) in cases {
        assert_eq!(zones(number), [own], "{number}");
    }
}

#[test]
fn nobody_is_called_while_it_is_shut_where_the_number_may_be() {
    let cases = [
        ("+74012345678", "Europe/Kaliningrad"),
        ("+79261234567", "Asia/Vladivostok"),
        ("+79261234567", "Europe/Kaliningrad"),
        ("+61412345678", "Australia/Perth"),
        ("+61412345678", "Australia/Darwin"),
        ("+61889123456", "Australia/Darwin"),
        ("+61731234567", "Australia/Brisbane"),
        ("+6281212345678", "Asia/Jayapura"),
        ("+34612345678", "Atlantic/Canary"),
        ("+56612345678", "America/Punta_Arenas"),
        ("+56912345678", "Pacific/Easter"),
        ("+8613812345678", "Asia/Urumqi"),
        ("+67570123456", "Pacific/Bougainville"),
        ("+64211234567", "Pacific/Chatham"),
    ];
    for (number, place) in cases {
        assert_eq!(called_while_shut(number, place), None, "{number} {place}");
    }
}

#[test]
fn a_stated_zone_says_where_a_mobile_phone_is() {
    for (number, zone) in [("+79261234567", "Europe/Moscow"), ("+8613812345678", "Asia/Shanghai"), ("+6281212345678", "Asia/Jakarta")] {
        let number = PhoneNumber::from_e164(number).unwrap();
        assert_eq!(zones_for(&number, Address::default(), Some(zone)).unwrap(), [zone]);
    }
}
