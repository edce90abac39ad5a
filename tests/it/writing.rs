//! `runbooks/WRITING.md` is followed to the letter: its files are written, its commands run.

use std::fs;
use std::path::Path;
use std::process::Command as Shell;

use crate::docs::page;

/// One fenced block of the page.
struct Block {
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some("") => inside = false,
            Some(kind) => {
                inside = true;
                found.push(Block {
                    kind: kind.to_owned(),
                    text: String::new(),
                });
            }
            None if inside => {
                let block = found.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    found
}

/// Writes the file that a block is, beneath the comment that names it.
fn written(folder: &Path, text: &str) {
    let (head, rest) = text.split_once('\n').unwrap();
    let name = head.strip_prefix("# file: ");
    let file = folder.join(name.unwrap_or_else(|| panic!("`{head}` names no file")));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, rest).unwrap();
}

/// Runs a line of a block with the program in the `PATH`, as its comment says it ends; returns
/// what it said.
fn run(folder: &Path, line: &str) -> String {
    let (command, comment) = line.split_once(" # ").unwrap_or((line, ""));
    let program = Path::new(env!("CARGO_BIN_EXE_runbook")).parent().unwrap();
    let path = std::env::var_os("PATH").and_then(|path| path.into_string().ok());
    let path = format!("{}:{}", program.display(), path.unwrap_or_default());
    let output = Shell::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    let expected = comment.trim().strip_prefix("ends with ").unwrap_or("0");
    let code = output.status.code().unwrap_or(-1).to_string();
    assert_eq!(code, expected, "`{command}` says:\n{said}");
    said
}

#[test]
fn the_page_for_authors_leads_from_an_empty_folder_to_a_rehearsed_runbook() {
    let folder = tempfile::tempdir().unwrap();
    let (mut said, mut commands) = (String::new(), 0);
    for block in blocks(&page("runbooks/WRITING.md")) {
        match block.kind.as_str() {
            "yaml" => written(folder.path(), &block.text),
            "sh" => {
                for line in block.text.lines() {
                    said = run(folder.path(), line);
                    commands += 1;
                }
            }
            "text" => {
                for line in block.text.lines() {
                    let is_said = said.lines().any(|s| s == line);
                    assert!(is_said, "`{line}` is not said, but:\n{said}");
                }
            }
            other => panic!("nobody knows what to do with a block of {other}"),
        }
    }
    assert!(commands >= 12, "{commands} commands run");
    assert!(folder.path().join("rehearsals.xml").is_file());
}

#[test]
fn the_page_for_authors_is_named_where_authors_look() {
    assert!(page("README.md").contains("](runbooks/WRITING.md)"));
    assert!(page("CONTRIBUTING.md").contains("runbooks/WRITING.md"));
    let mut help = assert_cmd::Command::cargo_bin("runbook").unwrap();
    let help = help.args(["rehearse", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("runbooks/WRITING.md"), "{help}");
}
