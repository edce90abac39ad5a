//! The command line, as clap reads it.

mod find;
mod rehearse;
mod runs;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::azure::credential::CredentialKind;
use crate::cli::output::Format;
use crate::cli::role::Role;
use crate::cli::undo::Undo;
use crate::core::runbook::risk::Risk;

pub use find::{Match, Triage};
pub use rehearse::Rehearse;
pub use runs::{Export, RunsCommand, Verify};
use values::{credentials, duration, formats, good_for, parameter, risks};

const EXAMPLES: &str = "\
Examples:
  runbook plan UserErrorRpCollectionLimitReached --vm /subscriptions/…/virtualMachines/vm1
  runbook apply --vm /subscriptions/…/virtualMachines/vm1
  runbook apply UserErrorRpCollectionLimitReached --vm vm1 --sim
  runbook plan UserErrorRpCollectionLimitReached --vm vm1 --sim --out plan.json
  runbook apply plan.json --sim

Runbooks of your own: runbooks/WRITING.md leads to the first in ten minutes

Exit codes:
  0 fixed, or nothing to do; a plan was made    5 needs a person
  1 failed                                      6 another run holds this VM
  2 changes pending (--detailed-exitcode)       7 a borrowed lock is still out
  3 waiting: go on with `runbook resume`        8 cancelled, or refused at the prompt
  4 needs approval; nothing was sent
  64 usage  65 bad runbook or saved plan  69 Azure unreachable  70 our bug  74 journal
  77 not authorised";

/// Put failed Azure VM backups right: plan, show, do, check.
#[derive(Debug, Parser)]
#[command(name = "runbook", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(propagate_version = true, subcommand_required = true)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Choose the form of the result
    #[arg(long, short, global = true, env = "RUNBOOK_OUTPUT", value_parser = formats(), default_value = "text")]
    pub output: Format,
    /// Choose the cloud: public, usgov, china, usnat, ussec, or custom, which --arm-endpoint
    /// tells of
    #[arg(long, global = true, env = "RUNBOOK_CLOUD", default_value = "public")]
    pub cloud: String,
    /// Speak to this Resource Manager endpoint
    #[arg(long, global = true, env = "RUNBOOK_ARM_ENDPOINT", value_name = "URL")]
    pub arm_endpoint: Option<String>,
    /// Ask for tokens for this audience
    #[arg(long, global = true, env = "RUNBOOK_ARM_AUDIENCE", value_name = "URI")]
    pub arm_audience: Option<String>,
    /// Choose the credential; `token` reads AZURE_ACCESS_TOKEN, `client-certificate` the PEM file
    /// that AZURE_CLIENT_CERTIFICATE_PATH names
    #[arg(long, global = true, env = "RUNBOOK_CREDENTIAL", value_parser = credentials(), default_value = "auto")]
    pub credential: CredentialKind,
    /// Name the tenant [also: AZURE_TENANT_ID]
    #[arg(long, global = true, env = "RUNBOOK_TENANT", value_name = "ID")]
    pub tenant: Option<String>,
    /// Name the application or the managed identity [also: AZURE_CLIENT_ID]
    #[arg(long, global = true, env = "RUNBOOK_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// Use the embedded simulator instead of Azure
    #[arg(long, global = true, value_name = "SCENARIO", num_args = 0..=1, require_equals = true)]
    pub sim: Option<Option<String>>,
    /// Add the runbooks of a folder, or put them in place of the built-in ones
    #[arg(long, global = true, env = "RUNBOOK_RUNBOOKS", value_name = "DIR")]
    pub runbooks: Option<PathBuf>,
    /// Keep the journal in this folder
    #[arg(long, global = true, env = "RUNBOOK_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Let time run F times faster; for simulators on loopback only
    #[arg(long, global = true, env = "RUNBOOK_TIME_SCALE", value_name = "F")]
    pub time_scale: Option<f64>,
    /// Say more on stderr; twice for every request
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Do not colour [also: NO_COLOR]
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the runbooks
    List,
    /// Show one runbook
    Show(Show),
    /// Check runbooks, without Azure
    Check(Check),
    /// Print the JSON Schema of runbooks or of reports
    Schema(Schema),
    /// Run runbooks against the simulator, and compare what comes out with what is written
    Rehearse(Rehearse),
    /// Tell which runbook answers a failure, and by which field; reads only
    Match(Match),
    /// List the failed backups of vaults with their runbooks, worst first; reads only
    Triage(Triage),
    /// Print the least custom roles for runbooks, as `az` reads them
    Role(Role),
    /// Show what would be done; reads only
    Plan(Plan),
    /// Plan, show, ask, do, check
    Apply(Apply),
    /// Go on with a run that waits or was interrupted
    Resume(Resume),
    /// Give a run up: nothing further is sent, and borrowed locks are put back
    Cancel(Cancel),
    /// Put back what a run changed, where that can be put back: plan, show, ask, do, check
    Undo(Undo),
    /// See and put back what is borrowed
    #[command(subcommand)]
    Locks(LocksCommand),
    /// Look at the runs of the past
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Serve the simulated Azure on a socket
    Sim(Sim),
}

