//! The path of a call's callbacks, which proves by itself that we handed it out for this attempt and this send.
//!
//! A callback that arrives before the POST's own answer, or for a call that was given up, can so be tied to its attempt
//! without trusting a field of the request.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};

use crate::domain::ids::AttemptId;

/// Before the attempt in every callback path.
pub const PREFIX: &str = "/hooks/twilio";
/// 128 bits, as hex.
const MAC_BYTES: usize = 16;

/// The deployment's key for callback paths, and the key before it: calls that are live while the key changes go on
/// reporting under the paths they were given.
#[derive(Debug, Clone)]
pub struct PathKey {
    current: SecretString,
    previous: Option<SecretString>,
}

impl PathKey {
    /// Any secret of at least 16 bytes that all processes share.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self { current: secret, previous: None }
    }

    /// Accepts paths made with `previous` too; an empty secret is none.
    #[must_use]
    pub fn accepting(self, previous: SecretString) -> Self {
        Self { previous: Some(previous).filter(|secret| !secret.expose_secret().is_empty()), ..self }
    }

    /// `/hooks/twilio/{attempt}/{send_no}/{mac}`.
    #[must_use]
    pub fn path(&self, attempt: AttemptId, send_no: u32) -> String {
        format!("{PREFIX}/{attempt}/{send_no}/{}", code(&self.current, attempt, send_no))
    }

    /// What only a process with this key answers to `nonce`.
    #[must_use]
    pub fn answer_to(&self, nonce: &str) -> String {
        hex::encode(&mac(&self.current, &[b"nonce", nonce.as_bytes()])[..MAC_BYTES])
    }

    /// Whether we made this path. Takes as long for a near miss as for a wild guess.
    #[must_use]
    pub fn verify(&self, attempt: AttemptId, send_no: u32, mac: &str) -> bool {
        let keys = [Some(&self.current), self.previous.as_ref()];
        let made = |key| code(key, attempt, send_no).as_bytes().ct_eq(mac.as_bytes());
        keys.into_iter().flatten().map(made).fold(Choice::from(0), |any, ours| any | ours).into()
    }
}

fn code(key: &SecretString, attempt: AttemptId, send_no: u32) -> String {
    hex::encode(&mac(key, &[b"callback path", attempt.0.as_bytes(), &send_no.to_be_bytes()])[..MAC_BYTES])
}

/// What the key signs begins with what it is for.
fn mac(key: &SecretString, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_path_verifies() {
        let (key, attempt) = (PathKey::new(SecretString::from("k1")), AttemptId::new());
        let path = key.path(attempt, 2);
        let mac = path.rsplit('/').next().unwrap();
        assert_eq!((mac.len(), path.starts_with(&format!("/hooks/twilio/{attempt}/2/"))), (32, true));
        assert!(key.verify(attempt, 2, mac));
        assert!(!key.verify(attempt, 3, mac) && !key.verify(AttemptId::new(), 2, mac));
        assert!(!key.verify(attempt, 2, &mac[..31]) && !key.verify(attempt, 2, "") && !key.verify(attempt, 2, &mac.to_uppercase()));
        assert!(!PathKey::new(SecretString::from("k2")).verify(attempt, 2, mac));
    }

    #[test]
    fn a_path_outlives_one_change_of_the_key() {
        let (old, attempt) = (SecretString::from("k1"), AttemptId::new());
        let path = PathKey::new(old.clone()).path(attempt, 1);
        let mac = path.rsplit('/').next().unwrap();
        let changed = PathKey::new(SecretString::from("k2")).accepting(old);
        assert!(changed.verify(attempt, 1, mac) && !changed.verify(attempt, 2, mac));
        assert_ne!(changed.path(attempt, 1), path, "new calls get paths of the new key");
        assert!(!PathKey::new(SecretString::from("k3")).accepting(SecretString::from("k2")).verify(attempt, 1, mac));
        let emptied = PathKey::new(SecretString::from("k2")).accepting(SecretString::from(""));
        let of_nothing = PathKey::new(SecretString::from("")).path(attempt, 1);
        assert!(!emptied.verify(attempt, 1, of_nothing.rsplit('/').next().unwrap()), "an empty key opens nothing");
    }
}
