//! Killed, cut short or refused at any step of a change: the file is the old one or the new one.

use runbook::actions::guest::linux::{VMBACKUP_CONF, VMBACKUP_ENCODING, WAAGENT_CONF};
use runbook::actions::guest::script::Script;

use super::machine::{Machine, Told};

/// The tools that a change goes through, in a script that has no two of them at once.
const TOOLS: [&str; 6] = ["awk", "cp", "iconv", "mkdir", "mv", "rm"];

/// Before any of them does its work, the step is counted; at the one of the test it happens.
const TRAP: &str = "
    read -r step 2>/dev/null <\"$SCRATCH/step\"
    step=$((${step:-0} + 1))
    echo $step >\"$SCRATCH/step\"
    [ $step -ne $AT ] || eval \"$HAPPENS\"";

struct Case {
    script: Script,
    parameters: &'static [(&'static str, &'static str)],
    path: &'static str,
    old: &'static str,
    new: &'static str,
    /// What the copy of the time before holds, where a change is undone.
    copy: Option<&'static str>,
}

/// The name of that copy, behind the file's.
const COPY: &str = ".runbook-20261121T031000Z";

const CASES: [Case; 6] = [
    Case {
        script: WAAGENT_CONF,
        parameters: &[
            ("Key", "Extensions.Enabled"),
            ("Value", "y"),
            ("Apply", "true"),
        ],
        path: "/etc/waagent.conf",
        old: "Extensions.Enabled=n\nOS.EnableFirewall=y\nLogs.Verbose=n\n",
        new: "Extensions.Enabled=y\nOS.EnableFirewall=y\nLogs.Verbose=n\n",
        copy: None,
    },
    Case {
        script: VMBACKUP_CONF,
        parameters: &[("Key", "seqsnapshot"), ("Value", "2"), ("Apply", "true")],
        path: "/etc/azure/vmbackup.conf",
        old: "[SnapshotThread]\ntimeout = 60\n[Other]\na = 1\n",
        new: "[SnapshotThread]\nseqsnapshot = 2\ntimeout = 60\n[Other]\na = 1\n",
        copy: None,
    },
    Case {
        script: VMBACKUP_ENCODING,
        parameters: &[("Apply", "true")],
        path: "/etc/azure/vmbackup.conf",
        old: "\u{feff}[SnapshotThread]\ntimeout = 60\n",
        new: "[SnapshotThread]\ntimeout = 60\n",
        copy: None,
    },
    Case {
        script: WAAGENT_CONF,
        parameters: &[
            ("Key", "Extensions.Enabled"),
            ("Value", "y"),
            ("Undo", "waagent.conf.runbook-20261121T031000Z"),
            ("Apply", "true"),
        ],
        path: "/etc/waagent.conf",
        old: "Extensions.Enabled=y\nLogs.Verbose=n\n",
        new: "Extensions.Enabled=n # for now\nLogs.Verbose=n\n",
        copy: Some("Extensions.Enabled=n # for now\nLogs.Verbose=n\n"),
    },
    Case {
        script: VMBACKUP_CONF,
        parameters: &[
            ("Key", "seqsnapshot"),
            ("Value", "2"),
            ("Undo", "vmbackup.conf.runbook-20261121T031000Z"),
            ("Apply", "true"),
        ],
        path: "/etc/azure/vmbackup.conf",
        old: "[SnapshotThread]\nseqsnapshot = 2\nwritelog = True\n",
        new: "[SnapshotThread]\nwritelog = True\n",
        copy: Some("[SnapshotThread]\ntimeout = 60\n"),
    },
    Case {
        script: VMBACKUP_ENCODING,
        parameters: &[
            ("Undo", "vmbackup.conf.runbook-20261121T031000Z"),
            ("Apply", "true"),
        ],
        path: "/etc/azure/vmbackup.conf",
        old: "[SnapshotThread]\ntimeout = 60\n",
        new: "\u{feff}[SnapshotThread]\ntimeout = 60\n",
        copy: Some("\u{feff}[SnapshotThread]\ntimeout = 60\n"),
    },
];

