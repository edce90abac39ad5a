//! What the documents say is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Parser as _;
use runbook::cli::args::Arguments;
use runbook::core::report::exit::Exit;
use runbook::ops::catalogue;

pub(crate) fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The command lines of a page's `sh` blocks.
fn commands(page: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => found.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

/// The cells of the table rows whose first cell `begins` accepts.
fn rows(page: &str, begins: impl Fn(&str) -> bool) -> Vec<String> {
    page.lines()
        .filter_map(|line| Some(line.strip_prefix("| ")?.split(" | ").next()?.to_owned()))
        .filter(|cell| begins(cell))
        .collect()
}

#[test]
fn the_readme_begins_with_the_main_job_and_the_tests() {
    let commands = commands(&page("README.md"));
    assert!(
        commands[0].starts_with("cargo run -- apply "),
        "{}",
        commands[0]
    );
    assert!(commands[0].contains(" --sim "), "{}", commands[0]);
    assert_eq!(commands[1], "cargo test");
}

#[test]
fn every_command_of_the_readme_is_one_that_the_program_knows() {
    let mut read = 0;
    for line in commands(&page("README.md")) {
        let line = line.replacen("cargo run -- ", "runbook ", 1);
        if line.starts_with("runbook ") {
            Arguments::try_parse_from(line.split_whitespace()).unwrap_or_else(|e| panic!("{e}"));
            read += 1;
        }
    }
    assert!(read >= 4, "{read} commands read");
}

/// What plans, reports and runbooks tell people to type: lines of their own, and what stands in
/// back quotes in a sentence, however it is broken into lines.
fn told(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim);
    let own = lines.filter(|line| line.starts_with("runbook ") && line.contains(" --vm "));
    let words: Vec<&str> = text.split_whitespace().collect();
    let flowing = words.join(" ").replace("\\`", "`");
    let quoted = flowing
        .split('`')
        .filter(|part| part.starts_with("runbook "));
    let all = own.map(str::to_owned).chain(quoted.map(str::to_owned));
    // Markdown puts a backslash before what it would read; a shell's quotes are not read here.
    let plain = all.map(|command| command.replace('\\', ""));
    plain
        .filter(|command| !command.contains(['\'', '"', '…']))
        .collect()
}

#[test]
fn every_command_that_a_plan_or_report_names_is_one_that_the_program_knows() {
    let mut named = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/rehearsals");
    for code in fs::read_dir(root).unwrap() {
        for case in fs::read_dir(code.unwrap().path()).unwrap() {
            let case = case.unwrap().path();
            for file in ["plan.txt", "report.md"] {
                let text = fs::read_to_string(case.join(file)).unwrap_or_default();
                named.extend(told(&text));
            }
        }
    }
    for command in &named {
        let words = command.split_whitespace();
        if let Err(why) = Arguments::try_parse_from(words) {
            panic!("{command}: {why}");
        }
    }
    assert!(named.len() > 100, "{}", named.len());
}

#[test]
fn the_readme_names_each_exit_code_once() {
    use Exit as E;
    const ALL: [Exit; 16] = [
        E::Success,
        E::Failed,
        E::Pending,
        E::Waiting,
        E::NeedsApproval,
        E::NeedsHuman,
        E::Busy,
        E::LockOut,
        E::Cancelled,
        E::Usage,
        E::BadRunbook,
        E::Unreachable,
        E::Bug,
        E::Journal,
        E::NotAuthorised,
        E::Interrupted,
    ];
    let told = rows(&page("README.md"), |cell| cell.parse::<u8>().is_ok());
    assert_eq!(told, ALL.map(|exit| exit.code().to_string()));
}

#[test]
fn the_codes_that_the_readme_names_have_runbooks_and_the_catalogue_has_them_all() {
    let readme = page("README.md");
    let told = rows(&readme, |cell| cell.starts_with('`') && !cell.contains('/'));
    assert!(!told.is_empty());
    let known = catalogue(None).unwrap();
    let codes: Vec<String> = known.runbooks().map(|r| format!("`{}`", r.code)).collect();
    for code in told {
        assert!(codes.contains(&code), "{code}");
    }
    assert!(readme.contains("(runbooks/CATALOGUE.md)"));
}
