//! `guest.vmbackup_encoding`: rewrites `/etc/azure/vmbackup.conf` as ASCII where that loses
//! nothing; the Linux backup extension ignores any other file without an error.
//!
//! ```yaml
//! - id: ascii
//!   title: Rewrite vmbackup.conf as ASCII
//!   action: guest.vmbackup_encoding
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use crate::actions::guest::linux::VMBACKUP_ENCODING;
use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::azure::views::OsType;

/// `guest.vmbackup_encoding`.
pub type GuestVmbackupEncoding = Guest<VmbackupEncoding>;

/// Rewrites it.
#[derive(Debug)]
pub struct VmbackupEncoding;

/// It takes no arguments: there is one such file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

impl Scripted for VmbackupEncoding {
    type Args = Args;
    const NAME: &'static str = "guest.vmbackup_encoding";
    const SENTENCE: &'static str =
        "Rewrites the Linux backup extension's `vmbackup.conf` as ASCII where that loses nothing";
    const SCRIPTS: &'static [Script] = &[VMBACKUP_ENCODING];

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Linux).then_some(VMBACKUP_ENCODING)
    }

    fn told(_: &Args) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Args) -> Words {
        Words {
            look: "whether vmbackup.conf is ASCII".to_owned(),
            act: "rewrite vmbackup.conf as ASCII".to_owned(),
            done: "vmbackup.conf is ASCII".to_owned(),
        }
    }
}
