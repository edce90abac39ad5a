//! Built-in scenarios: a world and its faults, ready to run.

/// Name, world and faults of each, the default first.
const SCENARIOS: [(&str, &str, &str); 6] = [
    (
        "rp-limit",
        include_str!("scenarios/rp-limit.world.yaml"),
        include_str!("scenarios/rp-limit.faults.yaml"),
    ),
    (
        "vm-failed",
        include_str!("scenarios/vm-failed.world.yaml"),
        NO_FAULTS,
    ),
    (
        "extension-stuck",
        include_str!("scenarios/extension-stuck.world.yaml"),
        NO_FAULTS,
    ),
    (
        "snapshot-sql",
        include_str!("scenarios/snapshot-sql.world.yaml"),
        NO_FAULTS,
    ),
    (
        "backup-running",
        include_str!("scenarios/backup-running.world.yaml"),
        NO_FAULTS,
    ),
    (
        "healthy",
        include_str!("scenarios/healthy.world.yaml"),
        NO_FAULTS,
    ),
];

const NO_FAULTS: &str = "[]\n";

/// The names of the scenarios, the default first.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|(name, ..)| *name)
}

/// The YAML of a scenario's world and of its faults.
#[must_use]
pub fn yaml(name: &str) -> Option<(&'static str, &'static str)> {
    let found = SCENARIOS
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(name));
    found.map(|(_, world, faults)| (*world, *faults))
}
