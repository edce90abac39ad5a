//! The architecture, as far as a machine can tell: arrows, homes, doors and sizes.
//!
//! The compiler guards crates; this guards the modules of one. A scanner that finds nothing
//! would pass everything, so it is tested on made-up sources, and the table on itself.

#[path = "architecture/proof.rs"]
mod proof;
#[path = "architecture/scan.rs"]
mod scan;
#[path = "architecture/table.rs"]
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use table::{DOORS, HEIGHTS, HOMES, LONGEST, ROOMS};

/// One source, scanned.
struct Source {
    /// Its path in the package, for messages.
    path: String,
    /// Its path in `src/` without `.rs` and `/mod`: the place that the tables speak of.
    place: String,
    /// Its code without comments, texts and tests.
    code: String,
}

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    rust_files(&package().join(folder), &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(package())
            .expect("inside")
            .to_string_lossy()
            .replace('\\', "/");
        (name, fs::read_to_string(&path).expect("a readable file"))
    };
    found.into_iter().map(read).collect()
}

fn place_of(path: &str) -> String {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let bare = inside.strip_suffix(".rs").unwrap_or(inside);
    bare.strip_suffix("/mod").unwrap_or(bare).to_owned()
}

/// The sources of `src/`, without the files that exist for tests alone.
fn sources() -> Vec<Source> {
    let mut all = Vec::new();
    let mut for_tests: Vec<String> = Vec::new();
    for (path, text) in files("src") {
        let (code, modules) = scan::code_of(&text);
        let place = place_of(&path);
        for_tests.extend(modules.iter().map(|name| format!("{place}/{name}")));
        all.push(Source { path, place, code });
    }
    all.retain(|source| {
        !for_tests
            .iter()
            .any(|place| table::lies_in(&source.place, place))
    });
    all
}

/// What breaks a rule: file, line and rule.
fn arrows(source: &Source) -> Vec<String> {
    let module: Vec<&str> = source
        .place
        .split('/')
        .filter(|part| *part != "lib")
        .collect();
    let breach = |(at, target): (usize, String)| {
        let line = scan::line_of(&source.code, at);
        (!table::may_name(&source.place, &target)).then(|| {
            let place = table::room_of(&source.place).map_or("no room", |room| room.place);
            format!("{}:{line}: `{place}` must not use `{target}`", source.path)
        })
    };
    scan::paths(&source.code, &module)
        .into_iter()
        .filter_map(breach)
        .collect()
}

fn root_groups(source: &Source) -> Vec<String> {
    let squeezed = |at: &usize| {
        source.code[at + "crate::".len()..]
            .trim_start()
            .starts_with('{')
    };
    let found = source
        .code
        .match_indices("crate::")
        .map(|(at, _)| at)
        .filter(squeezed);
    found
        .map(|at| {
            let line = scan::line_of(&source.code, at);
            format!(
                "{}:{line}: write one `use` per module, not `use crate::{{..}}`",
                source.path
            )
        })
        .collect()
}

/// Words that stand outside their rooms; `what` says what kind of rule it is.
fn strays(source: &Source, rules: &[(&str, &[&str])], what: Stray) -> Vec<String> {
    let mut breaches = Vec::new();
    for (word, rooms) in rules {
        if rooms.iter().any(|room| table::lies_in(&source.place, room)) {
            continue;
        }
        for at in scan::words(&source.code, word).filter(|at| what.counts(&source.code, word, *at))
        {
            let line = scan::line_of(&source.code, at);
            let home = if rooms.is_empty() {
                "nowhere".to_owned()
            } else {
                rooms.join(", ")
            };
            breaches.push(format!(
                "{}:{line}: `{word}` belongs in {home}",
                source.path
            ));
        }
    }
    breaches
}

#[derive(Clone, Copy)]
enum Stray {
    /// The name of a crate, where a path begins with it or it is imported.
    Crate,
    /// The tail of a path or a macro.
    Door,
}

