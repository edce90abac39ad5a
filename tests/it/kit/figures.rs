//! What a test counted, kept for the end of `.ci/run`: cargo hides what a passing test prints.

use std::fs;
use std::path::Path;

/// Keeps `figures` under `name`; the test's next run replaces them.
pub(crate) fn keep(name: &str, figures: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("figures");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join(format!("{name}.txt")),
        format!("{name}: {figures}\n"),
    )
    .unwrap();
}
