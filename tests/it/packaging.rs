//! The image and the systemd unit: what is set there is known to the verbs typed beside them, and ports are those of the defaults.

use std::net::SocketAddr;

use callfleet::config::Config;

const IMAGE: &str = include_str!("../../Containerfile");
const UNIT: &str = include_str!("../../config/systemd/callfleet.service");
const FOLDER: &str = "/var/lib/callfleet";

/// A folder that the process alone is told lets verbs open another database, a new one, and report success.
#[test]
fn verbs_are_told_the_folder_of_their_process() {
    assert_eq!(in_force(IMAGE, "ENTRYPOINT "), ["[\"callfleet\"]"]);
    assert_eq!(in_force(IMAGE, "ENV CALLFLEET__DATA="), [FOLDER]);
    assert_eq!(in_force(IMAGE, "VOLUME "), [FOLDER]);

    let [start] = in_force(UNIT, "ExecStart=")[..] else { panic!("one command") };
    assert_eq!(start, "/usr/local/bin/callfleet --config /etc/callfleet/callfleet.toml up");
    let paths = in_force(UNIT, "Environment").len();
    assert_eq!(
        in_force(UNIT, "Environment=CALLFLEET__TWILIO__AUTH_TOKEN_FILE=").len(),
        paths,
        "another setting would be the service's alone"
    );
    assert!(UNIT.contains(&format!("# callfleet.toml has to say `data = \"{FOLDER}\"`")));
    assert_eq!(FOLDER.strip_prefix("/var/lib/"), in_force(UNIT, "StateDirectory=").first().copied());
}

/// A copy of the unit has a folder of credentials of its own, and the same settings.
#[test]
fn a_copied_unit_finds_its_keys() {
    assert_eq!(in_force(UNIT, "LoadCredential=twilio:"), ["/etc/callfleet/secrets/twilio"]);
    assert_eq!(in_force(UNIT, "Environment=CALLFLEET__TWILIO__AUTH_TOKEN_FILE="), ["%d/twilio"]);
    assert!(!UNIT.contains("/run/credentials/callfleet.service"), "no copy could read that");
}

#[test]
fn the_image_listens_where_the_defaults_do() {
    let [hooks] = in_force(IMAGE, "ENV CALLFLEET__HOOKS__LISTEN=")[..] else { panic!("one address") };
    let hooks: SocketAddr = hooks.parse().unwrap();
    assert!(hooks.ip().is_unspecified(), "loopback is closed to everybody outside of the container");
    assert_eq!(hooks.port(), Config::from_toml("").unwrap().hooks.listen.port());
    assert_eq!(in_force(IMAGE, "EXPOSE "), [hooks.port().to_string()]);
}

/// What follows `start` in lines that begin with it; a comment does not.
fn in_force<'t>(text: &'t str, start: &str) -> Vec<&'t str> {
    text.lines().filter_map(|line| line.strip_prefix(start)).collect()
}
