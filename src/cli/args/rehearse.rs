//! The command line of `rehearse`.

use std::path::PathBuf;

use clap::Args;

/// `rehearse`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook rehearse my-runbooks                     every case in my-runbooks/rehearsals
  runbook rehearse UserErrorMine                   in ./runbooks, or in the folder of --runbooks
  runbook rehearse my-runbooks --bless             write what comes out, once you have read it
  runbook rehearse my-runbooks --junit results.xml for CI

A case is a folder rehearsals/CODE/CASE that holds world.yaml, and perhaps faults.yaml and ask.yaml.
It is held against its plan.txt, requests.txt and report.md, and against rules that hold of every
run. From an empty file to a rehearsed runbook: runbooks/WRITING.md

Exit codes: 0 all came out as written, 1 one did not, 64 there is no such case, 65 a runbook is wrong.")]
pub struct Rehearse {
    /// Folders that hold cases, codes, or CODE/CASE; without any, all of ./runbooks or of --runbooks
    #[arg(value_name = "CODE|FOLDER")]
    pub what: Vec<String>,
    /// Show what changes, ask, and write what comes out into the golden files
    #[arg(long)]
    pub bless: bool,
    /// Agree to that without being asked
    #[arg(long, requires = "bless")]
    pub yes: bool,
    /// Write the results into this file as JUnit XML, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}
