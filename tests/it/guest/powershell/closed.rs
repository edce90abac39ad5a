//! What the PowerShell scripts may call, make and run: closed lists.

use std::collections::BTreeSet;

use runbook::actions::guest::windows;
use tree_sitter::Node;

use super::each;

/// What only looks, or works on values.
const LOOKS: &str = "ConvertTo-Json ForEach-Object Get-Acl Get-AppLockerPolicy Get-AuthenticodeSignature \
    Get-ChildItem Get-CimInstance Get-Command Get-Content Get-Date Get-Item Get-MpComputerStatus \
    Get-MpPreference Get-ScheduledTask Get-ScheduledTaskInfo Get-Service Get-WinEvent Join-Path \
    Measure-Object New-Object New-ScheduledTaskAction New-ScheduledTaskPrincipal \
    New-ScheduledTaskSettingsSet New-ScheduledTaskTrigger New-TimeSpan Select-Object Sort-Object \
    Start-Sleep Test-AppLockerPolicy Test-Path Where-Object Write-Output";

/// What changes something, and the only scripts that may.
const CHANGES: [(&str, &str); 6] = [
    ("Add-MpPreference", "win-av-exclusions"),
    ("Invoke-CimMethod", "win-complus"),
    ("Register-ScheduledTask", "win-agent-restart"),
    (
        "Set-Service",
        "win-agent-restart win-provider-service win-start-mode win-vcredist win-vss-service",
    ),
    (
        "Start-Within",
        "win-complus win-msdtc-reinstall win-vss-service win-vss-writers",
    ),
    (
        "Stop-Within",
        "win-complus win-msdtc-reinstall win-vss-service win-vss-writers",
    ),
];

/// Programs of the system that only tell something, with all that they are told.
const TELLS: [&str; 2] = ["'list writers'", "'/Util /GetIEProxy LOCALSYSTEM'"];

/// The types that a script may name.
const TYPES: &str = "Environment Microsoft.Win32.RegistryKey Microsoft.Win32.RegistryValueKind \
    System.Diagnostics.Process System.Security.Principal.SecurityIdentifier bool char double hashtable int \
    int[] long math ordered pscustomobject regex scriptblock string string[] version";

#[test]
fn every_command_is_on_the_list_and_what_changes_is_where_it_belongs() {
    let looks: BTreeSet<&str> = LOOKS.split_whitespace().collect();
    for parsed in each() {
        let name = parsed.script.name;
        let own: BTreeSet<&str> = parsed.functions().iter().map(|(n, _)| *n).collect();
        for command in parsed.commands(parsed.root()) {
            let may = CHANGES.iter().find(|(c, _)| *c == command);
            let is_known = match may {
                Some((_, scripts)) => scripts.split(' ').any(|s| s == name),
                None => own.contains(command) || looks.contains(command),
            };
            assert!(is_known, "{name} calls {command}");
        }
        for method in [".Stop(", ".Start("] {
            let shared = parsed.script.text.find("# ---- common.ps1").unwrap();
            assert!(
                !parsed.script.text[..shared].contains(method),
                "{name}: {method}"
            );
        }
        if parsed.script.only_looks() {
            for word in [
                "SetValue",
                "CreateSubKey",
                "DeleteValue",
                "WriteAll",
                "Delete(",
            ] {
                assert!(!parsed.script.text.contains(word), "{name}: {word}");
            }
        }
    }
}

#[test]
fn no_text_becomes_code() {
    for parsed in each() {
        let name = parsed.script.name;
        for operator in parsed.all(parsed.root(), "command_invokation_operator") {
            let call = parsed.text(operator.parent().unwrap());
            assert_eq!(
                call, "& $Look",
                "{name}: only a block that is written here is called"
            );
        }
        for called in parsed.all(parsed.root(), "command") {
            if parsed.text(called).starts_with("Known ") {
                let text = parsed.text(called);
                assert!(
                    text.starts_with("Known { ") && text.trim_end().ends_with('}'),
                    "{name}: {text}"
                );
            }
        }
        let types: BTreeSet<&str> = TYPES.split_whitespace().collect();
        for literal in parsed.all(parsed.root(), "type_literal") {
            let text = parsed.text(literal);
            let inner = &text[1..text.len() - 1];
            assert!(types.contains(inner), "{name}: {text}");
        }
        let made: Vec<&str> = parsed
            .script
            .text
            .lines()
            .filter(|l| l.contains("New-Object"))
            .collect();
        for line in made {
            let socket = line.contains("New-Object System.Net.Sockets.TcpClient");
            let start = line.contains("New-Object System.Diagnostics.ProcessStartInfo");
            assert!(start || (socket && name == "win-network"), "{name}: {line}");
        }
        for word in [
            "EncodedCommand",
            "Create(",
            "InvokeScript",
            "Invoke(",
            "ExpandString",
            "powershell.exe",
            "cmd.exe",
        ] {
            assert!(!parsed.script.text.contains(word), "{name}: {word}");
        }
    }
}

