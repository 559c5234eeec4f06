//! The demo's list: the sixty people of the file, and as many more as are asked for.

use std::fmt::Write as _;

/// The file a user can read and change.
const LEADS: &str = include_str!("../../../config/demo/leads.csv");
const FIRST_NAMES: &[&str] = &["Alex", "Blair", "Casey", "Drew", "Emery", "Finley", "Gray", "Harper", "Indigo", "Jules"];
/// Generated numbers: +1 415 555 1000 onward, then the next area codes of the same zone.
const AREA_CODES: &[u32] = &[415, 510, 650, 408, 707, 925, 831, 916, 209, 530];

/// The first `count` people as CSV.
#[must_use]
pub fn list(count: u32) -> String {
    let mut lines = LEADS.lines().filter(|line| !line.trim().is_empty());
    let header = lines.next().unwrap_or_default();
    let people: Vec<&str> = lines.collect();
    let mut csv = format!("{header}\n");
    for index in 0..count as usize {
        match people.get(index) {
            Some(line) => writeln!(csv, "{line}"),
            None => writeln!(csv, "{}", generated(index, header)),
        }
        .expect("writing to a String cannot fail");
    }
    csv
}

/// One more person, in the columns of the file.
fn generated(index: usize, header: &str) -> String {
    let cells = header.split(',').map(|column| match column.trim() {
        "external_id" => format!("lead-{:05}", index + 1),
        "phone_number" => phone(index),
        "first_name" => FIRST_NAMES[index % FIRST_NAMES.len()].to_owned(),
        "state" => "CA".to_owned(),
        "timezone" => "America/Los_Angeles".to_owned(),
        "consent_basis" => "web_form".to_owned(),
        _ => String::new(),
    });
    cells.collect::<Vec<_>>().join(",")
}

/// Area code and line number from the index; ten thousand numbers per area code.
fn phone(index: usize) -> String {
    let area = AREA_CODES[index / 9_000 % AREA_CODES.len()];
    format!("+1{area}{:03}{:04}", 555 + index / 90_000, 1_000 + index % 9_000)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_person_has_a_number_of_their_own() {
        let csv = list(100_000);
        let column = csv.lines().next().unwrap().split(',').position(|column| column == "phone_number").unwrap();
        let numbers: HashSet<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').nth(column)).collect();
        assert_eq!(numbers.len(), 100_000);
    }
}
