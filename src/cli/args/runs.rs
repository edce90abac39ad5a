//! The command line of `runs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `runs`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List the runs, newest first
    List,
    /// Tell one run
    Show {
        /// The run's id, or the beginning of it
        run: String,
    },
    /// Tell whether anything in the journal, or in an export, was altered
    Verify(Verify),
    /// Write a run into a folder, as evidence
    Export(Export),
}

/// `runs verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook runs verify                             every run, and the journal as a whole
  runbook runs verify 20261121-031000             one run
  runbook runs verify runbook-20261121-031000-…   a folder that `runs export` wrote

Exit codes: 0 nothing was altered, 1 something was, 74 it cannot be read.
Seals are checked with the key in RUNBOOK_SEAL_KEY, else with seal.key in the state directory.")]
pub struct Verify {
    /// Runs by their ids or the beginnings of them, and exported folders; every run when there are
    /// none
    #[arg(value_name = "RUN|PATH")]
    pub subjects: Vec<String>,
}

/// `runs export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook runs export 20261121-031000
  runbook runs export 20261121-031000 --to /srv/evidence/case-7")]
pub struct Export {
    /// The run's id, or the beginning of it
    pub run: String,
    /// Write into this new folder; `runbook-RUN` when there is none
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}