#[test]
fn a_program_is_told_only_what_is_written_here() {
    for parsed in each() {
        for call in parsed.all(parsed.root(), "command") {
            let text = parsed.text(call);
            if !text.starts_with("Native ") {
                continue;
            }
            let own = "\"config $Name start= $Mode\"";
            let kept = "\"export HKLM\\SOFTWARE\\Microsoft\\MSDTC `\"$kept`\" /y\"";
            let told = text.contains(own) || text.contains(kept) || text.matches('\'').count() >= 2;
            assert!(told, "{}: {text}", parsed.script.name);
        }
    }
}

#[test]
fn a_writer_asks_whether_to_apply_before_anything_that_changes() {
    for parsed in each().iter().filter(|p| !p.script.only_looks()) {
        let name = parsed.script.name;
        let functions = parsed.functions();
        let changes = |node: Node<'_>| {
            let text = parsed.text(node);
            let changing = CHANGES
                .iter()
                .any(|(c, _)| parsed.commands(node).contains(c));
            let native = parsed.all(node, "command").into_iter().any(|c| {
                let text = parsed.text(c);
                text.starts_with("Native ") && !TELLS.iter().any(|t| text.contains(t))
            });
            changing || native || text.contains("SetValue") || text.contains("CreateSubKey")
        };
        let changing: Vec<&str> = functions
            .iter()
            .filter(|(n, node)| *n != "Work" && changes(*node))
            .map(|(n, _)| *n)
            .collect();
        let work = functions.iter().find(|(n, _)| *n == "Work").unwrap().1;
        let asks: Vec<Node<'_>> = parsed
            .all(work, "if_statement")
            .into_iter()
            .filter(|i| {
                parsed
                    .text(*i)
                    .starts_with("if (-not (Applies)) { Say 'planned'")
            })
            .collect();
        assert_eq!(asks.len(), 1, "{name}");
        let mut late = 0;
        for command in parsed.all(work, "command") {
            let called = parsed.commands(command);
            let is_changing = changes(command) || called.iter().any(|c| changing.contains(c));
            if is_changing {
                assert!(
                    command.start_byte() > asks[0].end_byte(),
                    "{name}: {}",
                    parsed.text(command)
                );
                late += 1;
            }
        }
        let text = parsed.text(work);
        if let Some(at) = text.find("SetValue") {
            assert!(work.start_byte() + at > asks[0].end_byte(), "{name}");
            late += 1;
        }
        assert!(late > 0, "{name} changes nothing");
    }
}

#[test]
fn what_the_writers_list_says_is_what_the_table_says() {
    let parsed = each();
    let writers = parsed
        .iter()
        .find(|p| p.script.name == "win-vss-writers")
        .unwrap();
    let of = |name: &str| {
        let functions = writers.functions();
        let node = functions.iter().find(|(n, _)| *n == name).unwrap().1;
        let entries = writers.all(node, "hash_entry");
        let words = entries
            .into_iter()
            .flat_map(|e| writers.all(e, "string_literal"));
        let words: Vec<&str> = words.map(|w| writers.text(w).trim_matches('\'')).collect();
        let (ids, services): (Vec<&str>, Vec<&str>) =
            words.into_iter().partition(|w| w.len() == 36);
        (ids, services.into_iter().collect::<BTreeSet<_>>())
    };
    let ((low_ids, low), (other_ids, others)) = (of("Low-Risk"), of("Others"));
    let ids: BTreeSet<&str> = low_ids.iter().chain(&other_ids).copied().collect();
    assert_eq!(ids.len(), low_ids.len() + other_ids.len(), "an id twice");
    assert!(low.is_disjoint(&others));
    let table: BTreeSet<&str> = windows::VSS_WRITERS.parameters[0]
        .values
        .split('|')
        .collect();
    let told: BTreeSet<&str> = others.iter().copied().chain(["LowRisk"]).collect();
    assert_eq!(table, told);
}
