//! Configuration files: changed once, never half, and put aside before.

use runbook::actions::guest::linux::{VMBACKUP_CONF, WAAGENT_CONF};
use runbook::actions::guest::script::Script;

use super::machine::{Machine, Told, everywhere};

const AGENT: &str = "/etc/waagent.conf";
const BACKUP: &str = "/etc/azure/vmbackup.conf";

/// As the agent ships it, with what people leave behind.
const WRITTEN: &str =
    "# Enable extensions\nExtensions.Enabled=n # for now\nLogs.Verbose=n\nOS.EnableFirewall=y\n";

fn set(machine: &Machine, script: Script, (key, value): (&str, &str)) -> Told {
    machine.run(script, &[("Key", key), ("Value", value), ("Apply", "true")])
}

fn look(machine: &Machine, script: Script, (key, value): (&str, &str)) -> Told {
    machine.run(
        script,
        &[("Key", key), ("Value", value), ("Apply", "false")],
    )
}

#[test]
fn a_key_of_the_agent_is_looked_at_set_and_then_already_there() {
    everywhere(|machine| {
        machine.file(AGENT, WRITTEN).mode(AGENT, 0o640);
        let wanted = ("Extensions.Enabled", "y");
        let told = look(machine, WAAGENT_CONF, wanted);
        assert_eq!(
            (told.state(), told.text("from"), told.text("to")),
            ("planned", "n", "y")
        );
        assert_eq!(machine.read(AGENT), WRITTEN);
        assert_eq!(machine.names("/etc"), ["waagent.conf"]);

        let told = set(machine, WAAGENT_CONF, wanted);
        assert_eq!((told.state(), told.code), ("changed", Some(0)));
        assert_eq!(told.result["restart_agent"], true);
        let now = WRITTEN.replace("Extensions.Enabled=n # for now", "Extensions.Enabled=y");
        assert_eq!(machine.read(AGENT), now);
        assert_eq!(machine.mode_of(AGENT), 0o640);
        let kept = std::fs::read_to_string(told.text("kept")).unwrap();
        assert_eq!(kept, WRITTEN, "the old file is kept");
        assert_eq!(machine.names("/etc").len(), 2, "the file and one copy");

        let told = set(machine, WAAGENT_CONF, wanted);
        assert_eq!((told.state(), told.text("value")), ("already", "y"));
        assert_eq!(machine.names("/etc").len(), 2, "nothing more was written");
    });
}

#[test]
fn the_agents_own_rules_decide_what_is_in_force() {
    everywhere(|machine| {
        for (text, key, value, state) in [
            ("", "Extensions.Enabled", "y", "already"),
            (
                "Extensions.Enabled=Y\n",
                "Extensions.Enabled",
                "y",
                "already",
            ),
            (
                "Extensions.Enabled=maybe\n",
                "Extensions.Enabled",
                "y",
                "already",
            ),
            (
                "#Extensions.Enabled=n\n",
                "Extensions.Enabled",
                "y",
                "already",
            ),
            (
                " Extensions.Enabled = \"n\" \n",
                "Extensions.Enabled",
                "y",
                "planned",
            ),
            (
                "Extensions.Enabled=n\nExtensions.Enabled=y\n",
                "Extensions.Enabled",
                "y",
                "already",
            ),
            (
                "Extensions.Enabled=y\nExtensions.Enabled=n\n",
                "Extensions.Enabled",
                "y",
                "planned",
            ),
            // The article's spelling is a key that the agent does not read.
            (
                "Extensions.Enable=n\n",
                "Extensions.Enabled",
                "y",
                "already",
            ),
            ("Logs.Verbose=n\n", "Logs.Verbose", "y", "planned"),
            ("", "Logs.Verbose", "n", "already"),
        ] {
            machine.file(AGENT, text);
            let told = look(machine, WAAGENT_CONF, (key, value));
            assert_eq!(told.state(), state, "{text:?}");
        }
    });
}

#[test]
fn a_key_that_was_not_there_is_added_and_twins_become_one() {
    everywhere(|machine| {
        machine.file(
            AGENT,
            "Extensions.Enabled=y\nExtensions.Enabled=n\nHttpProxy.Host=None\n",
        );
        assert_eq!(
            set(machine, WAAGENT_CONF, ("Extensions.Enabled", "y")).state(),
            "changed"
        );
        assert_eq!(
            machine.read(AGENT),
            "Extensions.Enabled=y\nHttpProxy.Host=None\n"
        );
        assert_eq!(
            set(machine, WAAGENT_CONF, ("Logs.Verbose", "y")).state(),
            "changed"
        );
        assert_eq!(
            machine.read(AGENT),
            "Extensions.Enabled=y\nHttpProxy.Host=None\nLogs.Verbose=y\n"
        );
    });
}

