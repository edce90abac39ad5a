//! What a recording is of, and what our client makes of it.

use jiff::Timestamp;
use runbook::azure::proof::{BlockingLock, FixedScript, ProtectedVm};
use runbook::azure::views::{Lock, OsType, ProtectedItem};
use runbook::azure::{Operation, OperationKind, Polled, Reader, ResourceId, Sent, Writer};
use runbook::base::Failure;
use serde_json::{Value, json};

use super::facts;
use super::recording::Recording;
use super::replay::Replay;

/// What became of a recording.
pub(super) enum Fate {
    /// An answer that was read.
    Read,
    /// An operation whose URL Azure refuses or no longer knows.
    Gone,
    /// A failure with a class.
    Refused(Failure),
    /// Of a kind that this program does not ask for.
    NotRead,
}

/// A recording's line in the golden list.
pub(super) struct Told {
    pub(super) kind: &'static str,
    pub(super) fate: Fate,
    pub(super) facts: String,
    pub(super) requests: usize,
    pub(super) waited: i64,
}

type Outcome = Result<String, Failure>;

const GROUP: &str = "/subscriptions/s/resourceGroups/rg";

/// Gives the recorded answer to the function that would have asked for it.
pub(super) async fn tell(recording: &Recording) -> Told {
    let kind = kind(recording);
    let replay = Replay::of(recording);
    let outcome = match kind {
        "not read by us" => {
            let facts = format!("{} HTTP {}", recording.method, recording.status);
            return Told::new(kind, Fate::NotRead, facts, &replay);
        }
        "operation" => match poll(&replay, recording).await {
            Ok(Polled::Gone) => return Told::new(kind, Fate::Gone, "gone".to_owned(), &replay),
            polled => polled.map(|polled| facts::polled(&polled)),
        },
        "change" => change(&replay, recording).await,
        "protected items" => items(recording).await,
        _ => read(kind, &replay, recording).await,
    };
    match outcome {
        Ok(facts) => Told::new(kind, Fate::Read, facts, &replay),
        Err(failure) => {
            let facts = facts::failure(&failure);
            let facts = format!("{facts}, {} requests", replay.asked().len());
            Told::new(kind, Fate::Refused(failure), facts, &replay)
        }
    }
}

impl Told {
    fn new(kind: &'static str, fate: Fate, facts: String, replay: &Replay) -> Self {
        Self {
            kind,
            fate,
            facts,
            requests: replay.asked().len(),
            waited: replay.waited(),
        }
    }
}

fn kind(recording: &Recording) -> &'static str {
    let path = recording.path().to_lowercase();
    let has = |part: &str| path.contains(part);
    let ends = |part: &str| path.ends_with(part);
    let get = recording.method == "GET";
    let polled = ["/operations/", "/diskoperations/", "/operationresults/"];
    let polled_of_backup = [
        "/operationsstatus/",
        "/operationstatus/",
        "/backupoperations/",
    ];
    if recording.status == 0 {
        "not read by us"
    } else if polled.iter().chain(&polled_of_backup).any(|p| has(p)) || ends("/operationresults") {
        "operation"
    } else if ends("/backupstatus") {
        "backup status"
    } else if has("/microsoft.authorization/locks") && recording.method != "DELETE" {
        if ends("/locks") { "locks" } else { "lock" }
    } else if recording.method == "DELETE" || recording.method == "POST" && !has("resourcegraph") {
        "change"
    } else if recording.status >= 400 {
        "any GET"
    } else if !get || has("/runcommands/") || has("/restorepoints/") || has("dataprotection") {
        "not read by us"
    } else if has("/recoverypoints") {
        "recovery points"
    } else if has("/restorepointcollections/") {
        "restore point collection"
    } else if has("/restorepointcollections") {
        "restore point collections"
    } else if has("/extensions") {
        "extensions"
    } else if has("/virtualmachines/") {
        "virtual machine"
    } else if has("/backupprotecteditems") {
        "protected items"
    } else if has("/backuppolicies/") {
        "backup policy"
    } else if has("/backupjobs/") {
        "backup job"
    } else if has("/backupjobs") {
        "backup jobs"
    } else {
        "not read by us"
    }
}

async fn read(kind: &str, replay: &Replay, recording: &Recording) -> Outcome {
    let azure = Reader::new(replay.arm.clone());
    let path = recording.path();
    let parent = |part: &str| id(path.split(part).next().unwrap_or_default());
    Ok(match kind {
        "backup status" => {
            let vm = id(&format!(
                "{GROUP}/providers/Microsoft.Compute/virtualMachines/m"
            ));
            facts::status(&azure.backup_status(&vm, "South Central US").await?)
        }
        "locks" => {
            let scope = parent("/providers/Microsoft.Authorization/locks");
            facts::each(&azure.locks(&scope).await?, facts::lock)
        }
        "lock" => facts::lock(&azure.lock(&id(&path)).await?),
        "recovery points" => {
            let points = azure.recovery_points(&parent("/recoveryPoints")).await?;
            facts::each(&points, facts::recovery_point)
        }
        "restore point collection" => {
            facts::collection(&azure.restore_point_collection(&id(&path)).await?)
        }
        "restore point collections" => {
            let list = azure
                .restore_point_collections(&parent("/providers/"))
                .await?;
            facts::each(&list, facts::collection)
        }
        "extensions" => {
            let vm = parent("/extensions");
            // We list them; the GET of one is a list of one to us.
            let listed = match recording.body.get("value") {
                Some(_) => azure.extensions(&vm).await?,
                None => {
                    let one = recording.with_body(json!({ "value": [recording.body] }));
                    Reader::new(Replay::of(&one).arm).extensions(&vm).await?
                }
            };
            facts::each(&listed, facts::extension)
        }
        "backup policy" => azure.backup_policy(&id(&path)).await?.name,
        "backup job" => facts::job(&azure.backup_job(&id(&path)).await?),
        "backup jobs" => {
            let vault = parent("/backupJobs");
            let jobs = azure.backup_jobs(&vault, Timestamp::UNIX_EPOCH).await?;
            facts::each(&jobs, facts::job)
        }
        _ => facts::vm(&azure.virtual_machine(&id(&path)).await?),
    })
}

