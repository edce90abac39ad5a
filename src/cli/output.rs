//! What goes to stdout, in the form that was asked for.

use std::io::Write as _;

use serde_json::Value;

use crate::cli::Input;
use crate::cli::args::Global;
use crate::core::journal::Record;
use crate::core::report::exit::Exit;
use crate::core::report::text::Paint;
use crate::core::report::{Report, json, markdown, text};

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One JSON value on each line.
    Ndjson,
    /// For chat and tickets.
    Markdown,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Ndjson, Self::Markdown];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
        }
    }

    /// The form of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The form that a command line asks for that clap could not read.
    pub(super) fn asked_for(input: &Input) -> Option<Self> {
        let words: Vec<&str> = input.arguments.iter().filter_map(|a| a.to_str()).collect();
        let after = |word: &str, next: Option<&&str>| match word {
            "--output" | "-o" => Self::named(next?),
            _ => Self::named(word.strip_prefix("--output=").or(word.strip_prefix("-o"))?),
        };
        let given = words
            .iter()
            .enumerate()
            .find_map(|(at, word)| after(word, words.get(at + 1)));
        given.or_else(|| Self::named(input.environment.get("RUNBOOK_OUTPUT")?))
    }
}

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) format: Format,
    /// How stdout is coloured.
    pub(super) stdout: Paint,
    /// How stderr is coloured.
    pub(super) stderr: Paint,
}

impl Output {
    pub(super) fn new(global: &Global, input: &Input) -> Self {
        // https://no-color.org: any value but the empty one.
        let refused = input
            .environment
            .get("NO_COLOR")
            .is_some_and(|value| !value.is_empty());
        let dumb = input
            .environment
            .get("TERM")
            .is_some_and(|term| term == "dumb");
        let plain = global.no_color || refused || dumb;
        let paint = |terminal: bool| match terminal && !plain {
            true => Paint::Ansi,
            false => Paint::None,
        };
        Self {
            format: global.output,
            stdout: paint(input.terminal.stdout),
            stderr: paint(input.terminal.stderr),
        }
    }

    /// Without colours.
    pub(super) fn plain(format: Format) -> Self {
        Self {
            format,
            stdout: Paint::None,
            stderr: Paint::None,
        }
    }

    /// Prints a report and ends as it says. Events that were printed as they happened are not
    /// repeated: with ndjson the report of a run prints nothing.
    pub(super) fn report(&self, report: &Report) -> Exit {
        let before_a_plan = report.plan.is_none();
        match self.format {
            Format::Text if before_a_plan => to_stderr(&text::render(report, self.stderr)),
            Format::Text => to_stdout(&text::render(report, self.stdout)),
            Format::Markdown => to_stdout(&markdown::render(report)),
            Format::Json => return self.json(json::render(report), report.exit),
            Format::Ndjson if report.run.is_some() => {}
            Format::Ndjson => to_stderr(&text::render(report, self.stderr)),
        }
        report.exit
    }

    /// Prints one event as a line.
    pub(super) fn event(record: &Record) {
        if let Ok(line) = json::ndjson(record) {
            to_stdout(&line);
        }
    }

    /// Prints a value as a document, or on one line.
    pub(super) fn value(&self, value: &Value) -> Exit {
        let text = match self.format {
            Format::Ndjson => serde_json::to_string(value),
            _ => serde_json::to_string_pretty(value),
        };
        self.json(text.map(|text| text + "\n"), Exit::Success)
    }

    fn json(&self, text: Result<String, serde_json::Error>, exit: Exit) -> Exit {
        match text {
            Ok(text) => {
                to_stdout(&text);
                exit
            }
            Err(error) => {
                to_stderr(&format!(
                    "error: cannot write the result as JSON: {error}\n"
                ));
                Exit::Bug
            }
        }
    }
}

/// Writes to stdout. A reader that has gone away is its own affair.
pub(super) fn to_stdout(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to stderr.
pub(super) fn to_stderr(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
