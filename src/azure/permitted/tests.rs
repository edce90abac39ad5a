//! Each change is one request, as the documents have it.

use serde_json::{Value, json};

use crate::azure::operation::{OperationKind, Sent};
use crate::azure::proof::{BackupExtension, BlockingLock, FixedScript, OwnCollection, ProtectedVm};
use crate::azure::resource_id::ResourceId;
use crate::azure::scripted::{Stage, error, reply};
use crate::azure::views::{Collection, Extension, Lock, OsType, ProtectedItem};
use crate::base::ErrorClass;

use super::Writer;

const RG: &str = "/subscriptions/s/resourceGroups/rg";

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn vm() -> ResourceId {
    id(&format!(
        "{RG}/providers/Microsoft.Compute/virtualMachines/web1"
    ))
}

fn collection() -> Collection {
    let id = format!("{RG}/providers/Microsoft.Compute/restorePointCollections/AzureBackup_web1_1");
    serde_json::from_value(json!({ "id": id, "name": "AzureBackup_web1_1", "source_id": vm() }))
        .unwrap()
}

fn blocking_lock() -> BlockingLock {
    let id = format!("{RG}/providers/Microsoft.Authorization/locks/keep");
    let lock: Lock =
        serde_json::from_value(json!({ "id": id, "name": "keep", "level": "CanNotDelete" }))
            .unwrap();
    BlockingLock::prove(&lock, &collection().id).unwrap()
}

fn protected() -> ProtectedVm {
    let id = format!(
        "{RG}/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg;web1/protectedItems/VM;iaasvmcontainerv2;rg;web1"
    );
    let item: ProtectedItem = serde_json::from_value(
        json!({ "id": id, "name": "x", "source_id": vm(), "protection_state": "Protected" }),
    )
    .unwrap();
    ProtectedVm::prove(&item, &vm()).unwrap()
}

fn script() -> FixedScript {
    FixedScript::new(
        "win-agent-check",
        "line 1\nline 2",
        vec![("Apply".into(), "false".into())],
    )
    .unwrap()
}

