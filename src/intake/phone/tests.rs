use proptest::prelude::*;

use super::american::USUAL_FORMS;
use super::*;

fn region(code: &str) -> Option<Region> {
    Some(code.parse().unwrap())
}

#[test]
fn a_region_that_is_none_says_how_it_is_written() {
    for (text, told) in [("UK", "GB"), ("uk", "GB"), ("EN", "GB"), ("USA", "US"), ("el", "GR")] {
        let error = text.parse::<Region>().unwrap_err().to_string();
        assert_eq!(error, format!("`{text}` is not a country's ISO code; it is written {told}"));
    }
    let error = "XX".parse::<Region>().unwrap_err().to_string();
    assert_eq!(error, "`XX` is not a country's ISO code; write one like US or GB");
}

#[test]
fn reads_what_lists_hold() {
    let cases = [
        ("+14155550100", None, "+14155550100"),
        ("(415) 555-0100", region("US"), "+14155550100"),
        ("415.555.0100", region("us"), "+14155550100"),
        ("14155550100", region("US"), "+14155550100"),
        ("1 415 555 0100", region("US"), "+14155550100"),
        ("'+14155550100", None, "+14155550100"),
        ("’+14155550100", None, "+14155550100"),
        ("` 4155550100.0", region("US"), "+14155550100"),
        ("+14155550100;", None, "+14155550100"),
        ("(415) 555-0100 ;;", region("US"), "+14155550100"),
        ("4155550100.0", region("US"), "+14155550100"),
        ("+14155550100.0", None, "+14155550100"),
        ("+4930123456.0", None, "+4930123456"),
        ("14155500000", region("US"), "+14155500000"),
        ("+1 415-550-0000", None, "+14155500000"),
        ("tel:+14155550100", None, "+14155550100"),
        ("+1\u{a0}(415)\u{a0}555\u{2011}0100", None, "+14155550100"),
        ("\u{200e}+1 415 555 0100\u{200f}", None, "+14155550100"),
        ("\u{ff0b}\u{ff11}4155550100", None, "+14155550100"),
        ("٤١٥٥٥٥٠١٠٠", region("US"), "+14155550100"),
        ("020 7946 0000", region("GB"), "+442079460000"),
        ("0044 20 7946 0000", region("GB"), "+442079460000"),
        ("+44 (0)20 7946 0000", None, "+442079460000"),
        ("+49 30 123456", None, "+4930123456"),
        ("011 49 1512 3456789", region("US"), "+4915123456789"),
        ("011 44 (0)20 7946 0000", region("US"), "+442079460000"),
        ("0039 06 698 12345", region("GB"), "+390669812345"),
        ("8~10 49 30 123456", region("RU"), "+4930123456"),
    ];
    for (cell, region, expected) in cases {
        assert_eq!(dialable(cell, region).as_ref().map(PhoneNumber::e164), Ok(expected), "{cell}");
    }
}

