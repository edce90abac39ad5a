//! The runbook of one's own in `examples/first-runbook`, held to its golden files.

use std::path::Path;

use runbook::ops::check;

use crate::golden::{come_out_as_golden, rehearsed};

const FOLDER: &str = "examples/first-runbook";

#[test]
fn the_first_runbook_comes_out_as_its_golden_files_say() {
    come_out_as_golden(&rehearsed(&format!("{FOLDER}/rehearsals")));
}

#[test]
fn the_first_runbook_passes_its_check_beside_its_rehearsals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let checked = check(&[folder], None).unwrap();
    assert_eq!(checked.codes, ["UserErrorGuestAgentStatusUnavailable"]);
}
