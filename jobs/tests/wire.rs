//! The shapes on the wire: a worker of the last release reads tickets of this one, so these strings only ever grow.

use callfleet_jobs::envelope::{Undeliverable, open, seal};
use callfleet_jobs::kinds::{CancelCall, CollectBatch, DialLead, FinishCall, GatherBatch};
use uuid::Uuid;

#[test]
fn shapes_are_kept() {
    let id = Uuid::from_u128(7);
    let dial = seal(&DialLead { attempt: id, send_no: 2 }).unwrap();
    assert_eq!(dial, r#"{"kind":"dial_lead","v":1,"job":{"attempt":"00000000-0000-0000-0000-000000000007","send_no":2}}"#);
    assert_eq!(seal(&GatherBatch {}).unwrap(), r#"{"kind":"gather_batch","v":1,"job":{}}"#);
    let finish = seal(&FinishCall { attempt: id }).unwrap();
    assert_eq!(finish, r#"{"kind":"finish_call","v":1,"job":{"attempt":"00000000-0000-0000-0000-000000000007"}}"#);
    assert_eq!(seal(&CancelCall { call_sid: "CA1".into() }).unwrap(), r#"{"kind":"cancel_call","v":1,"job":{"call_sid":"CA1"}}"#);
    assert_eq!(seal(&CollectBatch {}).unwrap(), r#"{"kind":"collect_batch","v":1,"job":{}}"#);
}

#[test]
fn a_ticket_with_more_fields_is_still_read() {
    let grown =
        r#"{"kind":"dial_lead","v":1,"job":{"attempt":"00000000-0000-0000-0000-000000000007","send_no":2,"hint":"new"},"trace":"x"}"#;
    assert_eq!(open::<DialLead>(grown).unwrap().send_no, 2);
}

#[test]
fn unreadable_mail_says_why() {
    assert!(matches!(open::<DialLead>("{"), Err(Undeliverable::Malformed(_))));
    assert!(matches!(open::<DialLead>(r#"{"kind":"gather_batch","v":1,"job":{}}"#), Err(Undeliverable::OtherKind { .. })));
    assert!(matches!(open::<DialLead>(r#"{"kind":"dial_lead","v":9,"job":{}}"#), Err(Undeliverable::Newer { found: 9, .. })));
}