#[test]
fn a_file_that_the_agent_has_not_read_since_is_said_to_want_a_restart() {
    everywhere(|machine| {
        machine
            .file("/var/run/waagent.pid", "1")
            .file(AGENT, "Extensions.Enabled=y\n");
        let older = std::time::SystemTime::UNIX_EPOCH;
        let touched = |path: &str| {
            std::fs::File::options()
                .write(true)
                .open(machine.path(path))
                .unwrap()
        };
        touched("/var/run/waagent.pid").set_modified(older).unwrap();
        let told = look(machine, WAAGENT_CONF, ("Extensions.Enabled", "y"));
        assert_eq!(told.result["restart_agent"], true);
        touched(AGENT).set_modified(older).unwrap();
        let told = look(machine, WAAGENT_CONF, ("Extensions.Enabled", "y"));
        assert_eq!(told.result["restart_agent"], false);
    });
}

#[test]
fn provisioning_is_not_touched_on_a_machine_that_could_be_provisioned_again() {
    everywhere(|machine| {
        machine.file(AGENT, "Provisioning.Agent=cloud-init\n");
        let wanted = ("Provisioning.Agent", "auto");
        assert_eq!(set(machine, WAAGENT_CONF, wanted).state(), "needs_human");
        assert_eq!(machine.read(AGENT), "Provisioning.Agent=cloud-init\n");
        machine.file("/var/lib/waagent/provisioned", "");
        assert_eq!(set(machine, WAAGENT_CONF, wanted).state(), "changed");
    });
}

#[test]
fn a_linked_file_stays_a_link_and_no_file_is_for_a_person() {
    everywhere(|machine| {
        let wanted = ("Extensions.Enabled", "y");
        assert_eq!(set(machine, WAAGENT_CONF, wanted).state(), "needs_human");
        machine.file("/usr/share/oem/waagent.conf", WRITTEN);
        std::os::unix::fs::symlink("../usr/share/oem/waagent.conf", machine.path(AGENT)).unwrap();
        assert_eq!(set(machine, WAAGENT_CONF, wanted).state(), "changed");
        assert!(machine.path(AGENT).is_symlink());
        assert!(
            machine
                .read("/usr/share/oem/waagent.conf")
                .contains("Extensions.Enabled=y\n")
        );
    });
}

#[test]
fn a_key_or_value_of_no_list_changes_nothing_whoever_sends_it() {
    everywhere(|machine| {
        machine
            .file(AGENT, WRITTEN)
            .file(BACKUP, "[SnapshotThread]\ntimeout = 60\n");
        machine.file(
            "/proc/mounts",
            "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /data ext4 rw 0 0\n",
        );
        for (script, key, value) in [
            (WAAGENT_CONF, "OS.EnableFirewall", "n"),
            (WAAGENT_CONF, "Extensions.Enabled", "n"),
            (WAAGENT_CONF, "Extensions.Enabled", "y\nOS.AllowHTTP=y"),
            (WAAGENT_CONF, "Logs.Verbose", "$(touch /etc/x)"),
            (WAAGENT_CONF, "", ""),
            (VMBACKUP_CONF, "timeout", "1"),
            (VMBACKUP_CONF, "seqsnapshot", "2\n[x]"),
            (VMBACKUP_CONF, "SafeFreezeWaitInSeconds", "65"),
            (VMBACKUP_CONF, "SafeFreezeWaitInSeconds", "601"),
            (VMBACKUP_CONF, "SafeFreezeWaitInSeconds", "99; reboot"),
            (VMBACKUP_CONF, "MountsToSkip", "/"),
            (VMBACKUP_CONF, "MountsToSkip", "/nowhere"),
            (VMBACKUP_CONF, "MountsToSkip", "/data,/"),
            (VMBACKUP_CONF, "MountsToSkip", "/data`id`"),
        ] {
            let told =
                machine.hostile(script, &[("Key", key), ("Value", value), ("Apply", "true")]);
            assert_eq!(
                (told.state(), told.code),
                ("failed", Some(64)),
                "{key}={value:?}"
            );
        }
        let told = machine.hostile(
            WAAGENT_CONF,
            &[("Key", "Logs.Verbose"), ("Value", "y"), ("Apply", "yes")],
        );
        assert_eq!((told.state(), told.code), ("failed", Some(64)));
        assert_eq!(machine.read(AGENT), WRITTEN);
        assert_eq!(machine.read(BACKUP), "[SnapshotThread]\ntimeout = 60\n");
        assert_eq!(machine.names("/etc"), ["azure", "waagent.conf"]);
    });
}

