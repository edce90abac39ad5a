//! The runbook of one's own in `examples/first-runbook`, held to its golden files.

use std::path::Path;
use std::sync::Arc;

use runbook::azure::{Arm, Cloud, TokenSource};
use runbook::base::Chance;
use runbook::ops::rehearse::{InProcess, credential};
use runbook::ops::{World, catalogue, check};

use crate::golden::come_out_as_golden;
use crate::kit::Stage;

const FOLDER: &str = "examples/first-runbook";

#[test]
fn the_first_runbook_comes_out_as_its_golden_files_say() {
    come_out_as_golden(&format!("{FOLDER}/rehearsals"), Some(FOLDER));
}

#[test]
fn the_first_runbook_passes_its_check_beside_its_rehearsals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let checked = check(&[folder]).unwrap();
    assert_eq!(checked.codes, ["UserErrorGuestAgentStatusUnavailable"]);
}

/// The same simulated Azure, and a tool that knows the runbooks of `folder` too.
pub(crate) fn with_runbooks(mut stage: Stage, folder: &Path) -> Stage {
    let known = catalogue(Some(folder)).unwrap_or_else(|e| panic!("{e}"));
    let clock = stage.world.clock().clone();
    let (cloud, chance) = (Cloud::public(), Chance::seeded(7));
    let tokens = TokenSource::new(credential(&stage.simulated), &cloud).unwrap();
    let transport = Arc::new(InProcess(Arc::clone(&stage.simulated)));
    let arm = Arm::new(cloud, transport, tokens, clock.clone(), chance.clone());
    stage.world = World::of(arm, stage.store.clone(), known, clock, chance);
    stage
}
