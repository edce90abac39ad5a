//! Rule 5: data never becomes code inside the guest.

use runbook::actions::actions;
use runbook::actions::facts::vm::VmFact;
use runbook::actions::guest::linux::WAAGENT_CONF;
use runbook::actions::guest::run as run_command;
use runbook::actions::guest::script::Script;
use runbook::actions::guest::scripts;
use runbook::actions::guest::windows::{AV_EXCLUSIONS, REG_STRING};
use runbook::azure::permitted::Writer;
use runbook::azure::proof::FixedScript;
use runbook::core::action::Past;
use runbook::core::outcome::RunOutcome;
use runbook::core::runbook::risk::{Approval, Risk};
use serde_json::{Value, json};

use super::run;
use crate::kit::{Stage, in_virtual_time};

#[test]
fn a_registry_switch_that_is_not_documented_is_no_argument() {
    let actions = actions();
    let action = actions.get("guest.registry").unwrap();
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let past = Past {
        now,
        step: "s",
        sent: &[],
        planned: &[],
        baseline: &Value::Null,
        following: &Value::Null,
        since: now,
        until: None,
        codes: &[],
    };
    assert!(
        action
            .needs(&json!({ "switch": "UseVssCopy" }), &past)
            .is_ok()
    );
    for args in [
        json!({ "switch": "UseVssCopy; Stop-Computer" }),
        json!({ "switch": "HKLM:\\SOFTWARE\\x" }),
        json!({ "switch": "UseVssCopy", "script": "Stop-Computer" }),
        json!({ "switch": "UseVssCopy", "value": "x" }),
    ] {
        assert!(action.needs(&args, &past).is_err(), "{args}");
    }
}

#[test]
fn a_mount_point_to_skip_is_one_plain_path_and_never_the_root() {
    let actions = actions();
    let action = actions.get("guest.vmbackup_conf").unwrap();
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let past = Past {
        now,
        step: "s",
        sent: &[],
        planned: &[],
        baseline: &Value::Null,
        following: &Value::Null,
        since: now,
        until: None,
        codes: &[],
    };
    for set in [
        json!("seqsnapshot"),
        json!({ "MountsToSkip": "/data" }),
        json!({ "SafeFreezeWaitInSeconds": 120 }),
    ] {
        assert_eq!(action.needs(&json!({ "set": set }), &past).err(), None);
    }
    for set in [
        json!({ "MountsToSkip": "/" }),
        json!({ "MountsToSkip": "/a,/b" }),
        json!({ "MountsToSkip": "/a b" }),
        json!({ "MountsToSkip": "/a;reboot" }),
        json!({ "MountsToSkip": "data" }),
        json!({ "MountsToSkip": "" }),
        json!({ "SafeFreezeWaitInSeconds": 65 }),
        json!({ "SafeFreezeWaitInSeconds": 601 }),
        json!({ "timeout": 1 }),
    ] {
        assert!(
            action.needs(&json!({ "set": set }), &past).is_err(),
            "{set}"
        );
    }
}

#[test]
fn a_script_takes_no_parameter_that_a_shell_could_read() {
    for value in [
        "$(x)", "a;b", "a b", "`x`", "a'b", "a\"b", "a|b", "a&b", "a\nb", "%x%",
    ] {
        let parameters = vec![("Switch".to_owned(), value.to_owned())];
        assert!(
            FixedScript::new("win-reg-string", "exit", parameters).is_err(),
            "{value:?}"
        );
    }
}

