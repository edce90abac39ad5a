//! The terminal: one thin file for each subcommand. What is done is done in `ops`.
//!
//! Invariant: stdout carries the result and nothing else; questions, progress and complaints go
//! to stderr.

pub mod apply;
pub mod args;
pub mod check;
mod consent;
mod failed;
pub mod list;
pub mod locks;
mod log;
pub mod matching;
mod output;
pub mod plan;
mod progress;
pub mod rehearse;
pub mod resume;
pub mod role;
pub mod runs;
pub mod schema;
mod settings;
pub mod show;
mod signals;
pub mod sim;
pub mod triage;
pub mod undo;
pub mod verify;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::args::{Arguments, Command, LocksCommand, RunsCommand};
use crate::cli::output::{Format, Output};
use crate::core::journal::store::Holder;
use crate::core::report::Report;
use crate::core::report::exit::Exit;

/// What the process was started with; `main` collects it.
#[derive(Clone, Debug)]
pub struct Input {
    /// The command line, the program's name first.
    pub arguments: Vec<OsString>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// What is at the other end of the standard streams.
    pub terminal: Terminal,
    /// This process, for leases.
    pub holder: Holder,
}

/// Which standard streams are terminals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// A person can answer.
    pub stdin: bool,
    /// A person reads the result.
    pub stdout: bool,
    /// A person reads questions and progress.
    pub stderr: bool,
}

impl Terminal {
    /// True when a person can be asked: the question is seen and can be answered.
    #[must_use]
    pub fn can_ask(self) -> bool {
        self.stdin && self.stderr
    }
}

/// Does what the command line says. A second signal ends it at once.
pub async fn run(input: Input) -> Exit {
    let arguments = match Arguments::try_parse_from(&input.arguments) {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&input, &error),
    };
    let output = Output::new(&arguments.global, &input);
    log::start(arguments.global.verbose);
    let (stop, second) = signals::watch();
    let work = dispatch(arguments, &input, &output, stop);
    tokio::select! {
        exit = work => exit,
        () = second => Exit::Interrupted,
    }
}

async fn dispatch(
    arguments: Arguments,
    input: &Input,
    output: &Output,
    stop: tokio::sync::watch::Receiver<bool>,
) -> Exit {
    let global = arguments.global;
    let done = match arguments.command {
        Command::List => list::run(&global, output),
        Command::Show(show) => show::run(&global, &show, output),
        Command::Check(check) => check::run(&global, &check, output),
        Command::Role(role) => role::run(&global, &role, output),
        Command::Schema(schema) => schema::run(&schema, output),
        Command::Rehearse(asked) => rehearse::run(&global, &asked, input, output).await,
        Command::Match(asked) => matching::run(&global, &asked, input, output, stop).await,
        Command::Triage(asked) => triage::run(&global, &asked, input, output, stop).await,
        Command::Plan(plan) => plan::run(&global, &plan, input, output, stop).await,
        Command::Apply(apply) => apply::run(&global, &apply, input, output, stop).await,
        Command::Resume(resume) => resume::run(&global, &resume, input, output, stop).await,
        Command::Cancel(cancel) => resume::cancel(&global, &cancel.run, input, output, stop).await,
        Command::Undo(undo) => undo::run(&global, &undo, input, output, stop).await,
        Command::Locks(LocksCommand::List) => locks::list(&global, input, output).await,
        Command::Locks(LocksCommand::Return { run }) => {
            locks::put_back(&global, run.as_deref(), input, output, stop).await
        }
        Command::Runs(RunsCommand::List) => runs::list(&global, input, output).await,
        Command::Runs(RunsCommand::Show { run }) => runs::show(&global, &run, input, output).await,
        Command::Runs(RunsCommand::Verify(verify)) => {
            verify::verify(&global, &verify, input, output).await
        }
        Command::Runs(RunsCommand::Export(export)) => {
            verify::export(&global, &export, input, output).await
        }
        Command::Sim(sim) => sim::run(&global, &sim, input, output, stop).await,
    };
    done.unwrap_or_else(|error| failed::tell(&error, output))
}

/// Help and version end with 0; a command line that cannot be understood ends with 64, and is
/// one JSON document where one was asked for.
fn not_understood(input: &Input, error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output::to_stdout(&error.to_string());
            Exit::Success
        }
        _ if Format::asked_for(input) == Some(Format::Json) => {
            let report = Report::of_error(&complaint(error), None, Exit::Usage);
            Output::plain(Format::Json).report(&report)
        }
        _ => {
            output::to_stderr(&error.to_string());
            Exit::Usage
        }
    }
}

/// What clap complains of, without the usage that it repeats.
fn complaint(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\nUsage:").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests;
