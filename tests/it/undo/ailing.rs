//! Every script with a way back, over a guest that it mends.

use std::sync::Arc;

use runbook::core::outcome::RunOutcome;
use runbook::ops::rehearse::read_world;
use runbook::ops::undo;
use runbook::sim::Sim;
use serde_json::{Value, json};

use super::{apply_to, guest, undone, writes};
use crate::kit::wire::Untouched;
use crate::kit::{Stage, in_virtual_time};

/// A script that mends something, and the step that puts it back.
pub(super) struct Case {
    pub(super) code: &'static str,
    os: &'static str,
    pub(super) ail: &'static str,
    /// What `Undo` is told, and the title of the step.
    undo: &'static str,
    title: &'static str,
}

pub(super) const CASES: [Case; 10] = [
    Case {
        code: "UserErrorFsFreezeTimeout",
        os: "linux",
        ail: "script: lin-vmbackup-conf, with: { Key: SafeFreezeWaitInSeconds, Value: '120' }, says: { from: '66', to: '120' }",
        undo: "vmbackup.conf.runbook-20261121T031000Z",
        title: "Put `SafeFreezeWaitInSeconds` in vmbackup.conf back to 66",
    },
    Case {
        code: "UserErrorFsFreezeTimeout",
        os: "linux",
        ail: "script: lin-vmbackup-conf, with: { Key: SafeFreezeWaitInSeconds, Value: '120' }, says: { from: '', to: '120', kept: '' }",
        undo: "absent",
        title: "Put `SafeFreezeWaitInSeconds` in vmbackup.conf back to absent",
    },
    Case {
        code: "GuestAgentSnapshotTaskStatusError",
        os: "linux",
        ail: "script: lin-waagent-conf, with: { Key: Extensions.Enabled }, says: { from: 'n', to: 'y', restart_agent: false }",
        undo: "waagent.conf.runbook-20261121T031000Z",
        title: "Put `Extensions.Enabled` in waagent.conf back to n",
    },
    Case {
        code: "VMBackupLinuxExtensionConfFileWrongEncodingFormat",
        os: "linux",
        ail: "script: lin-vmbackup-encoding, says: { from: UTF-16, to: ASCII }",
        undo: "vmbackup.conf.runbook-20261121T031000Z",
        title: "Put the text of vmbackup.conf back to UTF-16",
    },
    Case {
        code: "GuestAgentSnapshotTaskStatusError",
        os: "windows",
        ail: "script: win-provider-service, says: { from: Disabled }",
        undo: "IaasVmProvider:Auto:Disabled",
        title: "Put the start mode of `IaasVmProvider` back to Disabled",
    },
    Case {
        code: "ExtensionFailedVssServiceInBadState",
        os: "windows",
        ail: "script: win-vss-service, says: { was: Stopped/Disabled }",
        undo: "VSS:Manual:Disabled",
        title: "Put the start mode of `VSS` back to Disabled",
    },
    Case {
        code: "ExtensionSnapshotFailedCOM",
        os: "windows",
        ail: "script: win-complus, says: { did: [x], was: [MSDTC Stopped/Disabled/NT AUTHORITY\\NetworkService, COMSysApp Stopped/Disabled/LocalSystem] }",
        undo: "MSDTC:Auto:Disabled.COMSysApp:Manual:Disabled",
        title: "Put the start mode of `MSDTC` and `COMSysApp` back to Disabled and Disabled",
    },
    Case {
        code: "UserErrorGuestAgentStatusUnavailable",
        os: "windows",
        ail: "script: win-agent-restart, says: { was: [RdAgent Stopped/Manual, WindowsAzureGuestAgent Running/Auto] }",
        undo: "RdAgent:Auto:Manual",
        title: "Put the start mode of `RdAgent` back to Manual",
    },
    Case {
        code: "UserErrorGuestAgentStatusUnavailable",
        os: "linux",
        ail: "script: lin-agent-service, says: { was_active: inactive, was_enabled: disabled }",
        undo: "disabled",
        title: "Put the start of the agent's unit back to disabled",
    },
    Case {
        code: "ExtensionSnapshotFailedNoSecureNetwork",
        os: "windows",
        ail: "script: win-strong-crypto, says: { was: [Registry64 v4.0.30319 none, 'Registry32 v2.0.50727 DWord:0'] }",
        undo: "64v4:none.32v2:0",
        title: "Put `SchUseStrongCrypto` of .NET back to Registry64 v4.0.30319 none, Registry32 v2.0.50727 DWord:0",
    },
];

