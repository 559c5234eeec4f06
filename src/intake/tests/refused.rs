//! Files that are refused as a whole, with the reason and the line.

use super::*;

fn refusal(file: &[u8]) -> String {
    preflight(&mut Cursor::new(file)).unwrap_err().to_string()
}

#[test]
fn files_that_cannot_be_read_are_refused_whole_with_the_reason() {
    let latin = [b"phone,name\n+14155550100,J".as_slice(), b"\xfcrgen\n"].concat();
    let shift_jis = [b"phone,name\n+14155550100,".as_slice(), b"\x93\xfa\x96\x7b\n"].concat();
    let cases: [(&[u8], &str); 22] = [
        (b"", "is empty"),
        (b"\n \r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"phone,name\n", "no rows"),
        (b"phone,name\n\n,,\n", "no rows"),
        (b"name,city\nAnn,Boston\n", "the file has: name, city"),
        (b"4155550100\n4155550101\n", "no column holds the phone number"),
        (b"phone,mobile\n1,2\n", "both `phone` and `mobile`"),
        (b"phone,name,Name\n1,2,3\n", "stands twice"),
        (b"\x1f\x8b\x08\x00aaaa", "gzip"),
        (b"PK\x03\x04aaaa", "Excel workbook"),
        (b"\n<!DOCTYPE html>\n<p>\n", "this is a web page (HTML), not a CSV file"),
        (b"\xef\xbb\xbf<html>\n<p>\n", "this is a web page (HTML), not a CSV file"),
        (b"[\n {\"phone\": \"+14155550100\"}]\n", "this is JSON, not a CSV file"),
        (b"{\"leads\": []}\n\n", "POST /v1/campaigns/{name}/leads"),
        (b"[name],city\nAnn,Boston\n", "the file has: [name], city"),
        (b"phone,name\n+14155550100,A\x00nn\n", "line 2 has a zero byte"),
        (&latin, "line 2 is not UTF-8 (it looks like Latin-1"),
        (&shift_jis, "line 2 is not UTF-8 (it looks like Shift-JIS"),
        (b"p\x00h\x00o\x00n\x00e\x00\n\x001\x00", "UTF-16 without a byte order mark"),
        (b"\xff\xfep\x00h\x00o", "broken UTF-16"),
        (b"\"phone,name\n+14155550100,Ann\n", "a quote in it is never closed"),
    ];
    for (file, reason) in cases {
        let said = refusal(file);
        assert!(said.contains(reason), "{} says: {said}", String::from_utf8_lossy(file));
    }
    let wide: String = (0..10_000).map(|at| format!("c{at},")).collect();
    assert!(refusal(format!("phone,{wide}\n1\n").as_bytes()).contains("too many columns"), "10,000 columns");
}

#[test]
fn an_open_quote_refuses_the_whole_list_and_is_told_by_its_line() {
    let rows = "+14155550102,5\" pipe\n".repeat(8_100);
    for open in ["+14155550101,\"Bob\n", "+14155550101,\"Bob\n\n\n", "+14155550101,\"Bob\r\n"] {
        let said = refusal(format!("phone,name\n+14155550100,\"A\nnn\"\n{open}+14155550103,Carl\n").as_bytes());
        assert!(said.contains("the row that begins on line 4 and never closed"), "{said}");
    }
    let said = refusal(format!("phone,name\n+14155550100,Ann\n+14155550101,\"Bob\n{}", rows.replace('"', "")).as_bytes());
    assert!(said.contains("begins on line 3"), "{said}");
    assert!(preflight(&mut Cursor::new(format!("phone,name\n{rows}"))).is_ok(), "a quote inside a cell opens nothing");
}

#[test]
fn a_broken_character_is_told_by_its_line_in_every_encoding_and_by_every_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        for line in [2, 9_002] {
            let before = format!("phone,name{end}{}", format!("+14155550100,Jörg{end}").repeat(line - 2));
            let latin = [before.as_bytes(), b"+14155550101,J\xfcrgen\n"].concat();
            assert!(refusal(&latin).contains(&format!("line {line} is not UTF-8")), "{}", refusal(&latin));
            let zero = [before.as_bytes(), b"+14155550101,J\0\n"].concat();
            assert!(refusal(&zero).contains(&format!("line {line} has a zero byte")), "{}", refusal(&zero));
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let broken = [utf16(&before, bytes), bytes(0xd800).to_vec(), bytes(0x0a).to_vec().repeat(9_000)].concat();
                assert!(refusal(&broken).contains(&format!("line {line} has a broken UTF-16 character")), "{}", refusal(&broken));
            }
        }
    }
}
