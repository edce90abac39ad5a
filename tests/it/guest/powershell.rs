//! The PowerShell scripts, read by a real grammar: nothing here ran on Windows.

mod closed;

use std::collections::BTreeSet;

use runbook::actions::guest::script::Script;
use runbook::actions::guest::windows;
use tree_sitter::{Node, Parser, Tree};

struct Parsed {
    script: Script,
    tree: Tree,
}

impl Parsed {
    fn text(&self, node: Node<'_>) -> &'static str {
        &self.script.text[node.byte_range()]
    }

    /// The nodes of a kind, in the order of the text.
    fn all<'a>(&'a self, within: Node<'a>, kind: &str) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let mut left = vec![within];
        while let Some(node) = left.pop() {
            if node.kind() == kind {
                found.push(node);
            }
            let mut cursor = node.walk();
            left.extend(node.children(&mut cursor));
        }
        found.sort_by_key(Node::start_byte);
        found
    }

    fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// The commands that it calls, by name.
    fn commands(&self, within: Node<'_>) -> Vec<&'static str> {
        let names = self.all(within, "command_name").into_iter();
        let called = names.map(|n| self.text(n));
        called
            .filter(|n| !n.starts_with(|c: char| c.is_ascii_digit()))
            .collect()
    }

    /// Its functions: name and node.
    fn functions(&self) -> Vec<(&'static str, Node<'_>)> {
        let name = |f: &Node<'_>| self.text(self.all(*f, "function_name")[0]);
        let all = self.all(self.root(), "function_statement");
        all.into_iter().map(|f| (name(&f), f)).collect()
    }
}

fn each() -> Vec<Parsed> {
    let mut parser = Parser::new();
    let grammar = tree_sitter_powershell::LANGUAGE.into();
    parser.set_language(&grammar).unwrap();
    let parsed = |script: &Script| Parsed {
        script: *script,
        tree: parser.parse(script.text, None).unwrap(),
    };
    windows::ALL.iter().map(parsed).collect()
}

#[test]
fn the_grammar_reads_every_script_whole() {
    for parsed in each() {
        let mut left = vec![parsed.root()];
        while let Some(node) = left.pop() {
            let at = node.start_position();
            let odd = node.is_error() || node.is_missing();
            assert!(
                !odd,
                "{}:{}: {}",
                parsed.script.name,
                at.row + 1,
                parsed.text(node)
            );
            let mut cursor = node.walk();
            left.extend(node.children(&mut cursor));
        }
    }
}

/// PowerShell refuses the whole script then, and the grammar does not mind.
#[test]
fn no_table_names_a_key_twice() {
    let mut tables = 0;
    for parsed in each() {
        for table in parsed.all(parsed.root(), "hash_literal_expression") {
            let mut cursor = table.walk();
            let body = table.named_children(&mut cursor).next();
            let mut keys = BTreeSet::new();
            for entry in body.into_iter().flat_map(|b| parsed.all(b, "hash_entry")) {
                if entry.parent() != body {
                    continue;
                }
                let key = parsed.text(entry.named_child(0).unwrap()).to_lowercase();
                let is_new = keys.insert(key.trim_matches('\'').to_owned());
                assert!(is_new, "{}: {key} twice", parsed.script.name);
            }
            tables += keys.len();
        }
    }
    assert!(tables > 100, "{tables}");
}

#[test]
fn a_grammar_that_reads_anything_would_be_noticed() {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_powershell::LANGUAGE.into())
        .unwrap();
    for broken in [
        "if ($a) { 'b'",
        "param([string]$a = )",
        "'unclosed",
        "function { }",
        "@{ a = }",
    ] {
        let tree = parser.parse(broken, None).unwrap();
        assert!(tree.root_node().has_error(), "{broken}");
    }
}