fn accepted() -> Result<http::Response<bytes::Bytes>, crate::azure::WireError> {
    let headers = [
        (
            "Azure-Asyncoperation",
            "https://management.azure.com/op;1?c=M",
        ),
        (
            "Location",
            "https://management.azure.com/op;1?monitor=true&c=M",
        ),
        ("Retry-After", "60"),
    ];
    reply(202, &headers, "")
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_deleted_at_its_own_id_and_what_is_not_there_is_done() {
    for status in [200, 204, 404] {
        let stage = Stage::new(vec![reply(status, &[], "")]);
        let sent = Writer::new(stage.arm.clone())
            .delete_lock(blocking_lock())
            .await;
        assert_eq!(sent, Ok(Sent::Done(Value::Null)), "{status}");
        assert_eq!(
            stage.lines(),
            [format!(
                "DELETE {RG}/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01"
            )]
        );
        assert_eq!(stage.arm.counts().writes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_collection_is_deleted_as_an_operation_that_keeps_both_urls() {
    let stage = Stage::new(vec![accepted()]);
    let proof = OwnCollection::prove(&collection(), &vm()).unwrap();
    let Ok(Sent::Accepted(operation)) = Writer::new(stage.arm.clone())
        .delete_collection(proof)
        .await
    else {
        panic!("the deletion goes on");
    };
    assert_eq!(
        operation.status_url.as_deref(),
        Some("https://management.azure.com/op;1?c=M")
    );
    assert_eq!(
        operation.result_url.as_deref(),
        Some("https://management.azure.com/op;1?monitor=true&c=M")
    );
    assert_eq!(
        (operation.poll_after, operation.kind),
        (Some(60), OperationKind::Delete)
    );
    assert_eq!(operation.request_id, stage.asked()[0].request_id);
    assert_eq!(
        stage.lines(),
        [format!("DELETE {}?api-version=2024-07-01", collection().id)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_locked_collection_names_the_scope_of_the_lock() {
    let message = format!(
        "The scope 'x' cannot perform delete operation because following scope(s) are locked: '{RG}'. Please remove the lock and try again."
    );
    let stage = Stage::new(vec![error(409, "ScopeLocked", &message)]);
    let proof = OwnCollection::prove(&collection(), &vm()).unwrap();
    let failure = Writer::new(stage.arm.clone())
        .delete_collection(proof)
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.scope.as_deref()),
        (ErrorClass::Locked, Some(RG))
    );
}

#[tokio::test(start_paused = true)]
async fn the_extension_is_deleted() {
    let id = format!("{}/extensions/snap", vm());
    let extension: Extension = serde_json::from_value(json!({ "id": id, "name": "snap",
        "publisher": "Microsoft.Azure.RecoveryServices", "type": "VMSnapshot" }))
    .unwrap();
    let stage = Stage::new(vec![accepted()]);
    let proof = BackupExtension::prove(&extension).unwrap();
    Writer::new(stage.arm.clone())
        .delete_extension(proof)
        .await
        .unwrap();
    assert_eq!(
        stage.lines(),
        [format!("DELETE {id}?api-version=2024-07-01")]
    );
}

#[tokio::test(start_paused = true)]
async fn a_backup_is_asked_for_with_the_day_on_which_it_may_go() {
    let stage = Stage::new(vec![accepted()]);
    Writer::new(stage.arm.clone())
        .back_up(protected(), 30)
        .await
        .unwrap();
    let asked = stage.asked();
    let path = format!("{}/backup?api-version=2024-04-01", protected().item());
    assert_eq!(stage.lines(), [format!("POST {path}")]);
    assert!(
        asked[0].url.contains(";iaasvmcontainerv2;rg;web1/"),
        "semicolons stay"
    );
    assert_eq!(
        asked[0].body,
        json!({ "properties": { "objectType": "IaasVMBackupRequest",
        "recoveryPointExpiryTimeInUTC": "2026-12-21T03:10:00.000Z" } })
    );
    for days in [0, u32::MAX] {
        let stage = Stage::new(vec![]);
        let failure = Writer::new(stage.arm.clone())
            .back_up(protected(), days)
            .await
            .unwrap_err();
        assert_eq!(failure.class, ErrorClass::Invalid);
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_is_sent_line_by_line_and_a_probe_is_counted_apart() {
    for (os, command) in [
        (OsType::Windows, "RunPowerShellScript"),
        (OsType::Linux, "RunShellScript"),
    ] {
        let stage = Stage::new(vec![accepted(), accepted()]);
        let writer = Writer::new(stage.arm.clone());
        writer
            .run_script(&vm(), os, script(), "do it")
            .await
            .unwrap();
        writer
            .run_script(&vm(), os, script().that_only_looks(), "do it")
            .await
            .unwrap();
        let asked = stage.asked();
        assert_eq!(
            asked[0].body,
            json!({ "commandId": command, "script": ["line 1", "line 2"],
            "parameters": [{ "name": "Apply", "value": "false" }] })
        );
        assert_eq!(
            stage.lines()[0],
            format!("POST {}/runCommand?api-version=2024-07-01", vm())
        );
        let counts = stage.arm.counts();
        assert_eq!((counts.writes, counts.probes), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_goes_to_a_vm_and_a_lost_probe_is_not_repeated() {
    let stage = Stage::new(vec![]);
    let failure = Writer::new(stage.arm.clone())
        .run_script(&id(RG), OsType::Linux, script(), "do it")
        .await
        .unwrap_err();
    assert_eq!(failure.class, ErrorClass::Invalid);
    let stage = Stage::new(vec![error(500, "InternalServerError", "")]);
    let writer = Writer::new(stage.arm.clone());
    writer
        .run_script(&vm(), OsType::Linux, script().that_only_looks(), "do it")
        .await
        .unwrap_err();
    assert_eq!(stage.asked().len(), 1);
}
