//! A plan in a file: redacted, good for a while, and sealed by the store that issued it.
//!
//! The seal covers the canonical JSON of everything else in the file: blanks and the order of keys
//! are free, and any other edit breaks it. What a file says is believed only once the seal holds.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::SealKey;
use crate::base::clock::add;
use crate::base::seal::Use;
use crate::base::secret::without_secrets;
use crate::core::plan::{Plan, fingerprint};

/// The version of the file.
pub const FORMAT: u32 = 1;

/// How long a file is good when nobody says: the shift in which it was made.
pub const GOOD_FOR: Duration = Duration::from_secs(4 * 3600);

/// How long it may be good at most: an approval of last week was given in another world.
pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// A plan as it is kept in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedPlan {
    /// [`FORMAT`].
    pub runbook_plan: u32,
    /// Names the file: every run of it carries this.
    pub id: String,
    /// When it was sealed.
    pub issued: Timestamp,
    /// From when it is not applied any more.
    pub expires: Timestamp,
    /// The name of the key that sealed it, and so of the store that issued it.
    pub store: String,
    /// The plan, without secrets.
    pub plan: Plan,
}

/// Why a plan cannot be saved, or a file not be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// What would be approved holds a secret.
    #[error(
        "a parameter or a change of it holds what looks like a token or the signature of a URL, which is never kept in a file"
    )]
    Secret,
    /// It is something else.
    #[error("it is not a saved plan ({0})")]
    NoPlan(String),
    /// Another version of the file.
    #[error(
        "it is a saved plan of format {0}, and this program knows format {FORMAT}: plan again with the program that applies it"
    )]
    OtherFormat(u64),
    /// The seal's key is another one.
    #[error(
        "another state directory issued it, or it was edited: apply it with the --state, --sim or RUNBOOK_SEAL_KEY that it was planned with"
    )]
    OtherStore,
    /// The seal does not hold.
    #[error("it was edited after it was sealed: plan again")]
    Edited,
    /// Its time is over.
    #[error("it was good until {0:.0}: plan again")]
    Expired(Timestamp),
    /// The program that made it counts otherwise what an approval covers.
    #[error("another version of this program made it: plan again")]
    OtherProgram,
}

impl SealedPlan {
    /// `plan` for a file, good for so long from `now`.
    ///
    /// # Errors
    /// [`Unfit::Secret`] when the plan would not be the same without its secrets.
    pub fn of(
        plan: &Plan,
        id: String,
        now: Timestamp,
        good_for: Duration,
        key: &SealKey,
    ) -> Result<Self, Unfit> {
        let clean = without_secrets(plan).map_err(|_| Unfit::Secret)?;
        if fingerprint::of(&clean) != plan.fingerprint {
            return Err(Unfit::Secret);
        }
        Ok(Self {
            runbook_plan: FORMAT,
            id,
            issued: now,
            expires: add(now, good_for.min(LONGEST)),
            store: key.name(),
            plan: clean,
        })
    }

    /// The file, sealed: indented JSON, ending in a line feed.
    ///
    /// # Errors
    /// Never for a plan that this program made.
    pub fn text(&self, key: &SealKey) -> serde_json::Result<String> {
        // What is sealed is what a reader will read: not every number is read as it was written.
        let written = serde_json::to_string(self)?;
        let mut file: Value = serde_json::from_str(&written)?;
        file["seal"] = key.seal(Use::Plan, &fingerprint::canonical(&file)).into();
        Ok(serde_json::to_string_pretty(&file)? + "\n")
    }

    /// Reads a file, and believes it if `key` sealed it and it has not expired.
    ///
    /// # Errors
    /// Why it cannot be applied.
    pub fn open(text: &str, key: &SealKey, now: Timestamp) -> Result<Self, Unfit> {
        let no_plan = |why: &dyn std::fmt::Display| Unfit::NoPlan(why.to_string());
        let mut file: Value = serde_json::from_str(text).map_err(|e| no_plan(&e))?;
        match file.get("runbook_plan").map(Value::as_u64) {
            Some(Some(format)) if format == u64::from(FORMAT) => {}
            Some(Some(format)) => return Err(Unfit::OtherFormat(format)),
            _ => return Err(no_plan(&"it has no `runbook_plan`")),
        }
        let seal = file.as_object_mut().and_then(|o| o.remove("seal"));
        let Some(Value::String(seal)) = seal else {
            return Err(no_plan(&"it has no `seal`"));
        };
        if !key.holds(Use::Plan, &fingerprint::canonical(&file), &seal) {
            let ours = file["store"] == Value::String(key.name());
            return Err(if ours {
                Unfit::Edited
            } else {
                Unfit::OtherStore
            });
        }
        let sealed: Self = serde_json::from_value(file).map_err(|_| Unfit::OtherProgram)?;
        if fingerprint::of(&sealed.plan) != sealed.plan.fingerprint {
            return Err(Unfit::OtherProgram);
        }
        if now >= sealed.expires {
            return Err(Unfit::Expired(sealed.expires));
        }
        Ok(sealed)
    }
}