#[test]
fn the_parameters_are_those_of_the_table_and_texts() {
    for parsed in each() {
        let name = parsed.script.name;
        let mut declared = Vec::new();
        let blocks = parsed.all(parsed.root(), "param_block");
        let own = blocks.iter().find(|b| b.parent() == Some(parsed.root()));
        let own = own.unwrap_or_else(|| panic!("{name} has no param"));
        for parameter in parsed.all(*own, "script_parameter") {
            let text = parsed.text(parameter);
            // Run Command hands over texts: a [bool] or [switch] would not take "false".
            let rest = text
                .strip_prefix("[string]$")
                .unwrap_or_else(|| panic!("{name}: {text}"));
            let (variable, default) = rest.split_once(" = ").unwrap();
            let default = default.trim_matches('\'');
            assert!(
                ["", "false", "LowRisk"].contains(&default),
                "{name}: {text}"
            );
            declared.push(variable.to_owned());
        }
        let told: Vec<&str> = parsed.script.parameters.iter().map(|p| p.name).collect();
        assert_eq!(declared, told, "{name}");
    }
}

#[test]
fn nothing_is_done_before_the_end_and_the_end_prints_a_result() {
    for parsed in each() {
        let name = parsed.script.name;
        let text = parsed.script.text;
        let shared = text.find("# ---- common.ps1").unwrap();
        let body = parsed.all(parsed.root(), "statement_list");
        let body = body.into_iter().find(|b| b.parent() == Some(parsed.root()));
        let mut cursor = parsed.root().walk();
        let statements: Vec<Node<'_>> = body.unwrap().named_children(&mut cursor).collect();
        for statement in statements.iter().filter(|s| s.start_byte() < shared) {
            let kind = statement.kind();
            assert!(
                ["function_statement", "comment"].contains(&kind),
                "{name}: {kind}"
            );
        }
        let last = statements.last().unwrap();
        assert_eq!(last.kind(), "try_statement", "{name}");
        let ends = |b: &Node<'_>| {
            let outer = b.parent().and_then(|b| b.parent()).map(|o| o.kind());
            matches!(outer, Some("try_statement" | "catch_clause"))
        };
        let blocks: Vec<Node<'_>> = parsed
            .all(*last, "statement_list")
            .into_iter()
            .filter(ends)
            .collect();
        assert_eq!(blocks.len(), 2, "{name}");
        for block in blocks {
            let mut cursor = block.walk();
            let last = block.named_children(&mut cursor).last().unwrap();
            assert!(
                parsed.text(last).starts_with("Say '"),
                "{name}: {}",
                parsed.text(last)
            );
        }
        assert_eq!(
            parsed
                .commands(*last)
                .iter()
                .filter(|c| **c == "Work")
                .count(),
            1
        );
        assert_eq!(
            parsed
                .functions()
                .iter()
                .filter(|(n, _)| *n == "Work")
                .count(),
            1
        );
    }
}

#[test]
fn a_result_goes_to_the_output_and_to_nothing_else() {
    for parsed in each() {
        let printing = [
            "Write-Output",
            "Write-Host",
            "echo",
            "Out-Host",
            "Write-Error",
        ];
        let mut printed = parsed.commands(parsed.root());
        printed.retain(|c| printing.contains(c));
        assert_eq!(printed, ["Write-Output"], "{}", parsed.script.name);
        // A value that is kept would keep the result from being printed.
        for assignment in parsed.all(parsed.root(), "assignment_expression") {
            assert!(
                !parsed.commands(assignment).contains(&"Say"),
                "{}",
                parsed.text(assignment)
            );
        }
        for say in parsed.all(parsed.root(), "command") {
            let text = parsed.text(say);
            if text.starts_with("Say ") {
                assert!(text.starts_with("Say '"), "{}: {text}", parsed.script.name);
            }
        }
    }
}

#[test]
fn the_runtime_is_that_of_the_newest_installer_whatever_its_year() {
    let all = each();
    let parsed = all
        .iter()
        .find(|p| p.script.name == "win-vcredist")
        .unwrap();
    let text = |name: &str| {
        let functions = parsed.functions();
        let found = functions.iter().find(|(own, _)| *own == name).unwrap();
        parsed.text(found.1)
    };
    let newest = text("Newest-Installer");
    assert!(newest.contains("Sort-Object { Year-Of $_ } | Select-Object -Last 1"));
    assert!(!newest.contains("201"), "no year is preferred: {newest}");
    let of_years = text("Libraries-Of");
    let years: Vec<&str> = of_years.lines().filter(|l| l.contains("if (")).collect();
    assert_eq!(years.len(), 3);
    for year in years {
        assert_eq!(year.matches(".dll'").count(), 2, "{year}");
    }
}
