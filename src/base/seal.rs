//! A seal that only the holder of the state directory's key can set: for plans that leave the
//! program and come back, and for the heads of histories.
//!
//! HMAC-SHA-256. It tells that a text was sealed here and has not been edited since; it hides
//! nothing, and whoever can read the key can set it.

use std::io::ErrorKind;
use std::path::Path;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::base::filesystem::write_new;
use crate::base::{Chance, Secret};

/// The name of the key's file in the state directory.
pub const KEY_FILE: &str = "seal.key";

/// Bytes in a key: as many as the hash gives (RFC 2104 section 3).
const KEY_BYTES: usize = 32;

/// What a text is sealed as: a seal set for one use is not taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A plan in a file.
    Plan,
    /// The head of a run's events.
    Head,
    /// The name of the key itself.
    Name,
    /// The hashes of exported files.
    Export,
}

/// The key of a state directory.
#[derive(Clone, Debug)]
pub struct SealKey(Secret);

impl SealKey {
    /// The key that was `given`, else the one in `folder`, which is made when there is none:
    /// readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be read or made, or is too short to be a key; the text names the place.
    pub fn of(folder: &Path, given: Option<Secret>) -> Result<Self, String> {
        if let Some(given) = given {
            return Self::checked(given, "RUNBOOK_SEAL_KEY");
        }
        let file = folder.join(KEY_FILE);
        let place = file.display().to_string();
        let failed = |verb: &str, why: std::io::Error| format!("cannot {verb} `{place}`: {why}");
        std::fs::create_dir_all(folder).map_err(|why| failed("make the folder of", why))?;
        if !file.exists() {
            match write_new(&file, &hex::encode(Chance::key())) {
                Ok(()) => {}
                // Of two that make it at once, the first wins and the second uses the first's.
                Err(why) if why.kind() == ErrorKind::AlreadyExists => {}
                Err(why) => return Err(failed("make", why)),
            }
        }
        let text = std::fs::read_to_string(&file).map_err(|why| failed("read", why))?;
        Self::checked(Secret::new(text.trim()), &place)
    }

    /// The key that was `given`, else the one in `folder`; none where there is none yet, and then
    /// none is made.
    ///
    /// # Errors
    /// When it cannot be read, or is too short to be a key; the text names the place.
    pub fn at_hand(folder: &Path, given: Option<Secret>) -> Result<Option<Self>, String> {
        if given.is_none() && !folder.join(KEY_FILE).exists() {
            return Ok(None);
        }
        Self::of(folder, given).map(Some)
    }

    /// A key for programs that keep it themselves.
    #[must_use]
    pub fn of_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Secret::new(hex::encode(bytes)))
    }

    fn checked(key: Secret, place: &str) -> Result<Self, String> {
        let decoded = hex::decode(key.expose()).ok();
        match decoded.filter(|bytes| bytes.len() >= KEY_BYTES) {
            Some(_) => Ok(Self(key)),
            None => Err(format!(
                "`{place}` holds no key: it takes {} hexadecimal digits or more",
                KEY_BYTES * 2
            )),
        }
    }

    /// Names the key without telling it: the same for whoever holds it, another for another.
    #[must_use]
    pub fn name(&self) -> String {
        let mut whole = hex::encode(self.over(Use::Name, "").finalize().into_bytes());
        whole.truncate(16);
        whole
    }

    /// The seal of `text` for that use, as lower-case hex.
    #[must_use]
    pub fn seal(&self, used_as: Use, text: &str) -> String {
        hex::encode(self.over(used_as, text).finalize().into_bytes())
    }

    /// Whether `seal` is that of `text`, as it was written; compared in constant time.
    #[must_use]
    pub fn holds(&self, used_as: Use, text: &str, seal: &str) -> bool {
        if seal.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return false;
        }
        hex::decode(seal).is_ok_and(|seal| self.over(used_as, text).verify_slice(&seal).is_ok())
    }

    fn over(&self, used_as: Use, text: &str) -> Hmac<Sha256> {
        let bytes = hex::decode(self.0.expose()).expect("a checked key");
        let mut mac = Hmac::<Sha256>::new_from_slice(&bytes).expect("HMAC takes any key");
        mac.update(match used_as {
            Use::Plan => b"runbook plan\n",
            Use::Head => b"runbook head\n",
            Use::Name => b"runbook name\n",
            Use::Export => b"runbook export\n",
        });
        mac.update(text.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SealKey {
        SealKey::of_bytes([7; KEY_BYTES])
    }

    #[test]
    fn a_seal_holds_for_its_text_its_use_and_its_key_alone() {
        let seal = key().seal(Use::Plan, "delete the lock");
        assert!(key().holds(Use::Plan, "delete the lock", &seal));
        assert!(!key().holds(Use::Plan, "delete the lock ", &seal));
        assert!(!key().holds(Use::Head, "delete the lock", &seal));
        assert!(!SealKey::of_bytes([8; KEY_BYTES]).holds(Use::Plan, "delete the lock", &seal));
        for no_seal in ["", "00", "not hex", &seal[..62], &seal.to_uppercase()] {
            assert!(!key().holds(Use::Plan, "delete the lock", no_seal));
        }
    }

    #[test]
    fn a_key_is_named_without_being_told() {
        assert_eq!(key().name(), key().name());
        assert_ne!(key().name(), SealKey::of_bytes([8; KEY_BYTES]).name());
        assert!(!key().name().contains("0707"));
    }

    #[test]
    fn a_folder_keeps_its_key_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let seal = SealKey::of(&state, None).unwrap().seal(Use::Plan, "x");
        assert_eq!(
            SealKey::of(&state, None).unwrap().seal(Use::Plan, "x"),
            seal
        );
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(state.join(KEY_FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_place_and_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(KEY_FILE), "hunter2").unwrap();
        let why = SealKey::of(folder.path(), None).unwrap_err();
        assert!(why.contains(KEY_FILE) && !why.contains("hunter2"), "{why}");
        let why = SealKey::of(folder.path(), Some(Secret::new("abcd"))).unwrap_err();
        assert!(
            why.contains("RUNBOOK_SEAL_KEY") && !why.contains("abcd"),
            "{why}"
        );
        assert!(!format!("{:?}", key()).contains("0707"));
    }
}
