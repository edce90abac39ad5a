//! The agent's service and its update: never in the foreground, since Run Command is its child.

use runbook::actions::guest::linux::{AGENT_SERVICE, AGENT_UPDATE};

use super::machine::{Machine, everywhere};

/// A systemd that keeps what was enabled, started and queued in files of the scratch folder.
fn with_systemd(machine: &Machine, unit: &str, enabled: &str, active: &str) {
    machine
        .file("/state/enabled", enabled)
        .file("/state/active", active);
    let body = r#"
state=$SCRATCH/root/state
case "$1 $2" in
  "cat UNIT.service") exit 0 ;;
  "is-enabled UNIT") cat "$state/enabled" ;;
  "is-active UNIT") cat "$state/active" ;;
  "disable UNIT") printf disabled >"$state/enabled" ;;
  "enable UNIT") printf enabled >"$state/enabled" ;;
  "start UNIT") printf active >"$state/active" ;;
  "is-active runbook-agent-"*) cat "$state/$2" || echo inactive ;;
  "cat "*) exit 1 ;;
esac"#;
    machine.fake("systemctl", &body.replace("UNIT", unit));
    // Keeps each argument on a line of its own.
    let body = "printf '%s\\n' \"$@\" >\"$SCRATCH/root/state/queued\"";
    machine.fake("systemd-run", body);
}

fn restart(machine: &Machine, restart: &str, apply: &str) -> super::machine::Told {
    machine.run(AGENT_SERVICE, &[("Restart", restart), ("Apply", apply)])
}

#[test]
fn an_agent_that_is_well_is_left_alone_and_restarted_only_on_request() {
    everywhere(|machine| {
        with_systemd(machine, "walinuxagent", "enabled", "active");
        assert_eq!(restart(machine, "false", "true").state(), "already");
        assert_eq!(restart(machine, "true", "false").state(), "planned");
        assert!(machine.called("systemd-run").is_empty());

        let told = restart(machine, "true", "true");
        assert_eq!(told.state(), "changed");
        assert_eq!(told.result["restart_in_s"], 30);
        let calls = machine.called("systemd-run");
        assert_eq!(
            calls,
            ["systemd-run --unit=runbook-agent-restart --on-active=30 \
              --timer-property=AccuracySec=1s systemctl restart walinuxagent"]
        );
        let foreground: Vec<String> = machine.called("systemctl");
        assert!(
            !foreground.iter().any(|c| c.contains(" restart ")),
            "{foreground:?}"
        );
    });
}

#[test]
fn a_restart_that_is_due_is_not_asked_for_again() {
    everywhere(|machine| {
        with_systemd(machine, "waagent", "enabled", "active");
        machine.file("/state/runbook-agent-restart.timer", "active");
        let told = restart(machine, "true", "true");
        assert_eq!(
            (told.state(), &told.result["queued"]),
            ("already", &true.into())
        );
        assert!(machine.called("systemd-run").is_empty());
    });
}

#[test]
fn an_agent_that_is_off_is_enabled_and_started_and_what_it_was_is_told() {
    everywhere(|machine| {
        with_systemd(machine, "waagent", "disabled", "inactive");
        let told = restart(machine, "false", "true");
        assert_eq!(told.state(), "changed");
        assert_eq!(
            (told.text("was_enabled"), told.text("was_active")),
            ("disabled", "inactive")
        );
        assert_eq!(machine.read("/state/enabled"), "enabled");
        assert_eq!(machine.read("/state/active"), "active");
        assert_eq!(restart(machine, "false", "true").state(), "already");
    });
}

#[test]
fn an_agent_that_was_enabled_is_left_as_it_was_on_request_and_runs_on() {
    everywhere(|machine| {
        with_systemd(machine, "waagent", "disabled", "inactive");
        assert_eq!(restart(machine, "false", "true").state(), "changed");
        let undo = |apply| machine.run(AGENT_SERVICE, &[("Undo", "disabled"), ("Apply", apply)]);
        assert_eq!(undo("false").state(), "planned");
        assert_eq!(machine.read("/state/enabled"), "enabled");
        assert_eq!(undo("true").state(), "changed");
        assert_eq!(machine.read("/state/enabled"), "disabled");
        assert_eq!(machine.read("/state/active"), "active");
        assert_eq!(undo("true").state(), "already");
        machine.file("/state/enabled", "static");
        assert_eq!(undo("true").state(), "needs_human");
        assert_eq!(machine.read("/state/enabled"), "static");
    });
}

