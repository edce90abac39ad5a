//! Saved plans: believed only whole and in time, applied once, and never more than was saved.

mod commands;
mod edits;
mod moves;
mod once;
mod race;
mod rest;

use std::path::PathBuf;
use std::time::Duration;

use runbook::core::plan::Plan;
use runbook::core::plan::rest::Moved;
use runbook::core::plan::sealed::GOOD_FOR;
use runbook::ops::{OpsError, plan_file};
use tempfile::TempDir;

use crate::kit::Stage;

/// A plan that was saved.
struct Saved {
    _folder: TempDir,
    file: PathBuf,
    plan: Plan,
}

impl Saved {
    /// Plans and saves.
    async fn of(stage: &Stage, code: &str) -> Self {
        Self::good_for(stage, code, GOOD_FOR).await
    }

    async fn good_for(stage: &Stage, code: &str, good_for: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        let plan = stage.plan(code, "web1").await.unwrap();
        let plan = plan_file::save(&stage.world, plan, &file, good_for).unwrap();
        Self {
            _folder: folder,
            file,
            plan,
        }
    }

    /// What is left of it in that world.
    async fn open(&self, stage: &Stage) -> Result<Plan, OpsError> {
        plan_file::open(&stage.world, &self.file, None).await
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap()
    }
}

/// What moved, one line each.
fn moved(opened: Result<Plan, OpsError>) -> Vec<String> {
    match opened {
        Err(OpsError::Moved { moved, .. }) => moved
            .into_iter()
            .map(|Moved { step, what }| format!("{step}: {what}"))
            .collect(),
        other => panic!("nothing moved: {other:?}"),
    }
}