#[test]
fn a_number_with_its_country_is_the_same_in_every_region() {
    let cases = [
        ("+4915112345678", "+4915112345678"),
        ("+35312222222", "+35312222222"),
        ("+33 1 42 68 53 00", "+33142685300"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("+27 11 978 5313", "+27119785313"),
        ("+91 11 2301 4104", "+911123014104"),
        ("+39 06 698 12345", "+390669812345"),
        ("+7 495 123 45 67", "+74951234567"),
        ("+44 (0)20 7946 0197", "+442079460197"),
        ("+4402079460197", "+442079460197"),
        ("(+49) 030 123456", "+4930123456"),
        ("+1 415-555-0100", "+14155550100"),
    ];
    for (cell, expected) in cases {
        for region in ["US", "CA", "GB", "DE", "FR", "IT", "RU", "BR", "MX", "HU", "JP", "IN"].map(region).into_iter().chain([None]) {
            assert_eq!(dialable(cell, region).as_ref().map(PhoneNumber::e164), Ok(expected), "{cell} in {region:?}");
        }
    }
}

#[test]
fn a_number_that_is_named_is_the_one_that_lists_have() {
    let cases = [
        ("+442079460197", "+442079460197"),
        ("+4402079460197", "+442079460197"),
        (" +44 (0)20 7946 0197 ", "+442079460197"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("+19005550100", "+19005550100"),
        ("+14151550100", "+14151550100"),
        ("+999123456789", "+999123456789"),
    ];
    for (text, expected) in cases {
        assert_eq!(named(text).as_ref().map(PhoneNumber::e164), Ok(expected), "{text}");
    }
    for text in ["4155550100", "+1 (900) 555-0100", "crm-7", ""] {
        assert!(named(text).is_err(), "{text}");
    }
}

#[test]
fn tells_that_zeros_are_not_dialed_for_abroad_here() {
    let refused = dialable("0044 20 7946 0000", region("US")).unwrap_err();
    assert_eq!((refused.code, refused.suggestion.as_str()), (FindingCode::InvalidNumber, "write + in place of 00"));
}

#[test]
fn says_what_is_wrong() {
    use FindingCode as Code;
    let cases = [
        ("", None, Code::MissingPhone),
        ("   ", None, Code::MissingPhone),
        ("1.4155E+10", None, Code::ExcelNumber),
        ("1,4155E+10", region("US"), Code::ExcelNumber),
        ("14155500000.0", region("US"), Code::ExcelNumber),
        ("+14155500000.0", None, Code::ExcelNumber),
        ("’14155500000.0", region("US"), Code::ExcelNumber),
        ("+14155550100;12", None, Code::Extension),
        ("415-555-0100 x12", region("US"), Code::Extension),
        ("+14155550100 ext. 5", None, Code::Extension),
        ("1-800-FLOWERS", region("US"), Code::LettersInPhone),
        ("n/a", region("US"), Code::NotANumber),
        ("=CMD()", region("US"), Code::NotANumber),
        ("(415) 555-0100", None, Code::NoCountry),
        ("911", region("US"), Code::TooShort),
        ("+1415", None, Code::TooShort),
        ("+1415555010012345", None, Code::TooLong),
        ("+14155550100 / +14155550101", None, Code::TooLong),
        ("+11155550100", None, Code::InvalidNumber),
        ("+14151550100", None, Code::InvalidNumber),
        ("+999123456789", None, Code::InvalidNumber),
        ("+19005550100", None, Code::NotDialable),
        ("+870773111632", region("US"), Code::NotDialable),
        ("+881612345678", None, Code::NotDialable),
        ("+88210000000", None, Code::NotDialable),
        ("+80012345678", None, Code::NotDialable),
        ("+979123456789", None, Code::NotDialable),
    ];
    for (cell, region, expected) in cases {
        let found = dialable(cell, region).map_err(|trouble| trouble.code);
        assert_eq!(found.as_ref().map(PhoneNumber::e164), Err(&expected), "{cell}");
    }
}

#[test]
fn a_bare_figure_that_ends_in_five_zeros_may_be_rounded() {
    for (cell, expected) in [
        ("14155500000", true),
        ("4155500000", true),
        ("14155500001", false),
        ("14155510000", false),
        ("+14155500000", false),
        ("415-550-0000", false),
        ("900000", false),
    ] {
        assert_eq!(may_be_rounded(cell), expected, "{cell}");
    }
}

proptest! {
    #[test]
    fn six_digits_decide_about_a_north_american_number(six in 0_u32..1_000_000, rest in 0_u32..10_000) {
        let number = format!("+1{six:06}{rest:04}");
        let (verdict, read) = look_up(&number);
        prop_assert_eq!(north_american_verdict(&number), verdict);
        prop_assert!(verdict == Verdict::Invalid || read == number, "{} is read as {}", number, read);
    }

    #[test]
    fn usual_forms_mean_what_the_rules_say(digits in "[0-9]{10}", form in 0_usize..USUAL_FORMS.len()) {
        let mut next = digits.chars();
        let cell: String = USUAL_FORMS[form].chars().map(|c| if c == 'd' { next.next().unwrap() } else { c }).collect();
        if let Some(read) = usual_form(&cell, region("US")) {
            let parsed = phonenumber::parse(Some(Id::US), &cell).unwrap();
            prop_assert_eq!(read.as_ref(), parsed.format().mode(Mode::E164).to_string());
        }
    }

    #[test]
    fn what_was_read_is_read_the_same_everywhere(cell in "\\+?[0-9 ()-]{6,18}", there in 0_usize..4, here in 0_usize..4) {
        let regions = ["US", "GB", "DE", "IT"].map(region);
        if let Ok(number) = dialable(&cell, regions[there]) {
            prop_assert_eq!(dialable(number.e164(), regions[here]), Ok(number));
        }
    }

    #[test]
    fn any_cell_is_read_or_refused(cell in "\\PC{0,24}") {
        let _ = dialable(&cell, region("US"));
    }
}
