//! The vendors' official SDKs, as published, against the simulator: a product that works here speaks their protocols.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::alone::alone;
use crate::support::bound::bound;
use crate::support::process::{Process, callfleet};

/// Installing the packages takes most of it, once per target folder.
const WITHIN: Duration = Duration::from_secs(600);
const VENV: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/sdk-venv");

#[test]
fn the_official_sdks_work_against_the_simulator() {
    let _alone = alone();
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(python.is_ok_and(|status| status.success()), "python3 is missing: install Python 3 with its venv module to test the SDKs");
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
    let line = format!("simulator --listen 127.0.0.1:0 --scenario {}", sdk.join("scenario.toml").display());
    let simulator = Process::start("simulator", callfleet(&sdk, &line));
    let told = simulator.until_says("simulated on http://", Duration::from_secs(20));
    let url = told.split_whitespace().last().unwrap().to_owned();

    let mut run = bound(sdk.join("run"));
    run.env("CALLFLEET_SIM_URL", url).env("CALLFLEET_SDK_VENV", VENV);
    let mut run = Process::start("sdk", run);
    let status = run.ended(WITHIN);
    assert!(status.success(), "{status}\n{}", run.out());
}
