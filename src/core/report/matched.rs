//! Which runbook answers a failure, told.

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::core::report::Command;
use crate::core::report::exit::Exit;
use crate::core::report::markdown;
use crate::core::report::page::{Line, Page};
use crate::core::report::tell_answer::answered;
use crate::core::report::text::{self, Paint};
use crate::core::runbook::answer::{Answer, Sureness};
use crate::core::runbook::model::Operation;

/// A failure and the runbook that answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The VM, where it is known.
    pub vm: Option<String>,
    /// The failed job, where it is known.
    pub job: Option<String>,
    /// What it failed with: the code, else the number.
    pub failed_with: Option<String>,
    /// The title of the runbook.
    pub title: Option<String>,
    /// What the job did whose failure the runbook answers.
    pub operation: Option<Operation>,
    /// The runbook, by which field, and how sure that is.
    pub answer: Answer,
    /// The simulated world that was asked, if one was.
    pub scenario: Option<String>,
}

/// What `match --output json` prints: exactly one of these.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "runbook match")]
pub struct Document<'a> {
    /// 1.
    pub schema_version: u32,
    /// What the process ends with.
    pub exit_code: u8,
    /// The VM's resource id, where it is known.
    pub vm: Option<&'a str>,
    /// The failed job, where it is known.
    pub job: Option<&'a str>,
    /// What it failed with: the code, else the number.
    pub failed_with: Option<&'a str>,
    /// The title of the runbook.
    pub title: Option<&'a str>,
    /// What the job did whose failure the runbook answers: it backed up, restored, or configured
    /// protection.
    pub operation: Option<Operation>,
    /// The runbook, by which field, and how sure that is.
    pub answer: &'a Answer,
}

impl Matched {
    /// What the process ends with: a person is needed where no runbook is sure to answer.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.answer.sureness {
            Sureness::Certain | Sureness::Likely => Exit::Success,
            Sureness::Ambiguous | Sureness::Unknown => Exit::NeedsHuman,
        }
    }

    /// For machines.
    #[must_use]
    pub fn document(&self) -> Document<'_> {
        Document {
            schema_version: 1,
            exit_code: self.exit().code(),
            vm: self.vm.as_deref(),
            job: self.job.as_deref(),
            failed_with: self.failed_with.as_deref(),
            title: self.title.as_deref(),
            operation: self.operation,
            answer: &self.answer,
        }
    }

    /// For a terminal.
    #[must_use]
    pub fn as_text(&self, paint: Paint) -> String {
        text::draw(&self.page(), paint)
    }

    /// For chat and tickets.
    #[must_use]
    pub fn as_markdown(&self) -> String {
        markdown::draw(&self.page())
    }

    fn page(&self) -> Page {
        let mut page = Page::default();
        let title = match (&self.answer.runbook, &self.title) {
            (Some(code), Some(title)) => format!("{code}: {title}"),
            _ => "No runbook answers this".to_owned(),
        };
        page.title(Line::new(title));
        page.maybe("VM", self.vm.as_ref().map(Line::id));
        page.maybe("Job", self.job.as_ref().map(Line::id));
        page.maybe("Failed with", self.failed_with.as_ref().map(Line::id));
        let other = self.operation.filter(|operation| !operation.is_backup());
        page.maybe(
            "What failed",
            other.map(|operation| Line::new(format!("a {}", operation.noun()))),
        );
        answered(&mut page, &self.answer);
        if let Some(code) = &self.answer.runbook {
            page.heading("Next");
            let vm = self.vm.as_deref().unwrap_or("ID");
            page.verbatim(Command::plan(code, vm, self.scenario.as_deref()).to_string());
        }
        page
    }
}

/// JSON Schema (2020-12) of the document.
#[must_use]
pub fn match_schema() -> Value {
    SchemaGenerator::default()
        .into_root_schema_for::<Document<'_>>()
        .to_value()
}
