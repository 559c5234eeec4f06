//! Whatever the bytes of a file are, it is refused or its rows add up.

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// A sink that cannot fail and keeps nothing.
#[derive(Default)]
struct Nowhere {
    refused: u64,
}

#[async_trait]
impl LeadSink for Nowhere {
    type Error = Infallible;
    type Leads = Vec<LeadRow>;

    fn ready(leads: Vec<LeadRow>) -> Result<Vec<LeadRow>, Infallible> {
        Ok(leads)
    }

    async fn write(&mut self, piece: Piece) -> Result<Counts, Infallible> {
        self.refused += piece.findings.len() as u64;
        Ok(Counts { accepted: piece.leads.len() as u64, ..Counts::default() })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_bytes_are_refused_or_add_up(body in proptest::collection::vec(any::<u8>(), 0..300), head in 0_usize..4) {
        let head: &[u8] = [b"phone,a\n".as_slice(), b"phone;a\n", b"", b"\xff\xfe"][head];
        let mut file = Cursor::new([head, &body].concat());
        if let Ok(sheet) = preflight(&mut file) {
            let mut sink = Nowhere::default();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let stop = CancellationToken::new();
            let report = runtime.block_on(import::import(file, &sheet, options(), &mut sink, &stop)).unwrap();
            prop_assert_eq!(report.accepted + report.rejected + report.duplicates + report.updated, report.rows);
            prop_assert_eq!(sink.refused, report.rejected);
            prop_assert!(report.rows >= 1);
        }
    }
}
