//! The scripts around a snapshot: rights are taken away, and nothing is made fit to run as root.

use runbook::actions::guest::linux::PREPOST_PERMS;

use super::machine::{Machine, Told, everywhere};

const CONF: &str = "/etc/azure/VMSnapshotScriptPluginConfig.json";
const BEFORE: &str = "/opt/my scripts/before.sh";
const AFTER: &str = "/opt/my scripts/after.sh";

/// All is root's, whoever runs the tests.
fn machine_with(machine: &Machine, conf: u32, before: u32, after: u32) {
    let text = format!(r#"{{ "preScriptLocation": "{BEFORE}", "postScriptLocation": "{AFTER}" }}"#);
    machine.file(CONF, text).file(BEFORE, "").file(AFTER, "");
    machine
        .mode(CONF, conf)
        .mode(BEFORE, before)
        .mode(AFTER, after);
    machine.before("stat", "[ \"$2\" != %u ] || { echo 0; exit 0; }");
}

fn perms(machine: &Machine, apply: &str) -> Told {
    machine.run(PREPOST_PERMS, &[("Apply", apply)])
}

#[test]
fn rights_that_others_have_are_taken_away_once() {
    everywhere(|machine| {
        machine_with(machine, 0o644, 0o755, 0o700);
        let told = perms(machine, "false");
        assert_eq!(told.state(), "planned");
        assert!(told.text("from").contains("before.sh 755"), "{told:?}");
        assert_eq!(machine.mode_of(BEFORE), 0o755);
        let told = perms(machine, "true");
        assert_eq!(told.state(), "changed");
        assert!(
            told.text("from").contains("Config.json 644"),
            "the old modes are told"
        );
        let modes = [CONF, BEFORE, AFTER].map(|p| machine.mode_of(p));
        assert_eq!(modes, [0o600, 0o700, 0o700]);
        assert_eq!(perms(machine, "true").state(), "already");
    });
}

#[test]
fn what_another_user_could_have_written_is_for_a_person() {
    everywhere(|machine| {
        for (conf, before) in [
            (0o644, 0o777),
            (0o644, 0o775),
            (0o622, 0o700),
            (0o640, 0o702),
        ] {
            machine_with(machine, conf, before, 0o700);
            let told = perms(machine, "true");
            assert_eq!(told.state(), "needs_human", "{conf:o} {before:o}");
            assert_eq!(
                (machine.mode_of(CONF), machine.mode_of(BEFORE)),
                (conf, before)
            );
        }
        machine_with(machine, 0o644, 0o755, 0o700);
        machine.before("stat", "[ \"$2\" != %u ] || { echo 1000; exit 0; }");
        assert_eq!(perms(machine, "true").state(), "needs_human");
        assert_eq!(machine.mode_of(CONF), 0o644);
    });
}

#[test]
fn a_script_that_is_not_there_or_is_a_link_and_a_file_that_is_no_json_are_for_a_person() {
    everywhere(|machine| {
        assert_eq!(perms(machine, "true").state(), "needs_human");
        machine_with(machine, 0o644, 0o755, 0o700);
        std::fs::remove_file(machine.path(BEFORE)).unwrap();
        assert_eq!(perms(machine, "true").state(), "needs_human");
        std::os::unix::fs::symlink(machine.path(AFTER), machine.path(BEFORE)).unwrap();
        assert_eq!(perms(machine, "true").state(), "needs_human");
        machine.file(CONF, "not json");
        assert_eq!(perms(machine, "true").state(), "needs_human");
        assert_eq!(machine.mode_of(AFTER), 0o700);
    });
}

#[test]
fn a_mode_that_cannot_be_changed_is_a_failure() {
    everywhere(|machine| {
        machine_with(machine, 0o644, 0o755, 0o700);
        machine.fake("chmod", "echo 'chmod: Read-only file system' >&2; exit 1");
        let told = perms(machine, "true");
        assert_eq!((told.state(), told.code), ("failed", Some(1)));
        assert!(
            told.text("reason").contains("Read-only file system"),
            "{told:?}"
        );
    });
}