impl Stray {
    fn counts(self, code: &str, word: &str, at: usize) -> bool {
        let begins = !code[..at].ends_with("::");
        let after = &code[at + word.len()..];
        match self {
            Self::Crate => begins && (after.starts_with("::") || code[..at].ends_with("use ")),
            Self::Door => true,
        }
    }
}

fn refuse(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

fn all(rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources().iter().flat_map(rule).collect()
}

#[test]
fn arrows_point_down() {
    refuse(all(arrows));
}

#[test]
fn every_file_has_a_room() {
    let homeless = |source: &Source| match table::room_of(&source.place) {
        Some(_) => Vec::new(),
        None => vec![format!(
            "{}:1: no room in tests/architecture/table.rs",
            source.path
        )],
    };
    refuse(all(homeless));
}

#[test]
fn imports_name_one_module_each() {
    refuse(all(root_groups));
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long = |(path, text): (String, String)| {
        let lines = text.lines().count();
        (lines > LONGEST).then(|| format!("{path}:{lines}: longer than {LONGEST} lines"))
    };
    refuse(
        files("src")
            .into_iter()
            .chain(files("tests"))
            .filter_map(long)
            .collect(),
    );
}

#[test]
fn one_place_makes_the_writer() {
    let outside: Vec<Source> = sources()
        .into_iter()
        .filter(|s| !table::lies_in(&s.place, "azure"))
        .collect();
    let calls: Vec<String> = outside
        .iter()
        .flat_map(|s| scan::words(&s.code, "Writer::new").map(move |at| (s, at)))
        .map(|(s, at)| format!("{}:{}: `Writer::new`", s.path, scan::line_of(&s.code, at)))
        .collect();
    assert_eq!(
        calls.len(),
        1,
        "\nexactly one place outside src/azure arms the actions:\n{}\n",
        calls.join("\n")
    );
}

#[test]
fn crates_have_one_home_each() {
    refuse(all(|source| strays(source, HOMES, Stray::Crate)));
}

#[test]
fn doors_are_in_their_rooms() {
    refuse(all(|source| strays(source, DOORS, Stray::Door)));
}

#[test]
fn the_table_points_down() {
    let height = |place: &str| {
        let top = place.split('/').next().unwrap_or(place);
        HEIGHTS.iter().position(|folder| *folder == top)
    };
    for room in ROOMS
        .iter()
        .filter(|room| !["lib", "main"].contains(&room.place))
    {
        let own = height(room.place).unwrap_or_else(|| panic!("`{}` has no height", room.place));
        for target in room.may {
            let theirs = height(target).unwrap_or_else(|| panic!("`{target}` has no height"));
            let within = table::lies_in(room.place, target);
            assert!(
                theirs < own || within,
                "`{}` points up to `{target}`",
                room.place
            );
        }
    }
    let names_sim: Vec<&str> = ROOMS
        .iter()
        .filter(|room| room.may.contains(&"sim"))
        .map(|room| room.place)
        .collect();
    assert_eq!(names_sim, ["ops/rehearse", "cli/sim"]);
}

#[test]
fn the_rules_of_the_design_are_in_the_table() {
    for (file, target, may) in [
        ("core/plan/step", "core/runbook/Step", true),
        ("core/plan/step", "core/journal/Event", false),
        ("core/plan/build", "core/execute/next", false),
        ("core/report/text", "core/journal/Record", true),
        ("core/report/text", "core/execute/Act", false),
        ("core/facts", "azure/Reader", false),
        ("core/corex", "core", true),
        ("azure/arm", "core/facts", false),
        ("sim/world/mod", "azure/resource_id", false),
        ("ops/apply", "sim/handle", false),
        ("ops/rehearse", "sim/handle", true),
        ("ops/rehearsed", "sim/handle", false),
        ("cli/plan", "sim/handle", false),
        ("cli/sim", "sim/handle", true),
        ("base/clock", "core/plan", false),
    ] {
        assert_eq!(table::may_name(file, target), may, "{file} -> {target}");
    }
}
