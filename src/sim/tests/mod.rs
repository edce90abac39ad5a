//! Promises of the simulator that a client could trip over, asked over its only door.

mod backups;
mod evidence;
mod faults;
mod gate;
mod locks;
mod machine;
mod operations;
mod reading;

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Answer, Exchange, Fault, Sim, World, scenarios};

const S: &str = "/subscriptions/11111111-2222-3333-4444-555555555555";

/// A client with a clock of its own.
struct Client {
    sim: Sim,
    now: Timestamp,
}

impl Client {
    fn of(world: &str, faults: &str) -> Self {
        let world: World = serde_yaml::from_str(world).unwrap();
        let faults: Vec<Fault> = serde_yaml::from_str(faults).unwrap();
        let sim = Sim::new(world, faults);
        Self {
            now: sim.now_origin(),
            sim,
        }
    }

    fn scenario(name: &str) -> Self {
        let (world, faults) = scenarios::yaml(name).unwrap();
        Self::of(world, faults)
    }

    fn wait(&mut self, minutes: i64) -> &mut Self {
        self.now = self
            .now
            .checked_add(SignedDuration::from_mins(minutes))
            .unwrap();
        self
    }

    fn send(&mut self, request: Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        let answer = match self.sim.handle(request.clone(), self.now) {
            Answer::Response(response) => Some(response),
            Answer::Dropped => None,
        };
        keep(&Exchange::of(&request, answer.as_ref()));
        answer
    }

    /// Sends with a token, and with an api-version unless the URL has one.
    fn ask(&mut self, method: &str, url: &str, body: Value) -> Response<Vec<u8>> {
        self.try_ask(method, url, body).expect("an answer")
    }

    fn try_ask(&mut self, method: &str, url: &str, body: Value) -> Option<Response<Vec<u8>>> {
        let mut url = if url.starts_with('/') {
            format!("https://arm.test{url}")
        } else {
            url.to_owned()
        };
        if !url.contains("api-version=") {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str("api-version=2024-07-01");
        }
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("Authorization", "Bearer t");
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.send(request.body(body).unwrap())
    }

    fn get(&mut self, url: &str) -> Value {
        let response = self.ask("GET", url, Value::Null);
        assert_eq!(response.status(), 200, "GET {url}: {:?}", json(&response));
        json(&response)
    }

    fn status(&mut self, method: &str, url: &str) -> u16 {
        self.ask(method, url, Value::Null).status().as_u16()
    }

    /// Asks for a backup of an item and gives its job's URL.
    fn back_up(&mut self, vm: &str) -> String {
        let body = serde_json::json!({"properties": {"objectType": "IaasVMBackupRequest"}});
        let response = self.ask("POST", &format!("{}/backup", item(vm)), body);
        assert_eq!(response.status(), 202);
        let url = header(&response, "Azure-AsyncOperation");
        self.now = self.now.checked_add(SignedDuration::from_secs(3)).unwrap();
        let operation = self.get(&url);
        let job = operation["properties"]["jobId"]
            .as_str()
            .unwrap_or_else(|| panic!("{operation}"));
        format!("{}/backupJobs/{job}", vault())
    }
}

/// Writes the exchange down for `--test contract`, where `RUNBOOK_EXCHANGES` names a folder.
fn keep(exchange: &Exchange) {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let folder = PathBuf::from(std::env::var_os("RUNBOOK_EXCHANGES")?);
        Some(File::create(folder.join("sim.ndjson")).unwrap())
    });
    if let Some(mut file) = file.as_ref() {
        let line = serde_json::json!({ "ours": false, "exchange": exchange });
        // One write a line: tests run side by side.
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

fn json(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or(Value::Null)
}

fn code(response: &Response<Vec<u8>>) -> String {
    json(response)["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn header(response: &Response<Vec<u8>>, name: &str) -> String {
    response
        .headers()
        .get(name)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

fn list(body: &Value) -> &Vec<Value> {
    body["value"].as_array().unwrap()
}

fn vm(name: &str) -> String {
    format!("{S}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/{name}")
}

fn vault() -> String {
    format!("{S}/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/vault-web")
}

fn item(vm: &str) -> String {
    let name = format!("iaasvmcontainerv2;rg-web;{vm}");
    format!(
        "{}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}/protectedItems/VM;{name}",
        vault()
    )
}

fn backup_group() -> String {
    format!("{S}/resourceGroups/AzureBackupRG_westeurope_1")
}

fn collection(name: &str) -> String {
    format!(
        "{}/providers/Microsoft.Compute/restorePointCollections/{name}",
        backup_group()
    )
}

fn lock() -> String {
    format!(
        "{}/providers/Microsoft.Authorization/locks/keep-backups",
        backup_group()
    )
}

const WEB1: &str = "AzureBackup_web1_140738144265919";
