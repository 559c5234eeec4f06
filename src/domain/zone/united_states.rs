//! The zones of the United States and their territories, with older names of them: the IANA time zone database, `zone.tab` and
//! `backward`, release 2025b.

/// What lies in one state each: `America/Indiana/Knox`.
const GROUPS: [&str; 4] = ["US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/"];

const ZONES: [&str; 32] = [
    "America/Adak",
    "America/Anchorage",
    "America/Atka",
    "America/Boise",
    "America/Chicago",
    "America/Denver",
    "America/Detroit",
    "America/Fort_Wayne",
    "America/Indianapolis",
    "America/Juneau",
    "America/Knox_IN",
    "America/Los_Angeles",
    "America/Louisville",
    "America/Menominee",
    "America/Metlakatla",
    "America/New_York",
    "America/Nome",
    "America/Phoenix",
    "America/Puerto_Rico",
    "America/Shiprock",
    "America/Sitka",
    "America/St_Thomas",
    "America/Virgin",
    "America/Yakutat",
    "Pacific/Guam",
    "Pacific/Honolulu",
    "Pacific/Johnston",
    "Pacific/Midway",
    "Pacific/Pago_Pago",
    "Pacific/Saipan",
    "Pacific/Samoa",
    "Pacific/Wake",
];

/// Whether people in this zone live in the United States. A name that is not known does not say so.
#[must_use]
pub fn is_of_united_states(zone: &str) -> bool {
    ZONES.contains(&zone) || GROUPS.iter().any(|group| zone.starts_with(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_list_is_one() {
        for zone in ZONES {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn states_and_territories_are_of_the_united_states_and_nobody_else_is() {
        for zone in ["America/New_York", "America/Indiana/Knox", "US/Eastern", "Pacific/Guam", "America/St_Thomas"] {
            assert!(is_of_united_states(zone), "{zone}");
        }
        for zone in ["America/Toronto", "America/Mexico_City", "Europe/London", "America/Nassau", "Pacific/Auckland", ""] {
            assert!(!is_of_united_states(zone), "{zone}");
        }
    }
}