impl Case {
    pub(super) fn world(&self) -> Sim {
        let Self { code, os, ail, .. } = self;
        let world = format!(
            "
vms: [{{ name: web1, group: rg-web, os: {os}, guest: {{ ails: [{{ {ail}, code: {code} }}] }} }}]
vaults:
  - name: vault-web
    items: [{{ vm: web1 }}]
    jobs:
      - {{ vm: web1, status: Failed, code: {code}, started: 29m ago, ended: 25m ago }}
"
        );
        let (world, faults) =
            read_world("world.yaml", &world, "").unwrap_or_else(|e| panic!("{e}"));
        Sim::new(world, faults)
    }
}

#[test]
fn what_each_script_did_is_put_back_by_what_it_said_was_there() {
    for case in &CASES {
        in_virtual_time(async {
            let stage = Stage::of(case.world());
            let was = guest(&stage.simulated);
            let run = apply_to(&stage, case.code).await[0].run.clone();
            assert_ne!(guest(&stage.simulated), was, "{}", case.ail);

            let plan = undo(&stage.world, &run.0).await.unwrap();
            let step = &plan
                .steps
                .first()
                .unwrap_or_else(|| panic!("{}: {:?}", case.ail, plan.verdict));
            assert_eq!(step.title, case.title);
            let args: &Value = &step.arguments;
            assert_eq!(args["told"]["Undo"], json!(case.undo), "{}", case.ail);

            assert_eq!(
                undone(&stage, &run).await.1,
                RunOutcome::Fixed,
                "{}",
                case.ail
            );
            assert_eq!(guest(&stage.simulated), was, "{}", case.ail);
            let before = writes(&stage);
            assert_eq!(undone(&stage, &run).await.1, RunOutcome::NothingToDo);
            assert_eq!(writes(&stage), before, "{}", case.ail);
        });
    }
}

#[test]
fn what_somebody_has_changed_since_is_left_to_a_person_by_each() {
    for case in &CASES {
        in_virtual_time(async {
            let stage = Stage::of(case.world());
            let run = apply_to(&stage, case.code).await[0].run.clone();
            let mut sim = serde_json::to_value(stage.simulated.with(Clone::clone)).unwrap();
            sim["world"]["vms"][0]["guest"]["mended"] = json!([]);
            let sim: Sim = serde_json::from_value(sim).unwrap();
            let stage = Stage::with_store(sim, Arc::new(Untouched), Arc::clone(&stage.store));
            let theirs = guest(&stage.simulated);
            assert_eq!(
                undone(&stage, &run).await.1,
                RunOutcome::NeedsHuman,
                "{}",
                case.ail
            );
            assert_eq!(guest(&stage.simulated), theirs, "{}", case.ail);
        });
    }
}

#[test]
fn what_an_odd_guest_says_was_there_is_not_written_back() {
    for (ail, why) in [
        (
            "script: win-provider-service, says: { from: 'Disabled; Remove-Item C:' }",
            None,
        ),
        ("script: win-provider-service, says: { from: Boot }", None),
        (
            "script: lin-waagent-conf, with: { Key: Extensions.Enabled }, says: { from: n, kept: '/etc/$(id)' }",
            Some("may be written back"),
        ),
        (
            "script: lin-waagent-conf, with: { Key: Extensions.Enabled }, says: { from: n, kept: /etc/shadow }",
            Some("may be written back"),
        ),
        (
            "script: lin-waagent-conf, with: { Key: Extensions.Enabled }, says: { from: n, kept: '' }",
            Some("may be written back"),
        ),
    ] {
        in_virtual_time(async {
            let os = if ail.contains("lin-") {
                "linux"
            } else {
                "windows"
            };
            let case = Case {
                code: "GuestAgentSnapshotTaskStatusError",
                os,
                ail,
                undo: "",
                title: "",
            };
            let stage = Stage::of(case.world());
            let run = apply_to(&stage, case.code).await[0].run.clone();
            let set = guest(&stage.simulated);
            let (plan, _) = undone(&stage, &run).await;
            assert_eq!(plan.steps.len(), 0, "{ail}");
            let reason = plan.verdict.unwrap().reason;
            assert!(why.is_none_or(|why| reason.contains(why)), "{reason}");
            assert_eq!(guest(&stage.simulated), set, "{ail}");
        });
    }
}