#[test]
fn a_unit_that_does_not_come_up_is_a_failure_with_its_reason() {
    everywhere(|machine| {
        with_systemd(machine, "waagent", "enabled", "inactive");
        machine.before("timeout", "exit 1");
        let told = restart(machine, "false", "true");
        assert_eq!((told.state(), told.code), ("failed", Some(1)));
        with_systemd(machine, "waagent", "enabled", "active");
        machine.fake(
            "systemd-run",
            "echo 'Unit runbook-agent-restart.timer was already loaded' >&2; exit 1",
        );
        let told = restart(machine, "true", "true");
        assert_eq!(told.state(), "failed");
        assert!(
            told.text("reason").contains("was already loaded"),
            "{told:?}"
        );
    });
}

#[test]
fn a_failure_clears_away_nothing_that_a_parameter_names() {
    everywhere(|machine| {
        with_systemd(machine, "waagent", "enabled", "active");
        machine.fake("systemd-run", "exit 1").file("/etc/mine", "");
        let mine = machine.path("/etc/mine");
        let mine = mine.to_str().unwrap();
        let environment = [
            ("new", mine),
            ("kept", mine),
            ("Restart", "true"),
            ("Apply", "true"),
        ];
        let told = machine.hostile(AGENT_SERVICE, &environment);
        assert_eq!((told.state(), told.text("kept")), ("failed", ""));
        assert!(machine.path("/etc/mine").exists());
    });
}

#[test]
fn an_agent_that_somebody_switched_off_on_purpose_is_for_a_person() {
    everywhere(|machine| {
        with_systemd(machine, "waagent", "masked", "inactive");
        assert_eq!(restart(machine, "true", "true").state(), "needs_human");
        with_systemd(machine, "waagent", "enabled", "active");
        machine.file("/var/lib/waagent/disable_agent", "");
        assert_eq!(restart(machine, "true", "true").state(), "needs_human");
        assert!(machine.called("systemd-run").is_empty());
    });
}

#[test]
fn no_unit_at_all_is_for_a_person() {
    everywhere(|machine| {
        with_systemd(machine, "other", "enabled", "active");
        assert_eq!(restart(machine, "true", "true").state(), "needs_human");
        machine.without("systemctl");
        assert_eq!(restart(machine, "true", "true").state(), "needs_human");
    });
}

#[test]
fn without_systemd_the_init_script_is_restarted_detached() {
    everywhere(|machine| {
        machine
            .file("/etc/init.d/waagent", "")
            .mode("/etc/init.d/waagent", 0o755);
        // The script does not wait for it: the test does.
        machine.fake("setsid", "echo done >\"$SCRATCH/root/etc/done\"");
        assert_eq!(restart(machine, "false", "true").state(), "already");
        assert_eq!(restart(machine, "true", "false").state(), "planned");
        assert!(machine.calls().is_empty());
        assert_eq!(restart(machine, "true", "true").state(), "changed");
        machine.wait_for("/etc/done");
        assert_eq!(
            machine.called("setsid"),
            ["setsid sh -c sleep 30; exec service waagent restart"]
        );
        assert!(
            machine.called("service").is_empty(),
            "not in the foreground"
        );
    });
}

fn with_package(machine: &Machine, agent: &str) {
    with_systemd(machine, "walinuxagent", "enabled", "active");
    let body = r#"case "$*" in *walinuxagent) printf 'install ok installed 2.2.46-0ubuntu1' ;; *) exit 1 ;; esac"#;
    machine.fake("dpkg-query", body);
    machine.fake(
        "waagent",
        &format!("echo 'WALinuxAgent-2.2.46 running on ubuntu'; echo 'Goal state agent: {agent}'"),
    );
}

