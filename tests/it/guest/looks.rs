//! Probes: what they find, that it fits into what Run Command keeps, and that they change nothing.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use runbook::actions::guest::linux::{self, AGENT_CHECK, FREEZE_CHECK, LOGS, NETWORK, RESOURCES};
use serde_json::json;

use super::machine::{Machine, everywhere};

const EXTENSION_LOGS: &str = "/var/log/azure/Microsoft.Azure.RecoveryServices.VMSnapshotLinux";

/// A machine with everything that a look can find.
fn furnished(machine: &Machine) {
    let lib = "/var/lib/waagent/Microsoft.Azure.RecoveryServices.VMSnapshotLinux";
    machine
        .file("/etc/waagent.conf", "Extensions.Enabled=n\nProvisioning.Agent=auto\nHttpProxy.Host=proxy.example\n")
        .file("/etc/azure/vmbackup.conf", "# caf\u{e9}\n")
        .file("/var/lib/waagent/provisioned", "")
        .file(&format!("{lib}-1.0.9170.0/x"), "")
        .file(&format!("{lib}-1.0.10170.0/x"), "")
        .file("/run/reboot-required", "")
        .file("/var/log/waagent.log", "2026 INFO one\n2026 INFO two\n")
        .file(&format!("{EXTENSION_LOGS}/1.0.9/extension.log"), "old\n")
        .file("/proc/cpuinfo", "processor : 0\nprocessor : 1\n")
        .file("/proc/loadavg", "1.50 1.00 0.50 2/300 1234\n")
        .file("/proc/stat", "cpu 100 0 100 700 100 0 0 0 0 0\n")
        .file("/proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\nSwapFree: 2048 kB\n")
        .file("/proc/mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /data xfs rw 0 0\n/dev/sdc1 /data xfs rw 0 0\n/dev/loop0 /snap ext4 ro 0 0\n");
    let systemctl = r#"case "$1" in cat) [ "$2" = waagent.service ] ;; is-active) case $2 in waagent) echo active ;; *) echo inactive ;; esac ;; is-enabled) echo enabled ;; show) echo Restart=always ;; esac"#;
    machine
        .fake("systemctl", systemctl)
        .fake("waagent", "echo 'Goal state agent: 2.9.1.1'")
        .fake("getenforce", "echo Enforcing")
        .fake("ip", "echo '168.63.129.16 via 10.0.0.1 dev eth0'")
        .fake("df", "echo head; case $1 in -Pi) echo 'd 100 90 10 90% /' ;; *) echo 'd 8388608 4194304 4194304 51% /' ;; esac");
}

/// Every file of the machine, with its text.
fn files(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
}

fn all(machine: &Machine) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    files(&machine.path(""), &mut found);
    found
}

#[test]
fn a_look_changes_no_file_and_calls_nothing_that_changes() {
    everywhere(|machine| {
        furnished(machine);
        let before = all(machine);
        let mut looked = 0;
        for script in linux::ALL.iter().filter(|s| s.only_looks()) {
            let parameters: &[(&str, &str)] = if script.name == "lin-logs" {
                &[("Log", "agent")]
            } else {
                &[]
            };
            assert_eq!(
                machine.run(*script, parameters).state(),
                "reported",
                "{}",
                script.name
            );
            looked += 1;
        }
        assert_eq!(looked, 5);
        assert_eq!(all(machine), before);
        for call in machine.called("systemctl") {
            let asked = ["cat", "is-active", "is-enabled", "show"];
            let verb = call.split(' ').nth(1).unwrap();
            assert!(asked.contains(&verb), "{call}");
        }
    });
}

#[test]
fn a_writer_that_is_not_told_to_apply_changes_nothing() {
    everywhere(|machine| {
        furnished(machine);
        machine
            .fake("systemd-run", "exit 0")
            .fake("dpkg-query", "printf 'install ok installed 2.2.46'");
        let before = all(machine);
        for (script, parameters) in [
            (linux::AGENT_SERVICE, vec![("Restart", "true")]),
            (linux::AGENT_UPDATE, vec![("Least", "99.0")]),
            (
                linux::WAAGENT_CONF,
                vec![("Key", "Extensions.Enabled"), ("Value", "y")],
            ),
            (linux::VMBACKUP_ENCODING, vec![]),
        ] {
            let told = machine.run(script, &parameters);
            assert!(
                ["planned", "needs_human"].contains(&told.state()),
                "{told:?}"
            );
        }
        assert_eq!(all(machine), before);
        assert!(machine.called("systemd-run").is_empty());
    });
}

