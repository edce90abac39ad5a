//! Configuration files: put back as they were, and never over what somebody else has written since.

use runbook::actions::guest::linux::{VMBACKUP_CONF, VMBACKUP_ENCODING, WAAGENT_CONF};
use runbook::actions::guest::script::Script;

use super::machine::{Machine, Told, everywhere};

const AGENT: &str = "/etc/waagent.conf";
const BACKUP: &str = "/etc/azure/vmbackup.conf";
const WAIT: &[(&str, &str)] = &[("Key", "SafeFreezeWaitInSeconds"), ("Value", "120")];
const MOUNT: &[(&str, &str)] = &[("Key", "MountsToSkip"), ("Value", "/data")];
const EXTENSIONS: &[(&str, &str)] = &[("Key", "Extensions.Enabled"), ("Value", "y")];

/// A file as it is found, with what people leave behind, and what is set there.
struct Case {
    script: Script,
    path: &'static str,
    before: Option<&'static str>,
    told: &'static [(&'static str, &'static str)],
}

const fn case(
    script: Script,
    path: &'static str,
    before: Option<&'static str>,
    told: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        script,
        path,
        before,
        told,
    }
}

const CASES: [Case; 6] = [
    case(VMBACKUP_CONF, BACKUP, None, WAIT),
    case(VMBACKUP_CONF, BACKUP, Some(""), WAIT),
    case(
        VMBACKUP_CONF,
        BACKUP,
        Some("[SnapshotThread]\n# ours\nSafeFreezeWaitInSeconds: 66\r\ntimeout = 60\n"),
        WAIT,
    ),
    case(
        VMBACKUP_CONF,
        BACKUP,
        Some("[Other]\nx = y\n[SnapshotThread]\nmountstoskip = /a, /b\n"),
        MOUNT,
    ),
    case(
        WAAGENT_CONF,
        AGENT,
        Some("# on\nExtensions.Enabled=n # for now\nExtensions.Enabled = \"n\"\nLogs.Verbose=n\n"),
        EXTENSIONS,
    ),
    case(
        VMBACKUP_ENCODING,
        BACKUP,
        Some("\u{feff}[SnapshotThread]\ntimeout = 60\n"),
        &[],
    ),
];

fn tell(machine: &Machine, script: Script, told: &[(&str, &str)], more: &[(&str, &str)]) -> Told {
    machine.run(script, &[told, more].concat())
}

/// Sets it, and says what undoes it.
fn set(machine: &Machine, (script, told): (Script, &[(&str, &str)])) -> String {
    machine.file("/proc/mounts", "/dev/sdb1 /data ext4 rw 0 0\n");
    let changed = tell(machine, script, told, &[("Apply", "true")]);
    assert_eq!(changed.state(), "changed", "{changed:?}");
    match changed.text("kept") {
        "" => "absent".to_owned(),
        kept => kept.rsplit('/').next().unwrap().to_owned(),
    }
}

/// What stands in the file; nothing where there is none.
fn text(machine: &Machine, path: &str) -> Option<String> {
    machine.path(path).exists().then(|| machine.read(path))
}

#[test]
fn what_was_set_is_looked_at_put_back_byte_for_byte_and_then_already_there() {
    everywhere(|shell| {
        for Case {
            script,
            path,
            before,
            told,
        } in CASES
        {
            let machine = &shell.anew();
            if let Some(before) = before {
                machine.file(path, before).mode(path, 0o640);
            }
            let copy = set(machine, (script, told));
            // The mount may be gone by now: it is left out of the list all the same.
            machine.file("/proc/mounts", "");
            let set = text(machine, path);
            let undo = |apply| tell(machine, script, told, &[("Undo", &copy), ("Apply", apply)]);
            assert_eq!(undo("false").state(), "planned", "{path}");
            assert_eq!(text(machine, path), set, "a look changes nothing");
            let put = undo("true");
            assert_eq!((put.state(), put.code), ("changed", Some(0)), "{put:?}");
            assert_eq!(text(machine, path).as_deref(), before, "{put:?}");
            if before.is_some() {
                assert_eq!(machine.mode_of(path), 0o640);
            }
            let kept = std::fs::read_to_string(put.text("kept")).unwrap();
            assert_eq!(Some(kept), set, "what was put away is kept");
            assert_eq!(put.result["restart_agent"] == true, path == AGENT);
            let folder = path.rsplit_once('/').unwrap().0;
            let files = machine.names(folder);
            assert_eq!(undo("true").state(), "already");
            assert_eq!(machine.names(folder), files, "nothing more was written");
        }
    });
}

