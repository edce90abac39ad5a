//! `guest.vmbackup_conf`: sets one documented key of the Linux backup extension's own file,
//! `/etc/azure/vmbackup.conf`.
//!
//! ```yaml
//! - id: wait-longer
//!   title: Let the freeze of file systems take two minutes
//!   action: guest.vmbackup_conf
//!   with: { set: { SafeFreezeWaitInSeconds: 120 } }
//! ```
//!
//! The article names a file inside the extension's folder; the extension reads this one
//! (remediations.md, contradiction 26). Mount points are added to those that are skipped already,
//! and `/` is never skipped (contradiction 28).

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::actions::guest::linux::VMBACKUP_CONF;
use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::azure::views::OsType;

/// `guest.vmbackup_conf`.
pub type GuestVmbackupConf = Guest<VmbackupConf>;

/// Sets a key.
#[derive(Debug)]
pub struct VmbackupConf;

/// Which, and to what.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The key, with its value where it has more than one.
    pub set: Setting,
}

/// The documented keys; nothing else can be written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub enum Setting {
    /// `seqsnapshot = 2`: one disk's snapshot after the other.
    #[serde(rename = "seqsnapshot")]
    OneAfterAnother,
    /// `isanysnapshotfailed = False`: for the snapshot limit, where Site Recovery protects the VM
    /// too.
    #[serde(rename = "isanysnapshotfailed")]
    NoneFailed,
    /// How long a freeze may take: from 66, which is the default, to 600 seconds.
    SafeFreezeWaitInSeconds(
        #[serde(deserialize_with = "wait")]
        #[schemars(range(min = 66, max = 600))]
        u16,
    ),
    /// A mount point that is not frozen: `/data`.
    MountsToSkip(#[serde(deserialize_with = "mount")] String),
}

fn wait<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let wait = u16::deserialize(from)?;
    if (66..=600).contains(&wait) {
        return Ok(wait);
    }
    Err(D::Error::custom(format!(
        "`SafeFreezeWaitInSeconds` takes 66 to 600 seconds, not {wait}"
    )))
}

/// What the script takes, so that anything else is said before a request is planned.
fn mount<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let mount = String::deserialize(from)?;
    let told = [("Value", mount.as_str())];
    if mount.starts_with('/') && VMBACKUP_CONF.refusal(&told, true).is_none() {
        return Ok(mount);
    }
    Err(D::Error::custom(format!(
        "`MountsToSkip` takes one mount point that is not `/`, without blanks and commas, not \
         {mount:?}"
    )))
}

impl Setting {
    fn pair(&self) -> (&'static str, String) {
        match self {
            Self::OneAfterAnother => ("seqsnapshot", "2".to_owned()),
            Self::NoneFailed => ("isanysnapshotfailed", "False".to_owned()),
            Self::SafeFreezeWaitInSeconds(wait) => ("SafeFreezeWaitInSeconds", wait.to_string()),
            Self::MountsToSkip(mount) => ("MountsToSkip", mount.clone()),
        }
    }
}

impl Scripted for VmbackupConf {
    type Args = Args;
    const NAME: &'static str = "guest.vmbackup_conf";
    const SENTENCE: &'static str =
        "Sets a documented key of the Linux backup extension's `vmbackup.conf`";
    const SCRIPTS: &'static [Script] = &[VMBACKUP_CONF];

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Linux).then_some(VMBACKUP_CONF)
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        let (key, value) = args.set.pair();
        vec![("Key", key.to_owned()), ("Value", value)]
    }

    fn words(args: &Args) -> Words {
        let (key, value) = args.set.pair();
        let (what, done) = match &args.set {
            Setting::MountsToSkip(mount) => (
                format!("`{mount}` to the mount points that are not frozen"),
                format!("`{mount}` is among the mount points that are not frozen"),
            ),
            Setting::SafeFreezeWaitInSeconds(wait) => {
                (String::new(), format!("`{key}` is {wait} or more"))
            }
            _ => (String::new(), format!("`{key}` is {value}")),
        };
        Words {
            look: format!("whether {done} in vmbackup.conf"),
            act: if what.is_empty() {
                format!("set `{key}` to {value} in vmbackup.conf")
            } else {
                format!("add {what}")
            },
            done: format!("{done} in vmbackup.conf"),
        }
    }
}
