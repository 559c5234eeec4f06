//! Bytes: encodings, line ends, other kinds of files.

use super::bench::{Bench, Expect, accepted, on_both_engines};

on_both_engines!(every_declared_encoding_and_line_end_is_read, what_is_no_text_is_refused_with_the_reason);

const TWO: &str = "phone,name\n+14155550100,Anna\n+14155550101,Jürgen 日本\n";

fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
}

async fn every_declared_encoding_and_line_end_is_read(bench: &mut Bench) {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("UTF-8", TWO.as_bytes().to_vec()),
        ("UTF-8 with a mark", [b"\xef\xbb\xbf", TWO.as_bytes()].concat()),
        ("UTF-16, little end first", utf16(TWO, true, u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(TWO, true, u16::to_be_bytes)),
        ("CR LF", TWO.replace('\n', "\r\n").into_bytes()),
        ("CR", TWO.replace('\n', "\r").into_bytes()),
        ("mixed line ends", b"phone,name\r\n+14155550100,Anna\r+14155550101,Bo\n".to_vec()),
        ("no last line end", TWO.trim_end().as_bytes().to_vec()),
        ("blank lines", TWO.replace('\n', "\n\n\r\n").into_bytes()),
        ("rows of separators", TWO.replace('\n', "\n,\n").into_bytes()),
    ];
    for (name, file) in cases {
        bench.check(name, "", file, &accepted(2)).await;
    }
}

async fn what_is_no_text_is_refused_with_the_reason(bench: &mut Bench) {
    let cases: Vec<(&str, Vec<u8>, &'static str)> = vec![
        ("0 bytes", Vec::new(), "is empty"),
        ("blanks", b" \n\r\n\t".to_vec(), "is empty"),
        ("a mark and nothing else", b"\xef\xbb\xbf".to_vec(), "is empty"),
        ("Latin-1", b"phone,name\n+14155550100,J\xfcrgen\n".to_vec(), "line 2 is not UTF-8 (it looks like Latin-1"),
        ("Windows-1252", b"phone,name\n+14155550100,\x93Ann\x94\n".to_vec(), "line 2 is not UTF-8"),
        ("Shift-JIS", b"phone,name\n+14155550100,\x93\xfa\x96\x7b\n".to_vec(), "line 2 is not UTF-8 (it looks like Shift-JIS"),
        ("broken UTF-8", b"phone,name\n+14155550100,\xff\xff\n".to_vec(), "line 2 is not UTF-8"),
        ("half a character at the end", b"phone\n+14155550100\xe6\x97".to_vec(), "line 2 is not UTF-8"),
        ("NUL", b"phone,name\n+14155550100,A\x00nn\n".to_vec(), "line 2 has a zero byte"),
        ("UTF-16 without a mark", utf16(TWO, false, u16::to_le_bytes), "UTF-16 without a byte order mark"),
        ("half UTF-16", b"\xff\xfep\x00h\x00o".to_vec(), "broken UTF-16"),
        ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00phone".to_vec(), "a gzip archive"),
        ("a zip that is no workbook", zipped("list.csv", TWO.as_bytes()), "a zip archive, not an Excel workbook"),
        ("the beginning of a zip", b"PK\x03\x04phone,name\n".to_vec(), "cannot be read"),
        ("an empty zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "an empty zip archive"),
        ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "an old Excel workbook"),
        ("PDF", b"%PDF-1.7\nphone\n".to_vec(), "a PDF"),
        ("zstd", b"\x28\xb5\x2f\xfdphone\n".to_vec(), "a zstd archive"),
        ("bzip2", b"BZh91AY&SY".to_vec(), "a bzip2 archive"),
    ];
    for (name, file, words) in cases {
        bench.check(name, "", file, &Expect::Refused(words)).await;
    }
}

pub fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner()
}