#[test]
fn the_agent_is_described() {
    everywhere(|machine| {
        furnished(machine);
        let told = machine.run(AGENT_CHECK, &[]);
        assert_eq!(
            told.result,
            json!({
                "state": "reported", "unit": "waagent", "active": "active", "enabled": "enabled",
                "restart": "always", "agent": "2.9.1.1", "python": "python3",
                "extensions_enabled": "n", "provisioning_agent": "auto", "logs_verbose": "",
                "extension": "Microsoft.Azure.RecoveryServices.VMSnapshotLinux-1.0.10170.0",
                "selinux": "Enforcing", "disabled": false, "provisioned": true,
                "conf_ascii": false, "reboot_pending": true,
            })
        );
    });
}

#[test]
fn a_bare_machine_is_described_too() {
    everywhere(|machine| {
        machine.without("python3");
        let told = machine.run(AGENT_CHECK, &[]);
        assert_eq!(
            (told.text("unit"), told.text("python"), told.text("selinux")),
            ("none", "none", "absent")
        );
        assert_eq!(told.result["reboot_pending"], false);
        machine.fake("needs-restarting", "exit 1");
        assert_eq!(machine.run(AGENT_CHECK, &[]).result["reboot_pending"], true);
        machine.fake("needs-restarting", "exit 0");
        assert_eq!(
            machine.run(AGENT_CHECK, &[]).result["reboot_pending"],
            false
        );
        let told = machine.run(RESOURCES, &[]);
        assert_eq!(told.result["memory_mib"], json!(null));
        assert_eq!(machine.run(FREEZE_CHECK, &[]).result["log"], false);
        assert_eq!(
            machine.run(LOGS, &[("Log", "extension")]).state(),
            "not_applicable"
        );
    });
}

#[test]
fn the_wire_server_is_tried_at_each_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap().port();
    let shut = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = shut.local_addr().unwrap().port();
    drop(shut);
    everywhere(|machine| {
        furnished(machine);
        machine.tries(&format!("{open} {closed}"));
        for missing in ["none", "bash", "python3"] {
            machine.without(missing);
            let told = machine.run(NETWORK, &[]);
            let (is_open, is_closed) = if missing == "python3" {
                ("unknown", "unknown")
            } else {
                ("open", "closed")
            };
            assert_eq!(told.text(&format!("p{open}")), is_open, "without {missing}");
            assert_eq!(
                told.text(&format!("p{closed}")),
                is_closed,
                "without {missing}"
            );
            assert_eq!(told.text("proxy"), "proxy.example");
            assert!(told.text("route").contains("eth0"));
        }
    });
}

#[test]
fn the_wire_server_is_the_only_address_in_a_script() {
    let address = regex::Regex::new(
        r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|https?://|[a-z0-9-]+\.(?:com|net)\b",
    )
    .unwrap();
    for script in runbook::actions::guest::scripts() {
        let code = script
            .text
            .lines()
            .filter(|l| !l.trim_start().starts_with('#'));
        let code: Vec<&str> = code.collect();
        let code = code.join("\n");
        let found: Vec<&str> = address.find_iter(&code).map(|m| m.as_str()).collect();
        // What the others name is a version, or a page for a person to read.
        let expected: &[&str] = match script.name {
            "lin-network" | "win-network" => &["168.63.129.16"],
            "lin-agent-update" => &["2.2.53.1", "github.com"],
            "lin-prepost-perms" => &["github.com"],
            _ => &[],
        };
        assert_eq!(found, expected, "{}", script.name);
    }
}