fn machine(case: &Case) -> Machine {
    let machine = Machine::new("sh");
    for tool in TOOLS {
        machine.before(tool, TRAP);
    }
    machine.file(case.path, case.old).mode(case.path, 0o640);
    if let Some(copy) = case.copy {
        machine.file(&format!("{}{COPY}", case.path), copy);
    }
    machine
}

/// Runs `case` once for each step at which `happens` can happen.
fn at_every_step(case: &Case, happens: &str, holds: impl Fn(&Machine, Option<&Told>, usize)) {
    let mut step = 0;
    loop {
        step += 1;
        let machine = machine(case);
        let environment = [("AT", &*step.to_string()), ("HAPPENS", happens)];
        let told = machine.start(case.script, case.parameters, &environment);
        let now = machine.read(case.path);
        assert!(
            now == case.old || now == case.new,
            "half at step {step}: {now:?}"
        );
        assert_eq!(machine.mode_of(case.path), 0o640, "at step {step}");
        let steps = machine.called(&TOOLS.join(" ")).len();
        holds(&machine, told.as_ref().ok(), step);
        if steps < step {
            break;
        }
    }
    assert!(step > 4, "only {step} steps");
}

/// Runs `case` with nothing in its way.
fn undisturbed(case: &Case, machine: &Machine) -> Told {
    let environment = [("AT", "0"), ("HAPPENS", "")];
    let told = machine.start(case.script, case.parameters, &environment);
    told.unwrap()
}

#[test]
fn killed_at_any_step_it_leaves_a_whole_file_and_can_be_run_again() {
    for case in &CASES {
        at_every_step(case, "kill -9 0", |machine, told, step| {
            let now = machine.read(case.path);
            if let Some(told) = told {
                assert_eq!((told.state(), &*now), ("changed", case.new), "at {step}");
            }
            let told = undisturbed(case, machine);
            let expected = if now == case.old {
                "changed"
            } else {
                "already"
            };
            assert_eq!(told.state(), expected, "after step {step}: {told:?}");
            assert_eq!(machine.read(case.path), case.new);
            assert_eq!(machine.mode_of(case.path), 0o640);
        });
    }
}

/// A change that says that it failed has left the old file; one that could not be read again after it
/// was put in place says so, and where the old text is.
fn says_what_is(case: &Case, machine: &Machine, told: Option<&Told>, step: usize) {
    let told = told.unwrap_or_else(|| panic!("no result at step {step}"));
    if machine.read(case.path) == case.old {
        assert_ne!(told.state(), "changed", "at step {step}: {told:?}");
    } else if told.state() != "changed" {
        let reason = told.text("reason");
        assert!(
            reason.contains("its old text is in"),
            "at step {step}: {told:?}"
        );
        assert_eq!(
            std::fs::read_to_string(told.text("kept")).unwrap(),
            case.old
        );
    }
}

#[test]
fn refused_at_any_step_it_says_so_and_leaves_the_old_file() {
    for case in &CASES {
        at_every_step(case, "echo no room >&2; exit 1", |machine, told, step| {
            says_what_is(case, machine, told, step);
        });
    }
}

#[test]
fn a_text_that_ends_early_without_an_error_is_never_put_in_place() {
    // A full disk that nobody notices: the tool says that all is well, and nothing is there.
    for case in &CASES {
        at_every_step(case, "exec >/dev/null; exit 0", |machine, told, step| {
            says_what_is(case, machine, told, step);
        });
    }
}

#[test]
fn what_a_failed_change_wrote_is_cleared_away_and_the_copy_stays() {
    let case = &CASES[0];
    let machine = machine(case);
    machine.before(
        "mv",
        "echo 'mv: cannot move: Read-only file system' >&2; exit 1",
    );
    let told = machine.start(
        case.script,
        case.parameters,
        &[("AT", "0"), ("HAPPENS", "")],
    );
    let told = told.unwrap();
    assert_eq!((told.state(), told.code), ("failed", Some(1)));
    assert!(
        told.text("reason").contains("Read-only file system"),
        "{told:?}"
    );
    assert_eq!(
        std::fs::read_to_string(told.text("kept")).unwrap(),
        case.old
    );
    assert_eq!(machine.read(case.path), case.old);
    assert!(
        !machine
            .names("/etc")
            .contains(&"waagent.conf.runbook-new".to_owned())
    );
}
