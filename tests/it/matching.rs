//! A failure finds its runbook, says by which field, and is never guessed at.

mod messages;

use runbook::core::outcome::RunOutcome;
use runbook::core::runbook::answer::Sureness;
use runbook::ops::matching::{Given, match_document, match_given, match_vm};
use runbook::ops::{Ask, catalogue, plan, triage};
use serde_json::{Value, json};

use crate::kit::{Stage, in_virtual_time};

fn given(message: &str) -> Given {
    Given {
        message: Some(message.to_owned()),
        ..Given::default()
    }
}

#[test]
fn a_code_a_number_and_a_message_say_how_sure_they_are() {
    let catalogue = catalogue(None).unwrap();
    let limit = "UserErrorRpCollectionLimitReached";
    let matched = |given| match_given(&catalogue, &given).unwrap();
    let code = Given {
        code: Some(limit.to_lowercase()),
        ..Given::default()
    };
    let certain = matched(code);
    assert_eq!(certain.answer.sureness, Sureness::Certain);
    assert_eq!(
        (certain.answer.runbook.as_deref(), certain.exit().code()),
        (Some(limit), 0)
    );
    let number = Given {
        number: Some(400_349),
        ..Given::default()
    };
    let likely = matched(number);
    assert_eq!(likely.answer.sureness, Sureness::Likely);
    assert_eq!(
        likely.answer.runbook.as_deref(),
        Some("UserErrorCrpReportedUserError")
    );
    let both = Given {
        code: Some("UserErrorOfTomorrow".to_owned()),
        ..given("The Restore Point collection max limit has reached.")
    };
    let unknown = matched(both);
    assert_eq!(unknown.answer.sureness, Sureness::Unknown);
    assert_eq!(
        (unknown.answer.runbook.as_deref(), unknown.exit().code()),
        (Some("Triage"), 5)
    );
    assert_eq!(unknown.answer.alternatives[0].runbook, limit);
}

fn document(properties: &Value) -> String {
    let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/j1";
    json!({ "id": id, "name": "j1", "properties": properties }).to_string()
}

#[test]
fn a_job_an_item_and_an_alert_are_matched_from_what_somebody_kept() {
    let catalogue = catalogue(None).unwrap();
    let alert = json!({ "schemaId": "azureMonitorCommonAlertSchema", "data": {
        "essentials": { "monitoringService": "Azure Backup", "originAlertId": "25_0_46azureiaasvmusererrorrpcollectionlimitreachedlog" },
        "alertContext": { "extendedInfo": { "jobId": "j1" } } } });
    let job = json!({ "jobType": "AzureIaaSVMJob", "errorDetails": [{ "errorTitle": "UserErrorRpCollectionLimitReached" }] });
    let item = json!({ "healthStatus": "ActionRequired", "kpisHealths": { "BackupOperationStatusKPI": { "resourceHealthDetails": [
        { "title": "UserErrorRpCollectionLimitReached", "message": "" }] } } });
    for (text, field) in [
        (document(&job), "errorDetails[0].errorTitle"),
        (
            document(&item),
            "kpisHealths.BackupOperationStatusKPI.resourceHealthDetails[0].title",
        ),
        (alert.to_string(), "essentials.originAlertId"),
    ] {
        let matched = match_document(&catalogue, "kept.json", &text).unwrap();
        let found = matched.answer.found.unwrap();
        assert_eq!(
            (found.runbook.as_str(), found.field.as_str()),
            ("UserErrorRpCollectionLimitReached", field)
        );
    }
    let passed = json!({ "healthStatus": "Passed", "lastBackupStatus": "Failed",
        "healthDetails": [{ "code": 400_239, "title": "IaasVmHealthGreenDefault", "message": "Backup pre-check status of this virtual machine is OK." }] });
    let matched = match_document(&catalogue, "item.json", &document(&passed)).unwrap();
    assert_eq!(
        (matched.answer.sureness, matched.exit().code()),
        (Sureness::Unknown, 5)
    );
}

