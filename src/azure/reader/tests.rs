//! Each look asks what the documents have, and reads what the recordings hold.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::azure::resource_id::ResourceId;
use crate::azure::scripted::{Stage, error, json as answer, reply};
use crate::base::ErrorClass;

use super::Reader;

const S: &str = "/subscriptions/s";
const RG: &str = "/subscriptions/s/resourceGroups/rg";

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn vault() -> ResourceId {
    id(&format!(
        "{RG}/providers/Microsoft.RecoveryServices/vaults/v"
    ))
}

fn vm() -> ResourceId {
    id(&format!(
        "{RG}/providers/Microsoft.Compute/virtualMachines/web1"
    ))
}

fn stage(replies: Vec<Value>) -> (Stage, Reader) {
    let stage = Stage::new(replies.into_iter().map(|body| answer(200, body)).collect());
    let reader = Reader::new(stage.arm.clone());
    (stage, reader)
}

fn since() -> Timestamp {
    "2026-11-20T15:04:05Z".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_vm_is_read_with_its_instance_view() {
    let (stage, reader) = stage(vec![
        json!({ "id": vm(), "name": "web1", "properties": {} }),
    ]);
    assert_eq!(reader.virtual_machine(&vm()).await.unwrap().name, "web1");
    assert_eq!(
        stage.lines(),
        [format!(
            "GET {}?$expand=instanceView&api-version=2024-07-01",
            vm()
        )]
    );
    assert_eq!(stage.arm.counts().reads, 1);
}

#[tokio::test(start_paused = true)]
async fn every_page_of_the_collections_is_read_and_groups_in_capitals_are_the_same() {
    let path = |name: &str| {
        format!(
            "{S}/resourceGroups/BACKUP/providers/Microsoft.Compute/restorePointCollections/{name}"
        )
    };
    let next = "https://management.azure.com/subscriptions/s/providers/x?%24skiptoken=a;b%3D";
    let (stage, reader) = stage(vec![
        json!({ "value": [{ "id": path("a"), "properties": { "source": { "id": vm().as_str().to_uppercase() } } }], "nextLink": next }),
        json!({ "value": [{ "id": path("b") }], "nextLink": "" }),
    ]);
    let found = reader.restore_point_collections(&vm()).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].source_id, Some(vm()));
    assert_eq!(found[0].id, id(&path("a").to_lowercase()));
    assert_eq!(
        stage.lines()[0],
        format!(
            "GET {S}/providers/Microsoft.Compute/restorePointCollections?api-version=2024-07-01"
        )
    );
    assert_eq!(stage.asked()[1].url, next);
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_next_page_is_elsewhere_or_fails_is_no_list() {
    let (stage, reader) = stage(vec![
        json!({ "value": [], "nextLink": "https://evil.example/x" }),
    ]);
    assert_eq!(
        reader.locks(&id(RG)).await.unwrap_err().class,
        ErrorClass::Invalid
    );
    assert_eq!(stage.asked().len(), 1);
    let page = json!({ "value": [], "nextLink": "https://management.azure.com/x?api-version=1" });
    let stage = Stage::new(vec![
        answer(200, page),
        error(403, "AuthorizationFailed", "no"),
    ]);
    let failure = Reader::new(stage.arm.clone())
        .locks(&id(RG))
        .await
        .unwrap_err();
    assert_eq!(failure.class, ErrorClass::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_leads_in_a_circle_ends() {
    let here = "https://management.azure.com/x?api-version=1";
    let page = json!({ "value": [], "nextLink": here });
    let (stage, reader) = stage(vec![page.clone(), page]);
    assert_eq!(
        reader.locks(&id(RG)).await.unwrap_err().class,
        ErrorClass::Invalid
    );
    assert!(stage.is_played());
}

#[tokio::test(start_paused = true)]
async fn locks_are_listed_without_a_filter_and_one_that_cannot_be_read_fails_the_list() {
    let lock = |scope: &str| json!({ "id": format!("{scope}/providers/Microsoft.Authorization/locks/l"), "properties": { "level": "ReadOnly" } });
    let below = format!("{RG}/providers/Microsoft.Storage/storageAccounts/x");
    let (stage, reader) = stage(vec![
        json!({ "value": [lock(S), lock(&below)] }),
        json!({ "value": [{ "id": "?" }] }),
    ]);
    let locks = reader.locks(&id(RG)).await.unwrap();
    assert_eq!(
        locks
            .iter()
            .map(|l| l.scope().to_string())
            .collect::<Vec<_>>(),
        [S.to_owned(), below]
    );
    assert_eq!(
        stage.lines()[0],
        format!("GET {RG}/providers/Microsoft.Authorization/locks?api-version=2020-05-01")
    );
    assert!(reader.locks(&id(RG)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_protection_of_a_vm_is_asked_in_its_region() {
    let (stage, reader) = stage(vec![json!({ "protectionStatus": "NotProtected" })]);
    let status = reader.backup_status(&vm(), "West Europe").await.unwrap();
    assert_eq!(status.protection_status, "NotProtected");
    assert_eq!(
        stage.lines(),
        [format!(
            "POST {S}/providers/Microsoft.RecoveryServices/locations/westeurope/backupStatus?api-version=2024-04-01"
        )]
    );
    assert_eq!(
        stage.asked()[0].body,
        json!({ "resourceType": "VM", "resourceId": vm() })
    );
    let counts = stage.arm.counts();
    assert_eq!((counts.queries, counts.reads, counts.writes), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn jobs_of_all_operations_come_newest_first_from_one_filtered_list() {
    let job = |name: &str, start: &str| json!({ "id": vault().child(&format!("backupJobs/{name}")), "properties": { "startTime": start } });
    let (stage, reader) = stage(vec![
        json!({ "value": [job("old", "2026-11-20T16:00:00.12345Z"), job("new", "2026-11-20T17:00:00.1234567Z")] }),
    ]);
    let jobs = reader.backup_jobs(&vault(), since()).await.unwrap();
    assert_eq!(
        jobs.iter().map(|j| j.name.as_str()).collect::<Vec<_>>(),
        ["new", "old"]
    );
    let filter = "backupManagementType%20eq%20%27AzureIaasVM%27%20and%20startTime%20eq%20%272026-11-20%2003%3A04%3A05%20PM%27";
    assert_eq!(
        stage.lines(),
        [format!(
            "GET {}/backupJobs?$filter={filter}&api-version=2024-04-01",
            vault()
        )]
    );
}

#[tokio::test(start_paused = true)]
async fn items_points_policies_permissions_and_contents_are_read_where_they_lie() {
    let item = vault().child("backupFabrics/Azure/protectionContainers/c;1/protectedItems/VM;1");
    let policy = vault().child("backupPolicies/My Policy");
    let (stage, reader) = stage(vec![
        json!({ "id": item, "properties": {} }),
        json!({ "value": [{ "id": item.child("recoveryPoints/1"), "properties": {} }] }),
        json!({ "id": policy, "properties": {} }),
        json!({ "value": [{ "actions": ["*"], "notActions": null }] }),
        json!({ "value": [{ "id": vm(), "type": "x" }] }),
    ]);
    assert_eq!(
        reader.protected_item(&item).await.unwrap().vault,
        Some(vault())
    );
    assert_eq!(reader.recovery_points(&item).await.unwrap().len(), 1);
    assert_eq!(
        reader.backup_policy(&policy).await.unwrap().name,
        "My Policy"
    );
    assert!(
        reader
            .permissions(&id(RG))
            .await
            .unwrap()
            .allows("Microsoft.Compute/disks/read")
    );
    assert_eq!(reader.group_contents(&id(RG)).await.unwrap(), [vm()]);
    assert_eq!(
        stage.lines(),
        [
            format!("GET {item}?api-version=2024-04-01"),
            format!("GET {item}/recoveryPoints?api-version=2024-04-01"),
            format!(
                "GET {}/backupPolicies/My%20Policy?api-version=2024-04-01",
                vault()
            ),
            format!(
                "GET {RG}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
            ),
            format!("GET {RG}/resources?api-version=2024-07-01"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_activity_log_is_asked_in_the_form_that_it_allows() {
    let event = |at: &str, status: &str| {
        json!({ "caller": "policy@contoso", "eventTimestamp": at,
        "operationName": { "value": "Microsoft.Authorization/locks/write", "localizedValue": "x" }, "status": { "value": status } })
    };
    let (stage, reader) = stage(vec![
        json!({ "value": [event("2026-11-21T01:00:00Z", "Started"), event("2026-11-21T01:00:01Z", "Succeeded")] }),
    ]);
    let lock = id(&format!("{RG}/providers/Microsoft.Authorization/locks/l"));
    let events = reader.lock_events(&lock, since()).await.unwrap();
    assert_eq!(
        (events[0].status.as_str(), events[0].caller.as_deref()),
        ("Succeeded", Some("policy@contoso"))
    );
    assert_eq!(events[0].operation, "Microsoft.Authorization/locks/write");
    let url = stage.asked()[0]
        .url
        .replace("%20", " ")
        .replace("%27", "'")
        .replace("%3A", ":")
        .replace("%2F", "/");
    assert!(url.contains(&format!("$filter=eventTimestamp ge '2026-11-20T15:04:05Z' and eventTimestamp le '2026-11-21T03:10:00Z' and resourceUri eq '{lock}'")), "{url}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_json_or_not_the_resource_is_a_failure() {
    for body in ["<html>log in</html>", "", "{}", "[]"] {
        let stage = Stage::new(vec![reply(200, &[], body)]);
        let failure = Reader::new(stage.arm.clone())
            .virtual_machine(&vm())
            .await
            .unwrap_err();
        assert_eq!(
            (failure.class, failure.status),
            (ErrorClass::Invalid, Some(200)),
            "{body}"
        );
    }
    let bom = format!("\u{feff}{}", json!({ "id": vm() }));
    let stage = Stage::new(vec![reply(200, &[], bom)]);
    assert!(
        Reader::new(stage.arm.clone())
            .virtual_machine(&vm())
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn an_extension_list_is_expanded_and_a_collection_has_its_points() {
    let collection = id(&format!(
        "{RG}/providers/Microsoft.Compute/restorePointCollections/c"
    ));
    let (stage, reader) = stage(vec![
        json!({ "value": [{ "id": vm().child("extensions/a"), "properties": { "type": "VMSnapshot" } }] }),
        json!({ "id": collection, "properties": {} }),
        json!({ "id": vault().child("backupJobs/j"), "properties": { "status": "Failed" } }),
    ]);
    assert_eq!(
        reader.extensions(&vm()).await.unwrap()[0].kind,
        "VMSnapshot"
    );
    assert_eq!(
        reader
            .restore_point_collection(&collection)
            .await
            .unwrap()
            .points,
        Some(vec![])
    );
    assert_eq!(
        reader
            .backup_job(&vault().child("backupJobs/j"))
            .await
            .unwrap()
            .status,
        "Failed"
    );
    assert_eq!(
        stage.lines(),
        [
            format!(
                "GET {}/extensions?$expand=instanceView&api-version=2024-07-01",
                vm()
            ),
            format!("GET {collection}?$expand=restorePoints&api-version=2024-07-01"),
            format!("GET {}/backupJobs/j?api-version=2024-04-01", vault()),
        ]
    );
}
