//! A list made by rule, so that what has to come out is known beforehand.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

const PLACES: [(u64, &str, &str); 12] = [
    (415, "CA", "94105"),
    (213, "CA", "90012"),
    (212, "NY", "10001"),
    (305, "FL", "33130"),
    (312, "IL", "60601"),
    (602, "AZ", "85004"),
    (713, "TX", "77002"),
    (206, "WA", "98101"),
    (404, "GA", "30303"),
    (617, "MA", "02108"),
    (702, "NV", "89101"),
    (303, "CO", "80202"),
];

const NAMES: [&str; 8] = ["Maria", "James", "Björk", "Wei", "Fatima", "O'Neill", "José", "Anne-Marie"];

/// Bad in one of the ways lists are.
const BAD: [&str; 8] = ["", "1.4155E+10", "415-555", "n/a", "415-555-0100 x12", "1-800-FLOWERS", "+11155550100", "+141555501000000"];

/// Numbers of one place: exchanges 200 to 999 without those that end in 11, ten thousand lines each.
const LINES: u64 = 7_920_000;

/// Writes `rows` rows; how many of them are to be accepted, rejected, updated, and found twice.
pub fn write(to: &Path, rows: u64, sorted: bool) -> std::io::Result<[u64; 4]> {
    let mut out = BufWriter::new(File::create(to)?);
    writeln!(out, "external_id,phone_number,first_name,last_name,state,postal_code,consent_basis,monthly_bill,note")?;
    let mut counts = [0; 4];
    let mut fresh = 0;
    for row in 0..rows {
        let (phone, place) = match row % 100 {
            17 | 71 => (BAD[usize::try_from(row / 100 % 8).unwrap_or(0)].to_owned(), PLACES[0]),
            50 if fresh > 0 => number(fresh / 2, sorted, row),
            _ => {
                fresh += 1;
                number(fresh - 1, sorted, row)
            }
        };
        match row % 100 {
            17 | 71 => counts[1] += 1,
            50 if row > 0 => counts[3] += 1,
            _ => counts[0] += 1,
        }
        let name = NAMES[usize::try_from(mix(row) % 8).unwrap_or(0)];
        let bill = mix(row ^ 7) % 400;
        let note = if row % 10 == 0 { "\"asked for a call, after five\"" } else { "" };
        writeln!(out, "crm-{row:07},{phone},{name},Tester {row},{},{},web form 2026-10-01,{bill},{note}", place.1, place.2)?;
    }
    out.flush()?;
    Ok(counts)
}

/// The `n`-th number, in one of six spellings.
fn number(n: u64, sorted: bool, row: u64) -> (String, (u64, &'static str, &'static str)) {
    // the multiplier shares no factor with the modulus: every number comes once, far from its neighbours
    let all = LINES * PLACES.len() as u64;
    let at = if sorted { n } else { n.wrapping_mul(57_885_161) % all };
    let place = PLACES[usize::try_from(at / LINES).unwrap_or(0)];
    let (exchange, line) = (exchange(at % LINES / 10_000), at % 10_000);
    let area = place.0;
    let text = match row % 20 {
        0..=1 => format!("({area}) {exchange}-{line:04}"),
        2..=3 => format!("{area}-{exchange}-{line:04}"),
        4 => format!("1{area}{exchange}{line:04}"),
        5 => format!("{area}{exchange}{line:04}"),
        6 => format!("'+1{area}{exchange}{line:04}"),
        _ => format!("+1{area}{exchange}{line:04}"),
    };
    (text, place)
}

/// 200, 201, … without 211, 311, … which are services.
fn exchange(n: u64) -> u64 {
    200 + n / 99 * 100 + if n % 99 < 11 { n % 99 } else { n % 99 + 1 }
}

fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