#[test]
fn resources_are_numbers() {
    everywhere(|machine| {
        furnished(machine);
        // Between the two looks of two seconds, 60 ticks are busy and 40 idle.
        machine.fake(
            "sleep",
            "echo 'cpu 130 0 130 740 100 0 0 0 0 0' >\"$SCRATCH/root/proc/stat\"",
        );
        let told = machine.run(RESOURCES, &[]);
        assert_eq!(
            told.result,
            json!({
                "state": "reported", "cpus": 2, "cpu_percent": 60, "load_percent": 75,
                "memory_mib": 4096, "memory_free_mib": 1024, "memory_percent": 75, "swap_free_mib": 2,
                "root_free_mib": 4096, "root_percent": 51, "var_free_mib": 4096, "var_percent": 51,
                "root_inodes_percent": 90,
            })
        );
        assert_eq!(machine.called("sleep"), ["sleep 2"]);
    });
}

#[test]
fn the_mount_that_did_not_freeze_is_named() {
    everywhere(|machine| {
        furnished(machine);
        machine.file(
            &format!("{EXTENSION_LOGS}/1.0.9/extension.log"),
            "x : freezing the mount: /data\nx : Failed to FIFREEZE: /data\nx : Failed to open: /gone\n",
        );
        machine.file(
            "/etc/azure/MicrosoftRecoverySvcsSafeFreezeLock/SafeFreezeLockFile",
            "",
        );
        machine.fake(
            "dmesg",
            "echo '[1] EXT4-fs error (device sdb1): bad'; echo '[2] I/O error, dev fd0, sector 0'",
        );
        machine.fake("fsfreeze", "exit 0");
        let told = machine.run(FREEZE_CHECK, &[]);
        assert_eq!(told.text("failed"), "/data /gone");
        assert_eq!(
            (told.text("mounts"), told.text("twice")),
            ("/ /data", "/data")
        );
        assert_eq!(told.result["other_freezer"], true);
        assert!(told.text("kernel").contains("EXT4-fs error"));
        assert!(machine.called("fsfreeze").is_empty());
    });
}

#[test]
fn a_log_is_cut_to_what_fits_and_its_secrets_are_blotted_out() {
    everywhere(|machine| {
        let secret = "https://x/?sv=1&sig=abc%2Bdef&se=2 AccountKey=k3y==; \"protectedSettings\": \"MIIB\" \
                      password=hunter2 Bearer abc.def eyJhbGciOi.J9\n";
        let long = "\"quoted\" back\\slash caf\u{e9}\ttab \u{7}bell\r\n".repeat(300);
        machine.file(
            "/var/log/waagent.log",
            format!("{long}{secret}the last line\n"),
        );
        let told = machine.run(LOGS, &[("Log", "agent")]);
        let text = told.text("text");
        assert!(text.ends_with("the last line"), "{text}");
        for leaked in ["abc%2B", "k3y", "MIIB", "hunter2", "abc.def", "eyJhbG"] {
            assert!(!told.printed.contains(leaked), "{leaked}");
        }
        assert!(text.contains("sig=***&se=2"), "{text}");
        assert!(text.contains("back\\slash caf?? tab ?bell"), "{text}");
        assert!(text.len() > 1500, "as much as fits: {}", text.len());
        machine.file("/var/log/waagent.log", "\"".repeat(100_000));
        assert!(machine.run(LOGS, &[("Log", "agent")]).text("text").len() > 1500);
    });
}

#[test]
fn a_machine_that_says_too_much_does_not_push_the_result_out() {
    everywhere(|machine| {
        furnished(machine);
        let endless = "\\\"".repeat(5_000);
        let mut mounts = String::new();
        for i in 0..500 {
            mounts.push_str(&format!("/dev/x{i} /mnt/\\040{i} xfs rw 0 0\n"));
        }
        machine.file("/proc/mounts", &mounts).file(
            "/etc/waagent.conf",
            format!("HttpProxy.Host={endless}\nLogs.Verbose={endless}\n"),
        );
        machine.file(
            &format!("{EXTENSION_LOGS}/extension.log"),
            format!("Failed to open: {endless}\n").repeat(9),
        );
        for fake in ["dmesg", "ip", "getenforce"] {
            machine.fake(fake, &format!("printf '%s' '[1] i/o error {endless}'"));
        }
        for script in [AGENT_CHECK, FREEZE_CHECK, NETWORK, RESOURCES] {
            // The machine itself refuses more than 4096 bytes.
            assert_eq!(
                machine.run(script, &[]).state(),
                "reported",
                "{}",
                script.name
            );
        }
    });
}
