//! What happens meanwhile, told on stderr: a moving line on a terminal, plain lines elsewhere.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Terminal;
use crate::cli::output::{Format, Output, to_stderr};
use crate::core::action::{Change, Decision, Loan};
use crate::core::journal::{Event, Record, RunId, Sight};
use crate::core::report::clean;
use crate::ops::apply::Listener;

/// Tells the events of one run; the moving line goes with it.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    format: Format,
}

impl Progress {
    pub(super) fn new(format: Format, terminal: Terminal) -> Self {
        let moving = terminal.stderr && format != Format::Ndjson;
        let bar = moving.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, format }
    }

    /// What is told of each event once it is durable. A wait that goes on is told once.
    pub(super) fn listener(&self) -> Listener {
        let bar = self.bar.clone();
        let format = self.format;
        let waits = Mutex::new(String::new());
        Arc::new(move |record| {
            if format == Format::Ndjson {
                return Output::event(record);
            }
            let Some(line) = line(record) else { return };
            let wait = waited_for(&record.event);
            if let (Some(bar), true) = (&bar, wait.is_some()) {
                return bar.set_message(line);
            }
            let mut last = waits.lock().unwrap_or_else(PoisonError::into_inner);
            let goes_on = wait.as_ref().is_some_and(|wait| *wait == *last);
            *last = wait.unwrap_or_default();
            match &bar {
                _ if goes_on => {}
                Some(bar) => bar.suspend(|| to_stderr(&format!("{line}\n"))),
                None => to_stderr(&format!("{} {line}\n", record.at.strftime("%H:%M:%SZ"))),
            }
        })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What an event waits for, if it waits: its line is worthless once the next thing happens.
fn waited_for(event: &Event) -> Option<String> {
    match event {
        Event::Waiting { step, what, .. } => Some(format!("{step} {what}")),
        Event::Observed {
            sight: Sight::Step { step, decision },
        } => match decision.as_ref() {
            Decision::Wait { what, .. } => Some(format!("{step} {what}")),
            _ => None,
        },
        _ => None,
    }
}

/// One line for an event; none for those that the report or the next event tells.
fn line(record: &Record) -> Option<String> {
    let said = match &record.event {
        Event::Planned { .. } => format!("run {} begins", record.run),
        Event::Intended {
            step,
            change,
            attempt,
            ..
        } => intended(step, change, *attempt),
        Event::Accepted {
            step,
            operation: Some(_),
            ..
        } => {
            format!("{step}: taken; Azure is at work")
        }
        Event::Refused { step, failure, .. } => format!("{step}: {failure}"),
        Event::Doubtful { step, .. } => {
            format!("{step}: the answer was lost; looking whether it was taken")
        }
        Event::LockBorrowed { step, loan, joins } => borrowed(step, loan, joins.as_ref()),
        Event::LockReturned { step, key, left_to } => match left_to {
            Some(run) => format!("{step}: `{key}` is left to run {run}, which still needs it gone"),
            None => format!("{step}: `{key}` is back"),
        },
        Event::Verified {
            step, outcome, why, ..
        } => format!("{step}: {outcome} ({why})"),
        Event::Waiting { step, what, until } => {
            format!("{step}: waiting for {what} until {until:.0}")
        }
        Event::Observed {
            sight: Sight::Step { step, decision },
        } => match decision.as_ref() {
            Decision::Wait {
                what,
                look_again_at,
                ..
            } => {
                format!("{step}: waiting for {what}; looking again at {look_again_at:.0}")
            }
            _ => return None,
        },
        Event::Approved { .. }
        | Event::Observed { .. }
        | Event::Accepted { .. }
        | Event::Ended { .. } => return None,
    };
    Some(clean(&said))
}

fn borrowed(step: &str, loan: &Loan, joins: Option<&RunId>) -> String {
    let whole = &loan.whole;
    match joins {
        Some(run) => format!(
            "{step}: `{}` is out already, taken by run {run}; it stays out until both are done: {whole}",
            loan.name
        ),
        None => format!(
            "{step}: borrowing `{}`; this is all of it: {whole}",
            loan.name
        ),
    }
}

/// A lock is told in full before it goes: whoever reads this can put it back.
fn intended(step: &str, change: &Change, attempt: u32) -> String {
    let mut said = format!("{step}: {}", change.summary);
    if attempt > 1 {
        said.push_str(&format!(" (attempt {attempt})"));
    }
    if let Some(lock) = change.evidence.get("lock").filter(|lock| !lock.is_null()) {
        said.push_str(&format!("; the lock as it is: {lock}"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::samples;

    #[test]
    fn every_request_and_every_end_of_a_step_is_told_and_nothing_twice() {
        let lines: Vec<String> = samples::fixed_run().iter().filter_map(line).collect();
        let told = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
        assert_eq!(told("attempt 2"), 1, "{lines:#?}");
        assert_eq!(told("the lock as it is: {\"id\":"), 1);
        assert_eq!(told("correlation id corr-1"), 1);
        assert_eq!(told(": changed ("), 3);
        assert_eq!(told("looking again at 2026-01-02T03:03:45Z"), 1);
        assert_eq!(lines.len(), 12, "{lines:#?}");
    }
}
