//! Long-running operations: started by a 202, advanced by the clock, read by polling.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sim::answer::{Reply, backup_time, compute_time};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::world::{PollingUrls, RunningFault, after};

/// An operation in any stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim) struct Operation {
    pub(in crate::sim) id: String,
    pub(in crate::sim) service: Service,
    pub(in crate::sim) started: Timestamp,
    pub(in crate::sim) ends: Timestamp,
    pub(in crate::sim) state: State,
    pub(in crate::sim) effect: Effect,
    /// How a fault or the world will make it fail.
    pub(in crate::sim) failure: Option<PlannedFailure>,
    /// `Retry-After` of a poll while it runs.
    pub(in crate::sim) poll_after: Option<u32>,
    /// Whether its polling URL answers 404.
    pub(in crate::sim) gone: bool,
}

/// Whose operation it is; the two services write different bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sim) enum Service {
    Compute,
    Backup,
}

/// Where an operation stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sim) enum State {
    Running,
    Succeeded(Value),
    Failed { code: String, message: String },
}

/// How an operation will fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sim) struct PlannedFailure {
    pub(in crate::sim) code: String,
    pub(in crate::sim) message: String,
    /// Restore points deleted before it fails.
    pub(in crate::sim) partial: usize,
}

/// What an operation does to the world when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sim) enum Effect {
    Nothing,
    DeleteCollection {
        id: String,
    },
    DeletePoint {
        collection: String,
        point: String,
    },
    DeleteExtension {
        vm: String,
        name: String,
    },
    RunScript {
        vm: String,
        script: String,
        parameters: Vec<(String, String)>,
    },
    Machine {
        vm: String,
        verb: Verb,
        was: String,
    },
    StartJob {
        vault: String,
        vm: String,
        activity: Option<String>,
        fault: Option<RunningFault>,
    },
    /// The registration of a resource provider is over.
    RegisterProvider {
        namespace: String,
    },
    /// Protection is on, by this policy.
    Protect {
        vault: String,
        vm: String,
        policy: String,
    },
    /// The links to a restore point's disks are taken back.
    EndAccess {
        collection: String,
        point: String,
    },
    EndCancelledJob {
        vault: String,
        job: String,
    },
}

/// What is done to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sim) enum Verb {
    Reapply,
    Restart,
    Redeploy,
    Deallocate,
}

impl Operation {
    /// A running operation that ends after `lasts` with `effect`.
    pub(in crate::sim) fn new(
        id: String,
        service: Service,
        started: Timestamp,
        lasts: SignedDuration,
        effect: Effect,
    ) -> Self {
        let ends = after(started, lasts);
        Self {
            id,
            service,
            started,
            ends,
            state: State::Running,
            effect,
            failure: None,
            poll_after: None,
            gone: false,
        }
    }

    /// The body of `Azure-AsyncOperation`, always with HTTP 200.
    pub(in crate::sim) fn status_body(&self) -> Value {
        let mut body = match self.service {
            Service::Compute => json!({"startTime": compute_time(self.started)}),
            Service::Backup => json!({"id": self.id, "name": self.id}),
        };
        let time = match self.service {
            Service::Compute => compute_time,
            Service::Backup => backup_time,
        };
        match &self.state {
            State::Running => body["status"] = json!("InProgress"),
            State::Succeeded(_) => body["status"] = json!("Succeeded"),
            State::Failed { .. } => body["status"] = json!("Failed"),
        }
        if self.service == Service::Backup {
            body["startTime"] = json!(backup_time(self.started));
        }
        match &self.state {
            State::Running if self.service == Service::Compute => {}
            // A date without `Z` stands for none (recordings.md 2).
            State::Running => body["endTime"] = json!("0001-01-01T00:00:00"),
            _ => body["endTime"] = json!(time(self.ends)),
        }
        match &self.state {
            State::Succeeded(Value::Null) | State::Running => {}
            State::Succeeded(result) => match self.service {
                Service::Compute => body["properties"] = json!({"output": result}),
                Service::Backup => body["properties"] = result.clone(),
            },
            State::Failed { code, message } => {
                body["error"] = json!({"code": code, "message": message});
            }
        }
        if self.service == Service::Compute {
            body["name"] = json!(self.id);
        }
        body
    }
}

/// The query of a polling URL: version, and in the signed style over 3 KB of signature.
pub(in crate::sim) fn polling_query(
    style: PollingUrls,
    id: &str,
    version: &str,
    at: Timestamp,
) -> String {
    match style {
        PollingUrls::Plain => format!("api-version={version}"),
        PollingUrls::Signed => {
            // .NET ticks count from the year 1.
            let ticks = i128::from(at.as_second() + 62_135_596_800) * 10_000_000;
            let [certificate, signature, hash] = signature(id);
            format!("api-version={version}&t={ticks}&c={certificate}&s={signature}&h={hash}")
        }
    }
}

/// Certificate, signature and hash for an operation: lengths as recorded in 2024.
fn signature(id: &str) -> [String; 3] {
    [
        format!(
            "MIIHpTCCBo2gAwIBAgIT{}",
            filler(&format!("certificate {id}"), 2_595)
        ),
        filler(&format!("signature {id}"), 342),
        filler(&format!("hash {id}"), 43),
    ]
}

/// Whether the signature in `call`, if any, is whole.
///
/// Assumption: ARM refuses a polling URL whose signature was altered; no document says with what.
pub(in crate::sim) fn is_whole(call: &Call, id: &str) -> bool {
    let [certificate, sealed, hash] = signature(id);
    [("c", certificate), ("s", sealed), ("h", hash)]
        .iter()
        .all(|(name, value)| call.query(name).is_none_or(|given| given == value))
}

fn filler(seed: &str, length: usize) -> String {
    let mut text = String::with_capacity(length + 32);
    let mut round = 0_u32;
    while text.len() < length {
        text.push_str(&ids::guid(&format!("{seed} {round}")).replace('-', "_"));
        round += 1;
    }
    text.truncate(length);
    text
}

/// The 202 that starts an operation: empty, with both polling headers.
pub(in crate::sim) fn accepted(operation: &str, status_url: &str, result_url: &str) -> Reply {
    let mut reply = Reply::empty(202)
        .with("Azure-AsyncOperation", status_url)
        .with("Location", result_url);
    reply.operation = Some(operation.to_owned());
    reply
}
