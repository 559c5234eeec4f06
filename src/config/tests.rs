use super::*;

#[test]
fn the_defaults_are_a_whole_configuration() {
    let config = Config::from_toml("").unwrap();
    assert_eq!(config.mode, Mode::Embedded);
    assert!(config.require_providers().unwrap_err().0.contains("CALLFLEET__TWILIO__ACCOUNT_SID"));
}

#[test]
fn bad_input_names_the_key_and_the_fix() {
    let cases = [
        ("[twilio]\nbase_uri = \"x\"", "base_uri"),
        ("[worker]\nlines = \"many\"", "worker.lines"),
        ("[worker]\nlines = 0", "worker.lines"),
        ("[worker]\njob_lease_ms = 999", "worker.job_lease_ms"),
        ("[web]\nlisten = \"0.0.0.0:80\"", "web.listen"),
        ("public_url = \"http://example.com\"", "public_url"),
        ("public_url = \"example\"", "public_url"),
        ("mode = \"cloud\"", "mode"),
        ("[twilio]\ncalls_per_second = 0", "twilio.calls_per_second"),
        ("[dialing]\nsend_window_ms = 20000", "dialing.send_window_ms"),
        ("[dialing]\ntick_ms = 0", "dialing.tick_ms"),
        ("[dialing]\nticket_lease_ms = 0", "dialing.ticket_lease_ms = 0 cannot be used; give at least 100, or "),
        ("[dialing]\nlook_every_ms = 1", "dialing.look_every_ms"),
        ("[dialing]\nabsent_hold_ms = 1", "dialing.absent_hold_ms"),
        ("[dialing]\npoll_after_ms = 0", "dialing.poll_after_ms"),
        ("[dialing]\nrefusal_backoff_ms = 99", "dialing.refusal_backoff_ms"),
        ("[dialing]\nscheduler_lease_ms = 0", "dialing.scheduler_lease_ms"),
        ("[dialing]\nscheduler_lease_ms = 499", "dialing.scheduler_lease_ms"),
        ("[dialing]\nunknown_after_ms = 0", "dialing.unknown_after_ms"),
        ("[dialing]\nunknown_after_ms = 18000", "dialing.unknown_after_ms"),
        ("[dialing]\nsend_deadline_ms = 172000", "dialing.unknown_after_ms"),
        ("[dialing]\npost_timeout_ms = 9223372036854775807", "dialing.unknown_after_ms"),
        ("[dialing]\nreserve_usd = -5.0", "dialing.reserve_usd"),
        ("[dialing]\nholder_dead_after_ms = 0", "dialing.holder_dead_after_ms"),
        ("[telemetry]\nlog = \"callfleet=loud\"", "telemetry.log"),
        ("[sentry]\ndsn = \"sentry.example\"", "sentry.dsn"),
    ];
    for (toml, key) in cases {
        let error = Config::from_toml(toml).expect_err(toml).0;
        assert!(error.contains(key), "{toml}: {error}");
        assert!(!error.contains('\n'), "one line: {error}");
    }
}

#[test]
fn a_lost_call_is_looked_for_longer_than_its_send_can_take() {
    let error = Config::from_toml("[dialing]\nunknown_after_ms = 18000").unwrap_err().0;
    assert!(error.contains("dialing.send_deadline_ms + dialing.post_timeout_ms = 18000"), "{error}");
    Config::from_toml("[dialing]\nunknown_after_ms = 18001").unwrap();
}

#[test]
fn secrets_do_not_print() {
    let config = Config::from_toml("[openai]\napi_key = \"sk-canary\"").unwrap();
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn every_key_of_the_reference_has_a_sentence() {
    // a key counts as explained by the comment above its group
    let mut explained = false;
    for line in DEFAULTS.lines() {
        match line.trim() {
            "" => explained = false,
            text if text.starts_with('#') => explained = true,
            text if text.starts_with('[') => explained = ["[deepgram]", "[openai]", "[twilio]"].contains(&text),
            text => assert!(explained || text.contains("base_url") || text.contains("api_key"), "no sentence for {text}"),
        }
    }
}