#[test]
fn no_parameter_moves_a_place() {
    everywhere(|machine| {
        machine
            .file(AGENT, WRITTEN)
            .file("/elsewhere/etc/waagent.conf", WRITTEN);
        let elsewhere = machine.path("/elsewhere");
        let told = machine.hostile(
            WAAGENT_CONF,
            &[
                ("ROOT", elsewhere.to_str().unwrap()),
                ("PATH", "/elsewhere/bin"),
                ("new", machine.path(AGENT).to_str().unwrap()),
                ("kept", machine.path(AGENT).to_str().unwrap()),
                ("conf", "/etc/shadow"),
                ("Key", "Extensions.Enabled"),
                ("Value", "y"),
                ("Apply", "true"),
            ],
        );
        assert_eq!(told.state(), "changed");
        assert!(machine.read(AGENT).contains("Extensions.Enabled=y\n"));
        assert_eq!(machine.read("/elsewhere/etc/waagent.conf"), WRITTEN);
    });
}

#[test]
fn a_key_of_the_extension_goes_into_its_section_and_nowhere_else() {
    everywhere(|machine| {
        machine.file(
            BACKUP,
            "[Other]\nseqsnapshot = 0\n\n[SnapshotThread]\n# mine\nTimeout = 60\nSeqSnapshot: 1\n",
        );
        let told = set(machine, VMBACKUP_CONF, ("seqsnapshot", "2"));
        assert_eq!(
            (told.state(), told.text("from"), told.text("to")),
            ("changed", "1", "2")
        );
        assert_eq!(
            machine.read(BACKUP),
            "[Other]\nseqsnapshot = 0\n\n[SnapshotThread]\nseqsnapshot = 2\n# mine\nTimeout = 60\n"
        );
        assert_eq!(
            set(machine, VMBACKUP_CONF, ("seqsnapshot", "2")).state(),
            "already"
        );
        assert_eq!(
            set(machine, VMBACKUP_CONF, ("SafeFreezeWaitInSeconds", "600")).state(),
            "changed"
        );
    });
}

#[test]
fn a_wait_that_is_longer_already_is_not_shortened() {
    everywhere(|machine| {
        for (held, state, told) in [
            ("300", "already", "300"),
            ("120", "already", "120"),
            ("900", "already", "900"),
            ("119", "changed", "120"),
            ("0300x", "changed", "120"),
            ("", "changed", "120"),
        ] {
            machine.file(
                BACKUP,
                format!("[SnapshotThread]\nsafefreezewaitinseconds = {held}\n"),
            );
            let result = set(machine, VMBACKUP_CONF, ("SafeFreezeWaitInSeconds", "120"));
            let value = if state == "already" { "value" } else { "to" };
            assert_eq!(
                (result.state(), result.text(value)),
                (state, told),
                "{held}"
            );
        }
    });
}

#[test]
fn a_file_of_the_extension_that_was_not_there_is_made_for_root_alone() {
    everywhere(|machine| {
        let told = set(machine, VMBACKUP_CONF, ("isanysnapshotfailed", "False"));
        assert_eq!(
            (told.state(), told.text("from"), told.text("kept")),
            ("changed", "", "")
        );
        assert_eq!(
            machine.read(BACKUP),
            "[SnapshotThread]\nisanysnapshotfailed = False\n"
        );
        assert_eq!(machine.mode_of(BACKUP), 0o600);
    });
}

#[test]
fn a_mount_to_skip_is_added_to_those_that_are_skipped() {
    everywhere(|machine| {
        machine.file(
            "/proc/mounts",
            "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /mnt/resource xfs rw 0 0\nx /nfs nfs rw 0 0\n",
        );
        machine.file(BACKUP, "[SnapshotThread]\nMountsToSkip = /a, /b\n");
        let told = set(machine, VMBACKUP_CONF, ("MountsToSkip", "/mnt/resource"));
        assert_eq!(told.text("to"), "/a,/b,/mnt/resource");
        assert_eq!(
            set(machine, VMBACKUP_CONF, ("MountsToSkip", "/mnt/resource")).state(),
            "already"
        );
        let told = machine.hostile(
            VMBACKUP_CONF,
            &[
                ("Key", "MountsToSkip"),
                ("Value", "/nfs"),
                ("Apply", "true"),
            ],
        );
        assert_eq!(told.state(), "failed", "it is not frozen anyway");
    });
}

#[test]
fn a_file_that_the_extension_would_ignore_is_for_a_person() {
    everywhere(|machine| {
        for text in [
            "[SnapshotThread]\ntimeout = 1\nTimeout = 2\n",
            "[SnapshotThread]\nMountsToSkip = /a\n  ,/b\n",
            "[SnapshotThread]\na = 1\n[SnapshotThread]\nb = 2\n",
            "[SnapshotThread]\n# caf\u{e9}\n",
        ] {
            machine.file(BACKUP, text);
            let told = set(machine, VMBACKUP_CONF, ("seqsnapshot", "2"));
            assert_eq!(told.state(), "needs_human", "{text:?}");
            assert_eq!(machine.read(BACKUP), text);
        }
    });
}