/// `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The error code, or an alias of it
    pub code: String,
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Files and folders; without any those of --runbooks, or the built-in ones
    pub files: Vec<PathBuf>,
}

/// `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Print the schema of `--output json`
    #[arg(long)]
    pub report: bool,
    /// Print the schema of `match --output json`
    #[arg(long, conflicts_with = "report")]
    pub matching: bool,
    /// Print the schema of `triage --output json`
    #[arg(long, conflicts_with_all = ["report", "matching"])]
    pub triage: bool,
}

/// How a runbook is to be planned.
#[derive(Clone, Debug, Default, Args)]
pub struct Manner {
    /// Set a parameter of the runbook
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub params: Vec<(String, String)>,
    /// Go on although no failed job was found; counts as needing approval
    #[arg(long)]
    pub force: bool,
}

/// `plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook plan UserErrorRpCollectionLimitReached --vm vm1 --sim
  runbook plan CODE --vm ID --out plan.json --ttl 8h                 for `runbook apply plan.json`")]
pub struct Plan {
    /// The error code; read from the VM's last failed backup job when there is none
    pub code: Option<String>,
    /// The VM's resource id; with --sim its name will do
    #[arg(long, value_name = "ID")]
    pub vm: String,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
    /// Save the plan in a new file, to be applied once; sealed with the key of the state directory,
    /// or with RUNBOOK_SEAL_KEY
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Choose how long the saved plan is good: 30m, 8h, at most 168h
    #[arg(long, env = "RUNBOOK_TTL", value_name = "DURATION", value_parser = good_for, default_value = "4h")]
    pub ttl: Duration,
    /// End with 2 when there are changes to make, 4, 5 or 77 when something stands in the way
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `apply`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  runbook apply --vm /subscriptions/…/virtualMachines/vm1            at a terminal: shows, asks
  runbook apply CODE --vm ID --yes --max-risk destructive            unattended
  runbook apply CODE --vm ID --approve FINGERPRINT                   approve what plan showed
  runbook apply plan.json --approve FINGERPRINT                      what plan --out saved")]
pub struct Apply {
    /// The error code, or a plan that was saved (*.json); without either the code is read from the
    /// VM's last failed backup job
    #[arg(value_name = "CODE|FILE")]
    pub what: Option<String>,
    /// The VM's resource id; with --sim its name will do; a saved plan has its own
    #[arg(long, value_name = "ID")]
    pub vm: Option<String>,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
    /// What is agreed to.
    #[command(flatten)]
    pub agreed: Agreed,
    /// How long to wait.
    #[command(flatten)]
    pub patience: Patience,
}

/// Consent, by flags; never read from the environment.
#[derive(Clone, Debug, Default, Args)]
pub struct Agreed {
    /// Agree to the changes that need no approval
    #[arg(long)]
    pub yes: bool,
    /// Agree to exactly the plan with this fingerprint, approvals included
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "yes")]
    pub approve: Option<String>,
    /// Send nothing when the plan is riskier; `reversible` when there is no terminal
    #[arg(long, value_name = "RISK", value_parser = risks())]
    pub max_risk: Option<Risk>,
}

/// How long backup jobs are waited for.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Patience {
    /// Wait so long for backup jobs: 90s, 30m, 2h, or 0; 2h at a terminal, 30m otherwise
    #[arg(long, env = "RUNBOOK_WAIT", value_name = "DURATION", value_parser = duration)]
    pub wait: Option<Duration>,
}

/// `resume`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  runbook resume 20261121-031007-1f0c2d3e       go on with one run
  runbook resume --due                          all that are due, from cron; ends as the worst of them")]
pub struct Resume {
    /// The run, or the beginning of its id; the only unfinished one when there is none
    #[arg(conflicts_with = "due")]
    pub run: Option<String>,
    /// Go on with every run that was interrupted, or whose time has come
    #[arg(long)]
    pub due: bool,
    /// What is agreed to, where that has to be asked again.
    #[command(flatten)]
    pub agreed: Agreed,
    /// How long to wait.
    #[command(flatten)]
    pub patience: Patience,
}

/// `cancel`.
#[derive(Clone, Debug, Args)]
pub struct Cancel {
    /// The run, or the beginning of its id
    pub run: String,
}

/// `locks`.
#[derive(Debug, Subcommand)]
pub enum LocksCommand {
    /// List the borrowed locks that are out, and who uses them
    List,
    /// Put back those of one run, or all; gives up the runs that use them
    Return {
        /// The run, or the beginning of its id
        run: Option<String>,
    },
}

/// `sim`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  runbook sim --scenario rp-limit --listen 127.0.0.1:8080")]
pub struct Sim {
    /// Choose the scenario
    #[arg(long, env = "RUNBOOK_SCENARIO", value_name = "NAME")]
    pub scenario: Option<String>,
    /// Listen on this address
    #[arg(
        long,
        env = "RUNBOOK_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:0"
    )]
    pub listen: String,
    /// Start the scenario over, and serve nothing
    #[arg(long)]
    pub reset: bool,
}
