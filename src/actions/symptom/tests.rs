use serde_json::{Value, json};

use super::*;

fn job(properties: Value) -> Job {
    let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/j1";
    Job::of_json(json!({ "id": id, "properties": properties })).expect("a job")
}

fn item(properties: Value) -> ProtectedItem {
    let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/c/protectedItems/i";
    ProtectedItem::of_json(json!({ "id": id, "properties": properties })).expect("an item")
}

fn fields(symptom: &Symptom) -> Vec<&str> {
    symptom
        .clues
        .iter()
        .map(|clue| clue.field.as_str())
        .collect()
}

#[test]
fn a_job_says_its_title_first_and_its_advice_last() {
    let job = job(json!({
        "errorDetails": [{ "errorCode": 400196, "errorTitle": "UserErrorGuestAgentStatusUnavailable",
            "errorString": "no agent", "recommendations": ["do this"] }],
        "extendedInfo": { "dynamicErrorMessage": "compute said no" },
    }));
    let symptom = of_job(&job);
    assert_eq!(
        fields(&symptom),
        [
            "errorDetails[0].errorTitle",
            "errorDetails[0].errorCode",
            "errorDetails[0].errorString",
            "extendedInfo.dynamicErrorMessage",
            "errorDetails[0].recommendations[0]"
        ]
    );
    assert_eq!(
        symptom.message().as_deref(),
        Some("no agent compute said no")
    );
}

#[test]
fn the_item_speaks_where_the_job_gives_no_code_and_of_the_same_failure_only() {
    let health = json!({ "healthDetails": [
        { "code": 400206, "title": "ExtensionSnapshotFailedNoNetwork", "message": "m" },
        { "code": 400196, "title": "UserErrorGuestAgentStatusUnavailable", "message": "m" },
    ] });
    let titled = job(json!({ "errorDetails": [{ "errorTitle": "Own", "errorCode": 400196 }] }));
    assert_eq!(
        of_job_and_item(&titled, &item(health.clone())),
        of_job(&titled)
    );
    let numbered = job(json!({ "errorDetails": [{ "errorCode": 400196 }] }));
    let symptom = of_job_and_item(&numbered, &item(health.clone()));
    assert_eq!(
        symptom.symbol(),
        Some("UserErrorGuestAgentStatusUnavailable")
    );
    assert!(!fields(&symptom).contains(&"healthDetails[0].title"));
    let silent = job(json!({}));
    let symptom = of_job_and_item(&silent, &item(health));
    assert_eq!(symptom.symbol(), Some("ExtensionSnapshotFailedNoNetwork"));
}

#[test]
fn a_health_that_passed_says_nothing_of_the_failure() {
    let green = json!({ "healthStatus": "Passed", "lastBackupStatus": "Failed",
        "healthDetails": [{ "code": 400239, "title": "IaasVmHealthGreenDefault", "message": "OK" }],
        "kpisHealths": { "BackupRPOKPI": { "resourceHealthDetails": [{ "code": 0, "title": "Success", "message": "" }] } } });
    assert_eq!(of_item(&item(green)), nothing());
    let of_number = json!({ "healthDetails": [{ "code": 400239, "message": "OK" }] });
    assert_eq!(of_item(&item(of_number)), nothing());
}

#[test]
fn every_side_of_the_health_but_that_of_restores_is_read() {
    let unwell =
        |code: &str| json!({ "resourceHealthDetails": [{ "title": code, "message": "" }] });
    let kpis = json!({ "kpisHealths": { "BackupOperationStatusKPI": unwell("A1"),
        "RestoreOperationStatusKPI": unwell("B1"), "BackupRPOKPI": "in another form" } });
    let symptom = of_item(&item(kpis));
    assert_eq!(
        fields(&symptom),
        ["kpisHealths.BackupOperationStatusKPI.resourceHealthDetails[0].title"]
    );
}

#[test]
fn an_alert_gives_its_code_at_the_end_of_its_own_id() {
    let alert = Alert::of_json(json!({ "schemaId": "azureMonitorCommonAlertSchema", "data": {
        "essentials": { "alertRule": "Backup Failure", "monitoringService": "Azure Backup",
            "originAlertId": "25_0_46azureiaasvmusererrorrpcollectionlimitreachedlog", "description": "It failed." },
        "alertContext": { "extendedInfo": { "jobId": "j1", "possibleCauses": null, "recommendedActions": null } } } }))
    .expect("an alert");
    assert_eq!(alert.job.as_deref(), Some("j1"));
    let says = of_alert(&alert);
    assert!(matches!(&says.clues[0].says, Says::Joined(text) if text.ends_with("reachedlog")));
    assert_eq!(
        fields(&says),
        ["essentials.originAlertId", "essentials.description"]
    );
}
