//! The failed backups of vaults and what answers each, told: one list for each vault.

use jiff::Timestamp;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::report::Command;
use crate::core::report::markdown;
use crate::core::report::page::{Block, Line, Mark, Page, Tone};
use crate::core::report::tell_plan::sentence;
use crate::core::report::text::{self, Paint};
use crate::core::report::words::{counted, time};
use crate::core::runbook::answer::Answer;

/// What `triage --output json` prints: exactly one of these.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "runbook triage")]
pub struct Triage {
    /// 1.
    pub schema_version: u32,
    /// What the process ends with.
    pub exit_code: u8,
    /// Backups that began since then were looked at.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// One for each vault.
    pub vaults: Vec<VaultTriage>,
    /// The simulated world that was asked, if one was.
    #[serde(skip)]
    pub scenario: Option<String>,
}

/// One vault.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct VaultTriage {
    /// Its resource id.
    pub vault: String,
    /// Why it could not be read; null when it could.
    pub error: Option<String>,
    /// The VMs whose last backup did not end well, worst first.
    pub failed: Vec<FailedVm>,
    /// VMs of which a backup failed and a later one completed.
    pub healed: usize,
    /// VMs whose last backup did not end well and whose jobs were not read, for there were too many.
    pub unread: usize,
}

/// One VM whose last backup did not end well.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedVm {
    /// Its name.
    pub name: String,
    /// Its resource id; null when the vault does not protect it any more.
    pub vm: Option<String>,
    /// The last job that did not end well.
    pub job: String,
    /// `Failed` or `CompletedWithWarnings`.
    pub status: String,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// How many of its backups did not end well since then.
    pub failures: usize,
    /// The code, else the number.
    pub failed_with: Option<String>,
    /// Azure's message.
    pub message: Option<String>,
    /// The time of its last recovery point; null when it has none, or that is not known.
    #[schemars(with = "Option<String>")]
    pub last_recovery_point: Option<Timestamp>,
    /// The runbook, by which field, and how sure that is.
    pub answer: Answer,
}

impl Triage {
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
        let failed = self
            .vaults
            .iter()
            .map(|vault| vault.failed.len() + vault.unread)
            .sum();
        let vms = counted(failed, "VM whose last backup", "VMs whose last backup");
        let vaults = counted(self.vaults.len(), "vault", "vaults");
        page.title(Line::new(format!("{vms} did not end well, in {vaults}")));
        page.field("Since", Line::new(time(self.since)));
        if self.vaults.is_empty() {
            let text =
                "This identity sees no vault: `runbook role` prints the rights that it takes.";
            page.text(Line::default().then(Tone::Warn, text));
        }
        for vault in &self.vaults {
            page.heading("Vault");
            page.text(Line::id(&vault.vault));
            vault.tell(&mut page, self.scenario.as_deref());
        }
        page
    }
}

impl VaultTriage {
    fn tell(&self, page: &mut Page, scenario: Option<&str>) {
        if let Some(error) = &self.error {
            page.text(Line::default().then(Tone::Bad, "not read: ").text(error));
            return;
        }
        for (at, vm) in self.failed.iter().enumerate() {
            page.item(Mark::Number(at + 1), vm.head(), vm.inner(scenario));
        }
        if self.failed.is_empty() {
            page.text(Line::new("Nothing is left to answer here."));
        }
        if self.unread > 0 {
            let more = counted(self.unread, "more VM was", "more VMs were");
            page.text(Line::default().then(
                Tone::Warn,
                format!("{more} not read: answer these first, then look again."),
            ));
        }
        if self.healed > 0 {
            let healed = counted(self.healed, "VM", "VMs");
            page.text(Line::new(format!(
                "{healed} failed and were backed up since."
            )));
        }
    }
}

impl FailedVm {
    fn head(&self) -> Line {
        let runbook = self.answer.runbook.as_deref().unwrap_or("no runbook");
        Line::default()
            .then(Tone::Strong, &self.name)
            .text(": ")
            .text(runbook)
            .text(format!(" ({})", self.answer.sureness.name()))
    }

    fn inner(&self, scenario: Option<&str>) -> Vec<Block> {
        let mut blocks = Vec::new();
        let failed_with = self.failed_with.as_deref().unwrap_or("without a code");
        let times = counted(self.failures, "time", "times");
        let line = Line::id(failed_with).text(format!(", {times}"));
        blocks.push(Block::Field("Failed with", line));
        let ended = self
            .ended
            .map(|at| Block::Field("Last", Line::new(time(at))));
        blocks.extend(ended);
        let point = match self.last_recovery_point {
            Some(at) => time(at),
            None => "none is known".to_owned(),
        };
        blocks.push(Block::Field("Recovery point", Line::new(point)));
        blocks.push(Block::Field(
            "Chosen",
            Line::new(sentence(&self.answer.to_string())),
        ));
        if let (Some(code), Some(vm)) = (&self.answer.runbook, &self.vm) {
            let command = Command::plan(code, vm, scenario);
            blocks.push(Block::Verbatim(command.to_string()));
        }
        blocks
    }
}

/// JSON Schema (2020-12) of the document.
#[must_use]
pub fn triage_schema() -> Value {
    SchemaGenerator::default()
        .into_root_schema_for::<Triage>()
        .to_value()
}
