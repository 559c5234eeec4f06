//! Excel workbooks, made part by part.

use std::io::{Cursor, Write as _};

use super::bench::{Bench, Expect, accepted, on_both_engines};

on_both_engines!(a_workbook_is_a_list_and_findings_name_its_rows, workbooks_that_are_traps_are_refused);

/// A workbook with two sheets; `texts` is its table of texts.
fn workbook(list: &str, other: &str, texts: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const PARTS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let sheet = |rows: &str| format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
    let part = |id: &str, kind: &str, target: &str| format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>");
    let parts = [
        ("_rels/.rels", format!("<Relationships xmlns=\"{PARTS}\">{}</Relationships>", part("r1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"List\" sheetId=\"1\" r:id=\"r1\"/>\
                 <sheet name=\"Other\" sheetId=\"2\" r:id=\"r2\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PARTS}\">{}{}{}{}</Relationships>",
                part("r1", "worksheet", "worksheets/sheet1.xml"),
                part("r2", "worksheet", "worksheets/sheet2.xml"),
                part("r3", "sharedStrings", "sharedStrings.xml"),
                part("r4", "styles", "styles.xml")
            ),
        ),
        ("xl/sharedStrings.xml", format!("<sst xmlns=\"{MAIN}\">{texts}</sst>")),
        (
            "xl/styles.xml",
            format!("<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"),
        ),
        ("xl/worksheets/sheet1.xml", sheet(list)),
        ("xl/worksheets/sheet2.xml", sheet(other)),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{content}").as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn text(at: &str, words: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{words}</t></is></c>")
}

fn number(at: &str, value: &str) -> String {
    format!("<c r=\"{at}\"><v>{value}</v></c>")
}

fn row(at: u32, cells: &[String]) -> String {
    format!("<row r=\"{at}\">{}</row>", cells.concat())
}

fn list() -> String {
    let shared = "<c r=\"A2\" t=\"s\"><v>0</v></c>".to_owned();
    [
        row(2, &[shared, text("B2", "name"), text("C2", "not_before"), text("D2", "member")]),
        row(3, &[number("A3", "14155550100"), text("B3", "Ann"), "<c r=\"C3\" s=\"1\"><v>46357</v></c>".to_owned()]),
        row(4, &[number("A4", "1.4155550101E10"), text("B4", "two\nlines"), "<c r=\"D4\" t=\"b\"><v>1</v></c>".to_owned()]),
        row(6, &[text("A6", "+14155550102"), text("B6", "Bo")]),
        row(7, &[number("A7", "14155500000"), text("B7", "rounded")]),
        row(8, &[text("A8", "14155500000"), number("B8", "14155500000")]),
        row(9, &[text("A9", "12"), text("B9", "short")]),
        row(10, &[text("A10", "'+14155550103"), text("B10", "marked as text")]),
    ]
    .concat()
}

async fn a_workbook_is_a_list_and_findings_name_its_rows(bench: &mut Bench) {
    let other = [row(1, &[text("A1", "phone")]), row(2, &[text("A2", "+14155550103")])].concat();
    let file = workbook(&list(), &other, "<si><t>Phone Number</t></si>");
    let answer =
        bench.check("the first sheet", "region=US", file.clone(), &Expect::Counts([5, 2, 0, 0], &["excel_number", "too_short"])).await;
    let rejects = &answer["rejects"];
    assert_eq!((&rejects[0]["line"], &rejects[1]["line"]), (&7.into(), &9.into()), "a text that ends in zeros is read: {answer}");
    assert_eq!(answer["doubt_lines"]["leading_apostrophe"], serde_json::json!([10]), "{answer}");
    bench.check("a named sheet", "sheet=Other", file.clone(), &accepted(1)).await;
    bench.check("no such sheet", "sheet=Third", file, &Expect::Refused("it has: List, Other")).await;
    bench.check("a sheet of a text", "sheet=List", b"phone\n+14155550100\n".to_vec(), &Expect::Refused("only a workbook has sheets")).await;
}

async fn workbooks_that_are_traps_are_refused(bench: &mut Bench) {
    let bomb = workbook(&list(), "", &format!("<si><t>{}</t></si>", "x".repeat(130 << 20)));
    assert!(bomb.len() < 1 << 20, "it is small: {}", bomb.len());
    bench.check("a bomb", "", bomb, &Expect::Refused("unpacks to far more")).await;
    let far = [row(1, &[text("A1", "phone"), text("XFD1", "far")])].concat();
    bench.check("a cell far out", "", workbook(&far, "", ""), &Expect::Refused("row 1, column 16384")).await;
    bench.check("an empty sheet", "", workbook("", "", ""), &Expect::Refused("is empty")).await;
    let mut large = workbook(&list(), "", "<si><t>phone</t></si>");
    large.resize((50 << 20) + 1, 0);
    bench.check("over 50 MiB", "", large, &Expect::Refused("larger than 50 MiB")).await;
    let mut cut = workbook(&list(), "", "<si><t>phone</t></si>");
    cut.truncate(cut.len() / 2);
    bench.check("cut off", "", cut, &Expect::Refused("cannot be read")).await;
}