/// We read protected items one by one: each of a list is given as an answer of its own.
async fn items(recording: &Recording) -> Outcome {
    let mut read = Vec::new();
    for item in recording.body["value"].as_array().into_iter().flatten() {
        let one = Replay::of(&recording.with_body(item.clone()));
        let asked = id(&recording.path());
        read.push(Reader::new(one.arm).protected_item(&asked).await?);
    }
    Ok(facts::each(&read, facts::item))
}

/// Polls the recorded URL, by the header that it came from.
async fn poll(replay: &Replay, recording: &Recording) -> Result<Polled, Failure> {
    let url = format!("https://management.azure.com{}", recording.target);
    let lower = recording.target.to_lowercase();
    let is_result = lower.contains("/operationresults") || lower.contains("&monitor=true");
    let (status_url, result_url) = if is_result {
        (None, Some(url.clone()))
    } else {
        (Some(url.clone()), None)
    };
    let operation = Operation {
        status_url,
        result_url,
        poll_after: None,
        kind: OperationKind::Delete,
        resource: if lower.contains("microsoft.compute") {
            id(&format!(
                "{GROUP}/providers/Microsoft.Compute/virtualMachines/m"
            ))
        } else {
            id(&format!(
                "{GROUP}/providers/Microsoft.RecoveryServices/vaults/v"
            ))
        },
        attempted: "do it".to_owned(),
        request_id: "r".to_owned(),
    };
    let polled = Reader::new(replay.arm.clone()).poll(&operation).await;
    let asked = replay.asked();
    assert!(asked.iter().all(|u| *u == url), "{}", recording.name);
    polled
}

/// Gives the answer to one of our own changes of the same method: all are sent the same way.
async fn change(replay: &Replay, recording: &Recording) -> Outcome {
    let azure = Writer::new(replay.arm.clone());
    let vm = id(&format!(
        "{GROUP}/providers/Microsoft.Compute/virtualMachines/m"
    ));
    let sent = if recording.method == "DELETE" {
        azure.delete_lock(own_lock()).await?
    } else if recording.path().contains("Microsoft.Compute") {
        let script = FixedScript::new("probe", "echo RESULT {}", Vec::new()).unwrap();
        azure
            .run_script(&vm, OsType::Linux, script, "run a script")
            .await?
    } else {
        azure.back_up(protected(&vm), 1).await?
    };
    let mut line = facts::sent(&sent);
    if let Sent::Accepted(operation) = &sent {
        let named = |name: &str| recording.header(name).map(ToOwned::to_owned);
        let told = (operation.status_url.clone(), operation.result_url.clone());
        assert_eq!(
            told,
            (named("azure-asyncoperation"), named("location")),
            "{}",
            recording.name
        );
        line += follow(operation, recording).await;
    }
    Ok(line)
}

/// What Azure announced is asked for byte for byte, at our own endpoint and nowhere else.
async fn follow(operation: &Operation, recording: &Recording) -> &'static str {
    let replay = Replay::of(&recording.with_body(Value::Null));
    let polled = Reader::new(replay.arm.clone()).poll(operation).await;
    let url = operation
        .status_url
        .as_ref()
        .or(operation.result_url.as_ref());
    let url = url.unwrap();
    if !url.starts_with("https://management.azure.com/") {
        assert!(polled.is_err() && replay.asked().is_empty(), "{url}");
        return ", not followed to another host";
    }
    assert!(matches!(polled, Ok(Polled::Running { .. })), "{polled:?}");
    assert_eq!(replay.asked(), std::slice::from_ref(url));
    ", followed"
}

fn own_lock() -> BlockingLock {
    let lock: Lock = serde_json::from_value(json!({
        "id": format!("{GROUP}/providers/Microsoft.Authorization/locks/l"),
        "name": "l", "level": "CanNotDelete",
    }))
    .unwrap();
    let blocked = format!("{GROUP}/providers/Microsoft.Compute/restorePointCollections/c");
    BlockingLock::prove(&lock, &id(&blocked)).unwrap()
}

fn protected(vm: &ResourceId) -> ProtectedVm {
    let vault = format!("{GROUP}/providers/Microsoft.RecoveryServices/vaults/v");
    let item: ProtectedItem = serde_json::from_value(json!({
        "id": format!("{vault}/backupFabrics/Azure/protectionContainers/c/protectedItems/i"),
        "name": "i", "source_id": vm, "protection_state": "Protected",
    }))
    .unwrap();
    ProtectedVm::prove(&item, vm).unwrap()
}

/// The recorded id; of a path that is none (a tenant's own), any: it is not looked at.
fn id(path: &str) -> ResourceId {
    ResourceId::parse(path).unwrap_or_else(|_| ResourceId::parse(GROUP).unwrap())
}
