//! The tables: who may use whom, and where each crate and each door has its room.

/// A folder or file of `src/`, and what it may name with a `crate::` path besides itself.
#[derive(Debug)]
pub(crate) struct Room {
    /// Its path in `src/`, without `.rs`; the longest that fits a file is the file's room.
    pub(crate) place: &'static str,
    /// The places it may name.
    pub(crate) may: &'static [&'static str],
    /// The places within those that it may not name.
    pub(crate) never: &'static [&'static str],
}

const fn room(place: &'static str, may: &'static [&'static str]) -> Room {
    Room {
        place,
        may,
        never: &[],
    }
}

/// Arrows point down: `cli, serve → ops → fleet → actions → {azure, core} → base`.
pub(crate) const ROOMS: &[Room] = &[
    room("base", &[]),
    room("core", &["base"]),
    Room {
        place: "core/plan",
        may: &["core", "base"],
        never: &["core/journal", "core/execute", "core/report"],
    },
    Room {
        place: "core/runbook",
        may: &["core", "base"],
        never: EVERY_STAGE,
    },
    Room {
        place: "core/journal",
        may: &["core", "base"],
        never: &["core/execute", "core/report"],
    },
    Room {
        place: "core/report",
        may: &["core", "base"],
        never: &["core/execute"],
    },
    Room {
        place: "core/execute",
        may: &["core", "base"],
        never: &["core/report"],
    },
    room("azure", &["base"]),
    room("actions", &["core", "azure", "base"]),
    room("sim", &["base"]),
    room("fleet", &["actions", "core", "azure", "base"]),
    room("ops", &["fleet", "actions", "core", "azure", "base"]),
    room(
        "ops/rehearse",
        &["sim", "ops", "fleet", "actions", "core", "azure", "base"],
    ),
    room(
        "serve",
        &["ops", "fleet", "actions", "core", "azure", "base"],
    ),
    room(
        "cli",
        &["serve", "ops", "fleet", "actions", "core", "azure", "base"],
    ),
    room("cli/sim", &["sim", "cli", "ops", "core", "base"]),
    room("lib", &[]),
    room("main", &[]),
];

/// What comes after the documents.
const EVERY_STAGE: &[&str] = &["core/plan", "core/journal", "core/execute", "core/report"];

/// The folders from the lowest to the highest. Nothing uses what stands after it; the simulator
/// stands beside Azure, and only its adapters name it.
pub(crate) const HEIGHTS: &[&str] = &[
    "base", "sim", "azure", "core", "actions", "fleet", "ops", "serve", "cli",
];

/// A third-party crate and the only places that name it.
pub(crate) const HOMES: &[(&str, &[&str])] = &[
    ("reqwest", &["azure/client"]),
    ("azure_core", &["azure/entra"]),
    ("azure_identity", &["azure/entra"]),
    ("ring", &["azure/certificate"]),
    ("rustls", &["azure/client", "main"]),
    ("serde_yaml", &["base/yaml"]),
    ("granit_parser", &["base/yaml"]),
    ("annotate_snippets", &["base/diagnostics"]),
    ("handlebars", &["core/runbook/template"]),
    ("backoff", &["base/pace"]),
    ("rand", &["base/chance"]),
    ("hmac", &["base/seal"]),
    ("rusqlite", &["core/journal/sqlite"]),
    ("hyper", &["ops/rehearse", "sim/socket"]),
    ("hyper_util", &["ops/rehearse", "sim/socket"]),
    ("http_body_util", &["ops/rehearse", "sim/socket"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("anstream", &["cli"]),
    ("owo_colors", &["cli"]),
];

/// A door to the world outside, and the only rooms that have it.
pub(crate) const DOORS: &[(&str, &[&str])] = &[
    ("SystemTime::now", &["base/clock"]),
    ("Instant::now", &["base/clock", "base/pace"]),
    ("Timestamp::now", &["base/clock"]),
    ("thread::sleep", &["base/clock"]),
    ("time::sleep", &["base/clock"]),
    ("env::var", &["main"]),
    ("env::vars", &["main"]),
    ("env::var_os", &["main"]),
    ("env::args", &["main"]),
    ("env::args_os", &["main"]),
    ("rand::rng", &["base/chance"]),
    ("println!", &[]),
    ("print!", &[]),
    ("eprintln!", &[]),
    ("eprint!", &[]),
    ("dbg!", &[]),
];

/// No file is longer.
pub(crate) const LONGEST: usize = 400;

/// Whether `file` (a path in `src/` without `.rs`) is `place` or lies in it. A place that is the
/// beginning of file names (`base/yaml`) covers `base/yaml.rs` and `base/yaml/scan.rs`.
pub(crate) fn lies_in(file: &str, place: &str) -> bool {
    file.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The room of a file.
pub(crate) fn room_of(file: &str) -> Option<&'static Room> {
    ROOMS
        .iter()
        .filter(|room| lies_in(file, room.place))
        .max_by_key(|room| room.place.len())
}

/// Whether a file may name `target`.
pub(crate) fn may_name(file: &str, target: &str) -> bool {
    let Some(room) = room_of(file) else {
        return false;
    };
    let own = lies_in(target, room.place);
    let allowed = own || room.may.iter().any(|place| lies_in(target, place));
    allowed && !room.never.iter().any(|place| lies_in(target, place))
}