/// Every value that the names of the wire may have, at every place.
#[test]
fn no_document_makes_matching_panic() {
    let catalogue = catalogue(None).unwrap();
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{130}\u{2019}."),
        json!([]),
        json!([null]),
        json!({}),
        json!([[{}]]),
        json!([{ "errorCode": "x", "errorTitle": 7, "errorString": [], "recommendations": {} }]),
        json!({ "BackupRPOKPI": { "resourceHealthDetails": [{ "code": "no", "title": [] }] } }),
        json!({ "essentials": { "originAlertId": 1 }, "alertContext": { "extendedInfo": null } }),
    ];
    let names = [
        "errorDetails",
        "extendedInfo",
        "operation",
        "healthDetails",
        "kpisHealths",
        "protectionState",
        "data",
        "properties",
        "id",
    ];
    let mut tried = 0;
    for outer in &values {
        for (at, name) in names.iter().enumerate() {
            let other = names[(at + 3) % names.len()];
            for inner in &values {
                let properties = json!({ *name: inner, other: outer });
                let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/j";
                for whole in [
                    json!({ "id": id, "properties": properties }),
                    properties.clone(),
                    json!({ *name: outer }),
                ] {
                    if let Ok(matched) = match_document(&catalogue, "d", &whole.to_string()) {
                        assert_ne!(matched.answer.sureness, Sureness::Certain, "{whole}");
                    }
                    tried += 1;
                }
            }
        }
    }
    for text in ["", "{", "null", "[]", "7", "\"x\"", "{\"properties\":null}"] {
        assert!(match_document(&catalogue, "d", text).is_err(), "{text}");
    }
    assert!(tried > 4000, "{tried}");
}

fn world(jobs: &str) -> String {
    format!(
        "vms:\n  - {{ name: web1, group: rg-web }}\n  - {{ name: web2, group: rg-web }}\n  - {{ name: web3, group: rg-web }}\n\
         restore_point_collections:\n  - {{ vm: web1, points: 2 }}\n\
         vaults:\n  - name: vault-web\n    items:\n      - {{ vm: web1 }}\n      - {{ vm: web2 }}\n      - {{ vm: web3 }}\n    jobs:\n{jobs}"
    )
}

fn failed(vm: &str, more: &str) -> String {
    format!("      - {{ vm: {vm}, status: Failed, started: 29m ago, ended: 25m ago, {more} }}\n")
}

fn ask(stage: &Stage, code: Option<&str>) -> Ask {
    Ask {
        code: code.map(str::to_owned),
        vm: stage.vm("web1"),
        ..Ask::default()
    }
}

const LIMIT_INSIDE: &str = "code: UserErrorCrpReportedUserError, details: \"The number of restore points across restore point collections and resource groups for a VM cannot exceed 18.\"";

#[test]
fn without_a_code_the_last_failure_chooses_and_the_plan_says_why() {
    for (more, runbook, sureness) in [
        (
            "code: UserErrorVmProvisioningStateFailed",
            "UserErrorVmProvisioningStateFailed",
            Sureness::Certain,
        ),
        ("code: UserErrorOfTomorrow", "Triage", Sureness::Unknown),
        (
            "code: X, title: false, message: \"The VM is in failed provisioning state.\"",
            "UserErrorVmProvisioningStateFailed",
            Sureness::Likely,
        ),
        (
            LIMIT_INSIDE,
            "UserErrorRpCollectionLimitReached",
            Sureness::Likely,
        ),
        (
            "code: UserErrorCrpReportedUserError, details: nothing known",
            "UserErrorCrpReportedUserError",
            Sureness::Certain,
        ),
        (
            "code: VMRestorePointClientError, message: \"The VM is in failed provisioning state\"",
            "UserErrorVmProvisioningStateFailed",
            Sureness::Likely,
        ),
    ] {
        in_virtual_time(async {
            let stage = Stage::yaml(&world(&failed("web1", more)), "[]");
            let made = plan(&stage.world, &ask(&stage, None)).await.unwrap();
            let answer = made.matched.as_ref().unwrap();
            assert_eq!(
                (made.runbook.code.as_str(), answer.sureness),
                (runbook, sureness),
                "{more}"
            );
            assert!(
                made.incident.id.is_some(),
                "{more}: the job is what is answered"
            );
            assert!(stage.ledger().iter().all(|entry| !entry.is_write()));
            let matched = match_vm(&stage.world, &stage.vm("web1")).await.unwrap();
            assert_eq!(matched.answer.runbook.as_deref(), Some(runbook));
        });
    }
}

