//! Headers, separators, quotes, and sizes.

use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};

use super::bench::{Bench, Expect, accepted, on_both_engines, rejected};

on_both_engines!(
    headers_separators_and_quotes,
    huge_lines_and_wide_headers_cost_little,
    many_rows_add_up,
    rows_that_update_are_counted_apart,
    an_upload_that_is_too_long_is_refused_unread
);

async fn headers_separators_and_quotes(bench: &mut Bench) {
    let counts = |counts| Expect::Counts(counts, &[]);
    let cases: Vec<(&str, String, Expect)> = vec![
        ("one row", "phone\n+14155550100\n".into(), accepted(1)),
        ("semicolons", "name;phone\nAnn;+14155550100\n".into(), accepted(1)),
        ("tabs", "name\tphone\nAnn\t+14155550100\n".into(), accepted(1)),
        ("bars", "name|phone\nAnn|+14155550100\n".into(), accepted(1)),
        ("a declared separator", "sep=;\nname;phone\nA,B;+14155550100\n".into(), accepted(1)),
        ("blank column names", "phone,,\n+14155550100,x,y\n".into(), accepted(1)),
        ("doubled quotes", "phone,name\n+14155550100,\"say \"\"hi\"\"\"\n".into(), accepted(1)),
        ("a quote in the middle", "phone,name\n+14155550100,5\" pipe\n".into(), accepted(1)),
        ("a line end in quotes", "phone,name\n+14155550100,\"two\nlines\"\n".into(), accepted(1)),
        ("fewer cells", "phone,a,b\n+14155550100\n".into(), accepted(1)),
        ("the same number twice", "phone\n+14155550100\n(415) 555-0100\n".into(), counts([1, 0, 0, 1])),
        ("more cells", "phone,a\n+14155550100,b,c\n".into(), rejected(1, &["too_many_cells"])),
        ("a row with another separator", "name;phone\nAnn,+14155550100\n".into(), rejected(1, &["one_cell"])),
        ("a row with another separator below one column", "phone\n+14155550100;Bob;x\n".into(), rejected(1, &["one_cell"])),
        ("an extension", "phone,name\n+1 415 555 0100;ext=5\n".into(), rejected(1, &["extension"])),
        ("a long cell", format!("phone,a\n+14155550100,{}\n", "x".repeat(9_000)), rejected(1, &["cell_too_long"])),
        (
            "an open quote",
            "phone,a\n+14155550100,a\n+14155550101,\"b\n+14155550102,c\n".into(),
            Expect::Refused("in the row that begins on line 3 and never closed"),
        ),
        ("a header alone", "phone,name\n".into(), Expect::Refused("no rows")),
        ("a header and blanks", "phone,name\n,\n \n".into(), Expect::Refused("no rows")),
        (
            "no header",
            "+14155550100,Ann\n+14155550101,Bo\n".into(),
            Expect::Refused("(+141***00, ***) looks like a row of the list: there seems to be no header row"),
        ),
        ("no phone column", "name,city\nAnn,Oakland\n".into(), Expect::Refused("the file has: name, city")),
        ("two phone columns", "phone,mobile\n1,2\n".into(), Expect::Refused("both `phone` and `mobile`")),
        ("a name twice", "phone,Name,name \n1,2,3\n".into(), Expect::Refused("stands twice")),
        ("an open quote in the header", "\"phone,name\n+14155550100,Ann\n".into(), Expect::Refused("never closed")),
    ];
    for (name, file, expect) in cases {
        bench.check(name, "region=US", file.into_bytes(), &expect).await;
    }
}

async fn huge_lines_and_wide_headers_cost_little(bench: &mut Bench) {
    let line = format!("phone,a\n+14155550100,{}\n+14155550101,ok\n", "x".repeat(50 << 20));
    bench.check("a line of 50 MiB", "", line.into_bytes(), &Expect::Counts([1, 1, 0, 0], &["row_too_long"])).await;
    let quoted = format!("phone,a\n+14155550100,\"{}\"\n+14155550101,ok\n", "x\n".repeat(2 << 20));
    bench.check("a cell of 2 million lines", "", quoted.into_bytes(), &Expect::Counts([1, 1, 0, 0], &["row_too_long"])).await;
    let header: String = (0..10_000).fold("phone".to_owned(), |mut header, at| {
        write!(header, ",c{at}").unwrap();
        header
    });
    bench.check("10,000 columns", "", format!("{header}\n+14155550100\n").into_bytes(), &Expect::Refused("too many columns")).await;
    let cells = format!("phone,a\n+14155550100{}\n+14155550101,ok\n", ",1".repeat(10_000));
    bench.check("a row of 10,000 cells", "", cells.into_bytes(), &Expect::Counts([1, 1, 0, 0], &["row_too_long"])).await;
}

async fn many_rows_add_up(bench: &mut Bench) {
    let mut file = "phone,name\n".to_owned();
    for row in 0..30_000_u64 {
        match row % 50 {
            7 => file.push_str("12,short\n"),
            9 => file.push_str(",none\n"),
            _ => writeln!(file, "+1{}{:07},row", 212 + row % 2, 5_000_000 + row / 3).unwrap(),
        }
    }
    let campaign = bench.campaign().await;
    let (_, answer) = bench.import(&campaign, "", file).await;
    let count = |key: &str| answer[key].as_u64().unwrap();
    assert_eq!((count("rows"), count("rejected")), (30_000, 1_200), "{answer}");
    assert_eq!(count("accepted") + count("duplicates") + count("updated") + count("rejected"), 30_000, "{answer}");
    assert_eq!((&answer["by_code"]["too_short"], &answer["by_code"]["missing_phone"]), (&600.into(), &600.into()));
}

async fn rows_that_update_are_counted_apart(bench: &mut Bench) {
    let list = "phone,name\n+14155550100,Ann\n+14155550101,Bo\n+1 415 555 0100,Anna\n12,short\n";
    bench.check("a number twice", "", list.as_bytes().to_vec(), &Expect::Counts([2, 1, 0, 1], &["too_short"])).await;
    bench.check("a number twice, to update", "update=true", list.as_bytes().to_vec(), &Expect::Counts([2, 1, 1, 0], &["too_short"])).await;
    let campaign = bench.campaign().await;
    for (query, counts) in [("", [2, 1, 0, 1]), ("", [0, 1, 0, 3]), ("update=true", [0, 1, 3, 0])] {
        let (status, answer) = bench.import(&campaign, query, list).await;
        let found = ["accepted", "rejected", "updated", "duplicates"].map(|key| answer[key].as_u64().unwrap());
        assert_eq!((status, found, &answer["rows"]), (201, counts, &4.into()), "{query}: {answer}");
    }
}

/// Says that it is 2 GiB long, and must not be asked for any of it.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        panic!("a body that is too long was read")
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(2 << 30)
    }
}

async fn an_upload_that_is_too_long_is_refused_unread(bench: &mut Bench) {
    let campaign = bench.campaign().await;
    let (status, answer) = bench.import(&campaign, "", Body::new(Endless)).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &"too_long".into()), "{answer}");
}
