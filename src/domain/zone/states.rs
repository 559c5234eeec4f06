//! States, territories and provinces of North America and the zones in force in them, wherever in the state a person lives.
//!
//! United States: 49 CFR part 71 (the boundaries of the zones), as of 2026. Canada: the IANA time zone database, `zone.tab`.

type Row = (&'static str, &'static str, &'static [&'static str]);

const EASTERN: &[&str] = &["America/New_York"];
const CENTRAL: &[&str] = &["America/Chicago"];
const MOUNTAIN: &[&str] = &["America/Denver"];
const PACIFIC: &[&str] = &["America/Los_Angeles"];
const EASTERN_CENTRAL: &[&str] = &["America/Chicago", "America/New_York"];
const CENTRAL_MOUNTAIN: &[&str] = &["America/Chicago", "America/Denver"];
const MOUNTAIN_PACIFIC: &[&str] = &["America/Denver", "America/Los_Angeles"];

const STATES: &[Row] = &[
    ("AL", "alabama", CENTRAL),
    ("AK", "alaska", &["America/Adak", "America/Anchorage"]),
    ("AZ", "arizona", &["America/Denver", "America/Phoenix"]),
    ("AR", "arkansas", CENTRAL),
    ("CA", "california", PACIFIC),
    ("CO", "colorado", MOUNTAIN),
    ("CT", "connecticut", EASTERN),
    ("DE", "delaware", EASTERN),
    ("DC", "district of columbia", EASTERN),
    ("FL", "florida", EASTERN_CENTRAL),
    ("GA", "georgia", EASTERN),
    ("HI", "hawaii", &["Pacific/Honolulu"]),
    ("ID", "idaho", MOUNTAIN_PACIFIC),
    ("IL", "illinois", CENTRAL),
    ("IN", "indiana", EASTERN_CENTRAL),
    ("IA", "iowa", CENTRAL),
    ("KS", "kansas", CENTRAL_MOUNTAIN),
    ("KY", "kentucky", EASTERN_CENTRAL),
    ("LA", "louisiana", CENTRAL),
    ("ME", "maine", EASTERN),
    ("MD", "maryland", EASTERN),
    ("MA", "massachusetts", EASTERN),
    ("MI", "michigan", EASTERN_CENTRAL),
    ("MN", "minnesota", CENTRAL),
    ("MS", "mississippi", CENTRAL),
    ("MO", "missouri", CENTRAL),
    ("MT", "montana", MOUNTAIN),
    ("NE", "nebraska", CENTRAL_MOUNTAIN),
    ("NV", "nevada", MOUNTAIN_PACIFIC),
    ("NH", "new hampshire", EASTERN),
    ("NJ", "new jersey", EASTERN),
    ("NM", "new mexico", MOUNTAIN),
    ("NY", "new york", EASTERN),
    ("NC", "north carolina", EASTERN),
    ("ND", "north dakota", CENTRAL_MOUNTAIN),
    ("OH", "ohio", EASTERN),
    ("OK", "oklahoma", CENTRAL),
    ("OR", "oregon", MOUNTAIN_PACIFIC),
    ("PA", "pennsylvania", EASTERN),
    ("RI", "rhode island", EASTERN),
    ("SC", "south carolina", EASTERN),
    ("SD", "south dakota", CENTRAL_MOUNTAIN),
    ("TN", "tennessee", EASTERN_CENTRAL),
    ("TX", "texas", CENTRAL_MOUNTAIN),
    ("UT", "utah", MOUNTAIN),
    ("VT", "vermont", EASTERN),
    ("VA", "virginia", EASTERN),
    ("WA", "washington", PACIFIC),
    ("WV", "west virginia", EASTERN),
    ("WI", "wisconsin", CENTRAL),
    ("WY", "wyoming", MOUNTAIN),
    ("PR", "puerto rico", &["America/Puerto_Rico"]),
    ("VI", "virgin islands", &["America/St_Thomas"]),
    ("GU", "guam", &["Pacific/Guam"]),
    ("MP", "northern mariana islands", &["Pacific/Saipan"]),
    ("AS", "american samoa", &["Pacific/Pago_Pago"]),
    ("AB", "alberta", &["America/Edmonton"]),
    ("BC", "british columbia", &["America/Creston", "America/Edmonton", "America/Fort_Nelson", "America/Vancouver"]),
    ("MB", "manitoba", &["America/Winnipeg"]),
    ("NB", "new brunswick", &["America/Moncton"]),
    ("NL", "newfoundland and labrador", &["America/Goose_Bay", "America/St_Johns"]),
    ("NS", "nova scotia", &["America/Halifax"]),
    ("NT", "northwest territories", &["America/Edmonton"]),
    ("NU", "nunavut", &["America/Cambridge_Bay", "America/Iqaluit", "America/Rankin_Inlet", "America/Resolute"]),
    ("ON", "ontario", &["America/Atikokan", "America/Toronto", "America/Winnipeg"]),
    ("PE", "prince edward island", &["America/Halifax"]),
    ("QC", "quebec", &["America/Blanc-Sablon", "America/Halifax", "America/Toronto"]),
    ("SK", "saskatchewan", &["America/Edmonton", "America/Regina"]),
    ("YT", "yukon", &["America/Whitehorse"]),
];

/// The zones of a state by its postal code or English name, whatever the case.
pub(super) fn zones_of(state: &str) -> Option<&'static [&'static str]> {
    let row = STATES.iter().find(|(code, name, _)| code.eq_ignore_ascii_case(state) || name.eq_ignore_ascii_case(state));
    row.map(|(_, _, zones)| *zones)
}

/// The postal code of a state by its code or English name.
pub(super) fn code_of(state: &str) -> Option<&'static str> {
    let row = STATES.iter().find(|(code, name, _)| code.eq_ignore_ascii_case(state) || name.eq_ignore_ascii_case(state));
    row.map(|(code, ..)| *code)
}

#[cfg(test)]
pub(super) fn all_zones() -> impl Iterator<Item = &'static str> {
    STATES.iter().flat_map(|(_, _, zones)| zones.iter().copied())
}