#[test]
fn a_script_is_not_sent_with_what_is_not_on_its_list() {
    in_virtual_time(async {
        let stage = Stage::scenario("snapshot-sql");
        let writer = Writer::new(stage.arm.clone());
        let vm: VmFact = serde_json::from_value(json!({
            "id": stage.vm("web1"), "name": "web1", "resource_group": "rg-web", "subscription": "s",
            "location": "westeurope", "os": "windows", "power": "running", "provisioning": "Succeeded",
            "agent": { "ready": true, "status": "ready", "version": null, "seen": null, "message": null },
        }))
        .unwrap();
        let asked = |script: Script, parameters: &[(&str, &str)], probe| {
            run_command::change(&vm, script, parameters, "a test".to_owned(), probe)
        };
        let (look, apply) = (("Apply", "false"), ("Apply", "true"));
        for (script, change, why) in [
            (
                REG_STRING,
                asked(REG_STRING, &[("Switch", "UseVssFullBackup"), look], true),
                "cannot be",
            ),
            (
                REG_STRING,
                asked(REG_STRING, &[("Path", "SOFTWARE"), look], true),
                "no parameter",
            ),
            (
                REG_STRING,
                asked(REG_STRING, &[("Switch", "HostTime"), apply], true),
                "a look must not",
            ),
            (
                AV_EXCLUSIONS,
                asked(REG_STRING, &[("Switch", "HostTime"), apply], false),
                "not the one",
            ),
            (
                WAAGENT_CONF,
                asked(WAAGENT_CONF, &[("Key", "Logs.Verbose"), apply], false),
                "is for linux",
            ),
        ] {
            let refused = run_command::apply(&change, script, &writer)
                .await
                .unwrap_err();
            assert!(refused.to_string().contains(why), "{refused}");
        }
        assert!(
            stage
                .ledger()
                .iter()
                .all(|e| !e.path.ends_with("/runCommand"))
        );
        let change = asked(AV_EXCLUSIONS, &[apply], false);
        assert_eq!(
            (change.risk, change.approval),
            (Risk::Sensitive, Approval::Required)
        );
        run_command::apply(&change, AV_EXCLUSIONS, &writer)
            .await
            .unwrap();
        assert!(
            stage
                .ledger()
                .iter()
                .any(|e| e.path.ends_with("/runCommand"))
        );
    });
}

#[test]
fn every_script_that_is_sent_is_the_reviewed_one_and_differs_only_in_its_parameters() {
    in_virtual_time(async {
        let stage = Stage::scenario("snapshot-sql");
        let (outcome, why) = run(&stage, "GuestAgentSnapshotTaskStatusError").await;
        assert_eq!(outcome, RunOutcome::Fixed, "{why}");
        let ledger = stage.ledger();
        let sent: Vec<&Value> = ledger
            .iter()
            .filter(|e| e.path.to_lowercase().ends_with("/runcommand"))
            .filter_map(|e| e.body.as_ref())
            .collect();
        let lines = |text: &'static str| json!(text.lines().collect::<Vec<_>>());
        let reviewed: Vec<Value> = scripts().iter().map(|script| lines(script.text)).collect();
        for body in &sent {
            assert!(reviewed.contains(&body["script"]), "{body}");
        }
        let set = sent
            .iter()
            .filter(|body| body["script"] == lines(REG_STRING.text));
        let told: Vec<&Value> = set.map(|body| &body["parameters"]).collect();
        let asked = |apply: &str| json!([{ "name": "Switch", "value": "UseVssCopy" }, { "name": "Apply", "value": apply }]);
        assert_eq!(
            told,
            [&asked("false"), &asked("true")],
            "a look and a change"
        );
    });
}

#[test]
fn what_azure_says_is_never_part_of_a_script() {
    in_virtual_time(async {
        let before = Stage::scenario("snapshot-sql");
        let stage = super::meanwhile(&before, |world| {
            let job = &mut world["vaults"][0]["jobs"][0];
            job["message"] = json!("run this: Stop-Computer -Force");
            world["vms"][0]["guest"]["registry"] =
                json!({ "USEVSSCOPYBACKUP": { "value": "$(Stop-Computer)", "kind": "String" } });
        });
        let plan = stage
            .plan("GuestAgentSnapshotTaskStatusError", "web1")
            .await
            .unwrap();
        if plan.verdict.is_none() {
            super::applied(&stage, plan).await;
        }
        let mut looked = 0;
        for entry in stage
            .ledger()
            .iter()
            .filter(|e| e.path.ends_with("/runCommand"))
        {
            let body = entry.body.as_ref().unwrap().to_string();
            assert!(!body.contains("Stop-Computer"), "{body}");
            looked += 1;
        }
        assert!(looked > 0, "nothing was looked at");
    });
}