#[test]
fn what_somebody_has_set_since_stays_as_it_is() {
    everywhere(|shell| {
        for Case {
            script,
            path,
            before,
            told,
        } in CASES
        {
            let machine = &shell.anew();
            if let Some(before) = before {
                machine.file(path, before);
            }
            let copy = set(machine, (script, told));
            let theirs = match script.name {
                "lin-vmbackup-conf" => {
                    "[SnapshotThread]\nsafefreezewaitinseconds = 300\nMountsToSkip = /c\n"
                }
                "lin-waagent-conf" => "Extensions.Enabled=n\nExtensions.Enabled=N\n",
                _ => "[SnapshotThread]\ntimeout = 61\n",
            };
            machine.file(path, theirs);
            let undo = tell(machine, script, told, &[("Undo", &copy), ("Apply", "true")]);
            // The agent's key is off again, by another hand: that is what was wanted back.
            let expected = if path == AGENT {
                "already"
            } else {
                "needs_human"
            };
            assert_eq!(undo.state(), expected, "{undo:?}");
            assert_eq!(machine.read(path), theirs);
        }
    });
}

#[test]
fn where_others_wrote_in_the_file_the_key_alone_goes_back() {
    everywhere(|shell| {
        let machine = &shell.anew();
        machine.file(
            BACKUP,
            "[SnapshotThread]\nSafeFreezeWaitInSeconds: 66\ntimeout = 60\n",
        );
        let copy = set(machine, (VMBACKUP_CONF, WAIT));
        // As the extension writes the file: keys in lower case, comments gone.
        machine.file(
            BACKUP,
            "[SnapshotThread]\nsafefreezewaitinseconds = 120\ntimeout = 90\n\n",
        );
        let put = tell(
            machine,
            VMBACKUP_CONF,
            WAIT,
            &[("Undo", &copy), ("Apply", "true")],
        );
        assert_eq!(
            (put.state(), put.text("from"), put.text("to")),
            ("changed", "120", "66")
        );
        let expected = "[SnapshotThread]\nSafeFreezeWaitInSeconds: 66\ntimeout = 90\n\n";
        assert_eq!(machine.read(BACKUP), expected);

        let machine = &shell.anew();
        let copy = set(machine, (VMBACKUP_CONF, WAIT));
        machine.file(
            BACKUP,
            "[SnapshotThread]\nsafefreezewaitinseconds = 120\nWriteLog = True\n",
        );
        let put = tell(
            machine,
            VMBACKUP_CONF,
            WAIT,
            &[("Undo", &copy), ("Apply", "true")],
        );
        assert_eq!(put.state(), "changed");
        assert_eq!(machine.read(BACKUP), "[SnapshotThread]\nWriteLog = True\n");

        let machine = &shell.anew();
        machine.file(AGENT, "Extensions.Enabled=n # for now\nLogs.Verbose=n\n");
        let copy = set(machine, (WAAGENT_CONF, EXTENSIONS));
        machine.file(AGENT, "Extensions.Enabled=y\nLogs.Verbose=y\n");
        let put = tell(
            machine,
            WAAGENT_CONF,
            EXTENSIONS,
            &[("Undo", &copy), ("Apply", "true")],
        );
        assert_eq!(put.state(), "changed");
        assert_eq!(
            machine.read(AGENT),
            "Extensions.Enabled=n # for now\nLogs.Verbose=y\n"
        );
    });
}

#[test]
fn a_copy_that_is_gone_or_lies_elsewhere_puts_nothing_back() {
    everywhere(|shell| {
        for Case {
            script,
            path,
            before,
            told,
        } in CASES.into_iter().filter(|c| c.before.is_some())
        {
            let machine = &shell.anew();
            machine.file(path, before.unwrap());
            let copy = set(machine, (script, told));
            let now = machine.read(path);
            let of = |undo: &str| {
                let given = [&[("Undo", undo), ("Apply", "true")], told].concat();
                machine.hostile(script, &given)
            };
            for elsewhere in [
                "../shadow.runbook-20261121T031000Z",
                "/etc/shadow",
                "shadow",
                "$(id).runbook-20261121T031000Z",
                ".runbook-20261121T031000Z",
                "waagent.conf.runbook-new",
            ] {
                assert_eq!(
                    (of(elsewhere).state(), of(elsewhere).code),
                    ("failed", Some(64)),
                    "{elsewhere}"
                );
            }
            let folder = machine.path(path).parent().unwrap().to_owned();
            std::fs::remove_file(folder.join(&copy)).unwrap();
            assert_eq!(of(&copy).state(), "needs_human");
            assert_eq!(machine.read(path), now);
        }
    });
}
