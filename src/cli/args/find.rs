//! `match` and `triage`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};

use crate::core::runbook::model::Span;

/// `match`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
#[command(after_help = "\
A code decides before a number, a number before a message; the failed job before the health of
its protected item. `UserErrorCrpReportedUserError` is answered by what stands inside it. How
sure it is: certain (its own code), likely (one runbook fits by a number, by words, or by what is
said elsewhere), ambiguous (several fit alike: none is taken), unknown.

Examples:
  runbook match --vm /subscriptions/…/virtualMachines/vm1     its last failed backup
  runbook match --code UserErrorRpCollectionLimitReached
  runbook match --number 400196
  runbook match --message \"Snapshot operation failed due to COM+ error\"
  az backup job show … | runbook match --file -                 a job, an item or an alert

Exit codes: 0 one runbook answers; 5 none does for sure, and a person is needed; 64 and above as
for every command.")]
pub struct Match {
    /// Read the last failed backup job of this VM; with --sim its name will do
    #[arg(long, value_name = "ID", group = "what", conflicts_with_all = ["code", "number", "message", "file"])]
    pub vm: Option<String>,
    /// Match this error code
    #[arg(long, group = "what")]
    pub code: Option<String>,
    /// Match this numeric error code
    #[arg(long, value_name = "N", group = "what", allow_negative_numbers = true)]
    pub number: Option<i64>,
    /// Match the words of this message
    #[arg(long, value_name = "TEXT", group = "what")]
    pub message: Option<String>,
    /// Match a backup job, a protected item or an alert (common alert schema) as JSON; `-` reads
    /// standard input
    #[arg(long, value_name = "FILE", group = "what", conflicts_with_all = ["code", "number", "message"])]
    pub file: Option<PathBuf>,
}

/// `triage`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each VM whose last backup did not end well is listed once, with the runbook of its last failure;
a VM whose later backup completed is left out. In each vault the VM comes first that has no
recovery point, then the one whose last is oldest, then the one that failed more often.

Examples:
  runbook triage                                  every vault that this identity can see
  runbook triage --vault ID --vault ID --since 84h
  runbook triage --output json

Exit codes: 0 whatever was found; that of the failure when a vault could not be read, after the
others were told.")]
pub struct Triage {
    /// Look at this vault, by its resource id; at every vault of every subscription when there is
    /// none
    #[arg(long = "vault", value_name = "ID")]
    pub vaults: Vec<String>,
    /// Look at backups that began so long ago at most: 90m, 24h, at most 336h
    #[arg(long, env = "RUNBOOK_SINCE", value_name = "DURATION", value_parser = back, default_value = "24h")]
    pub since: Duration,
}

/// Azure keeps jobs longer, and a fleet's morning does not.
fn back(text: &str) -> Result<Duration, String> {
    let span = text
        .parse::<Span>()
        .map_err(|why| why.to_string())?
        .duration();
    match span > Duration::from_secs(14 * 24 * 3600) {
        true => Err("jobs are looked at 336h back at most".to_owned()),
        false => Ok(span),
    }
}