#[test]
fn a_wrapping_code_that_was_named_is_answered_by_what_stands_inside() {
    in_virtual_time(async {
        let stage = Stage::yaml(&world(&failed("web1", LIMIT_INSIDE)), "[]");
        let wrapper = ask(&stage, Some("UserErrorCrpReportedUserError"));
        let made = plan(&stage.world, &wrapper).await.unwrap();
        assert_eq!(made.runbook.code, "UserErrorRpCollectionLimitReached");
        let answer = made.matched.unwrap();
        assert_eq!(
            answer.inside.as_deref(),
            Some("UserErrorCrpReportedUserError")
        );
        let inner = ask(&stage, Some("UserErrorRpCollectionLimitReached"));
        let named = plan(&stage.world, &inner).await.unwrap();
        assert_eq!(
            named.incident.id, made.incident.id,
            "the same incident, however it is asked"
        );
        let other = ask(&stage, Some("UserErrorVmProvisioningStateFailed"));
        let other = plan(&stage.world, &other).await.unwrap();
        let outcome = other.verdict.map(|verdict| verdict.outcome);
        assert_eq!(
            outcome,
            Some(RunOutcome::NeedsHuman),
            "nothing of it stands inside"
        );
    });
}

#[test]
fn the_runbook_for_anything_else_has_no_step_that_could_write() {
    let catalogue = catalogue(None).unwrap();
    let triage = catalogue.find("Triage").unwrap();
    assert!(triage.matching.anything);
    let actions: Vec<&str> = triage.steps().map(|step| step.action.as_str()).collect();
    assert!(
        actions.iter().all(|action| *action == "human"),
        "{actions:?}"
    );
}

#[test]
fn triage_lists_whose_last_backup_failed_worst_first_and_writes_nothing() {
    let jobs = [
        failed("web1", "code: UserErrorOfTomorrow"),
        failed("web2", "code: UserErrorVmProvisioningStateFailed"),
        "      - { vm: web2, status: Failed, code: UserErrorOfTomorrow, started: 4h ago, ended: 4h ago }\n".to_owned(),
        "      - { vm: web3, status: Completed, started: 1h ago, recovery_point: true }\n".to_owned(),
        "      - { vm: web3, status: Failed, code: UserErrorOfTomorrow, started: 2h ago, ended: 2h ago }\n".to_owned(),
        "      - { vm: web3, status: Failed, code: UserErrorOfTomorrow, started: 3d ago, ended: 3d ago }\n".to_owned(),
    ];
    in_virtual_time(async {
        let stage = Stage::yaml(&world(&jobs.concat()), "[]");
        let day = std::time::Duration::from_secs(24 * 3600);
        let (told, exit) = triage::triage(&stage.world, &[], day).await.unwrap();
        assert_eq!((exit.code(), told.vaults.len()), (0, 1));
        let vault = &told.vaults[0];
        let listed: Vec<(&str, &str, usize)> = vault
            .failed
            .iter()
            .map(|vm| {
                (
                    vm.name.as_str(),
                    vm.answer.runbook.as_deref().unwrap(),
                    vm.failures,
                )
            })
            .collect();
        // Neither has a recovery point, or both the same; web2 failed twice, and web1 has points.
        assert_eq!(
            listed,
            [
                ("web2", "UserErrorVmProvisioningStateFailed", 2),
                ("web1", "Triage", 1)
            ]
        );
        assert_eq!((vault.healed, vault.unread), (1, 0));
        assert!(stage.ledger().iter().all(|entry| !entry.is_write()));
        let nowhere =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v"
                .to_owned();
        assert!(triage::triage(&stage.world, &[nowhere], day).await.is_err());
        let gone = vault.vault.replace("vault-web", "vault-gone");
        let (told, exit) = triage::triage(&stage.world, &[gone, vault.vault.clone()], day)
            .await
            .unwrap();
        assert!(told.vaults[0].error.is_some() && told.vaults[1].failed.len() == 2);
        assert_ne!(exit.code(), 0, "what could not be read is not passed over");
    });
}