fn update(machine: &Machine, apply: &str) -> super::machine::Told {
    machine.run(AGENT_UPDATE, &[("Least", "2.2.53.1"), ("Apply", apply)])
}

#[test]
fn an_agent_that_is_new_enough_is_not_updated() {
    everywhere(|machine| {
        for (agent, state) in [
            ("2.2.53.1", "already"),
            ("2.10.0.8", "already"),
            ("2.2.53", "planned"),
            ("2.2.9.9", "planned"),
        ] {
            with_package(machine, agent);
            assert_eq!(update(machine, "false").state(), state, "{agent}");
        }
        assert!(machine.called("systemd-run apt-get").is_empty());
    });
}

#[test]
fn an_old_agent_is_updated_by_its_own_package_manager_detached() {
    everywhere(|machine| {
        with_package(machine, "2.2.46");
        let told = update(machine, "true");
        assert_eq!(
            (told.state(), told.text("before")),
            ("changed", "2.2.46-0ubuntu1")
        );
        assert!(
            machine.called("apt-get").is_empty(),
            "not in the foreground"
        );

        // What systemd would run, a quarter of a minute later.
        machine.fake("apt-get", "echo it did \"$@\"");
        machine.run_queued();
        assert_eq!(
            machine.called("apt-get"),
            [
                "apt-get update -q",
                "apt-get install -y -q --only-upgrade -o Dpkg::Options::=--force-confold walinuxagent"
            ]
        );
        assert!(
            machine
                .read("/var/log/runbook-agent-update.log")
                .ends_with("it ended well\n")
        );

        let told = update(machine, "false");
        assert_eq!(told.state(), "planned", "it is as old as before");
        assert!(told.text("last_end").contains("it ended well"), "{told:?}");
        with_package(machine, "2.9.1.1");
        assert_eq!(update(machine, "true").state(), "already");
    });
}

#[test]
fn an_update_that_fails_says_so_in_its_log_and_one_under_way_is_waited_for() {
    everywhere(|machine| {
        with_package(machine, "2.2.46");
        assert_eq!(update(machine, "true").state(), "changed");
        machine.fake("apt-get", "echo E: no network; exit 100");
        machine.run_queued();
        let told = update(machine, "false");
        assert!(told.text("last_end").contains("it ended badly"), "{told:?}");
        machine.file("/state/runbook-agent-update.service", "active");
        assert_eq!(update(machine, "true").state(), "busy");
        assert_eq!(machine.called("systemd-run").len(), 1);
    });
}

#[test]
fn each_distribution_is_updated_by_its_own_tool() {
    everywhere(|machine| {
        for (manager, package, expected) in [
            (
                "zypper",
                "python-azure-agent",
                "zypper --non-interactive update python-azure-agent",
            ),
            ("tdnf", "WALinuxAgent", "tdnf -y update WALinuxAgent"),
            ("dnf", "WALinuxAgent", "dnf -y update WALinuxAgent"),
            ("yum", "WALinuxAgent", "yum -y update WALinuxAgent"),
        ] {
            with_package(machine, "2.2.46");
            machine.without("dpkg-query");
            machine.fake(
                "rpm",
                &format!("case \"$*\" in *{package}) echo 2.2.46-1 ;; *) exit 1 ;; esac"),
            );
            machine.fake(manager, "exit 0");
            assert_eq!(update(machine, "true").state(), "changed", "{manager}");
            machine.run_queued();
            assert_eq!(machine.called(manager), [expected]);
            machine.without(manager);
        }
    });
}

#[test]
fn an_agent_of_no_package_and_a_version_that_is_none_change_nothing() {
    everywhere(|machine| {
        with_package(machine, "2.2.46");
        for least in ["", "latest", "2.2; reboot", "$(id)"] {
            let told = machine.hostile(AGENT_UPDATE, &[("Least", least), ("Apply", "true")]);
            assert_eq!((told.state(), told.code), ("failed", Some(64)), "{least:?}");
        }
        machine.without("dpkg-query");
        assert_eq!(update(machine, "true").state(), "needs_human");
        assert!(machine.called("systemd-run").is_empty());
    });
}
