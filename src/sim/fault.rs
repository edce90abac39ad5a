//! Faults: what goes wrong, on which request, how often.
//!
//! A list in YAML; each entry says on which requests (`on`: the verb, then a part of the decoded
//! path, case ignored), where needed a part of the body as compact JSON (`holds`: of two runs of one
//! script, `"name":"Apply","value":"true"` is the one that changes something), how many of them pass
//! first (`skip`), how many are hit (`times`), and one effect:
//!
//! - `answer: {status, code, message, retry_after, body, headers}`: this answer, and nothing done.
//! - `drop: before` or `after`: the connection is dropped before or after the server acted.
//! - `operation: {code, message, after, partial}`: accepted with 202, then ends `Failed` after so
//!   long, having deleted the oldest `partial` restore points.
//! - `delay: 10m`: the accepted operation takes so much longer.
//! - `gone_polling_url: true`: the accepted operation's polling URL answers 404; it goes on.
//! - `lock_returns: {after, by}`: the deleted lock is put back and, with `by`, the activity log says
//!   by whom.
//! - `job: {code, number, message, title, warns}`: the backup job that the request triggers fails
//!   so, or with `warns: true` goes through with this warning.
//!
//! With `drop: after` beside one of the last five the answer is lost besides.
//!
//! `answer` and `drop` count every matching request; the others count only those that the
//! server accepts, so that a request refused for a lock or for lack of rights uses none up. The
//! path of a lock contains the path of what it locks: say `/locks/` where that is meant.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sim::answer::Reply;
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::world::{RunningFault, Span};

/// One fault; parsed from, and written as, the form of the module's documentation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Fault {
    /// The verb and a part of the path.
    pub on: String,
    /// A part of the body, as compact JSON; without it any body will do.
    pub holds: Option<String>,
    /// How many requests it still hits.
    pub times: u32,
    /// How many requests it still lets pass first.
    pub skip: u32,
    /// What it does.
    pub effect: FaultEffect,
    /// Whether the answer to a request that the server acts on is lost besides.
    pub unheard: bool,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultEffect {
    /// This answer instead of acting.
    Answer(FaultAnswer),
    /// No answer.
    Drop(DropMoment),
    /// The accepted operation fails.
    Operation(FailingOperation),
    /// The accepted operation takes longer.
    Delay(Span),
    /// The accepted operation's polling URL is gone.
    GonePollingUrl,
    /// The deleted lock comes back.
    LockReturns(LockReturns),
    /// The triggered job fails.
    Job(RunningFault),
}

/// An answer that a fault gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultAnswer {
    /// HTTP status.
    pub status: u16,
    /// The error's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The error's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `Retry-After`, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The body in place of ARM's envelope; a text is sent as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// More headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

/// When a connection is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropMoment {
    /// The server never saw the request.
    Before,
    /// The server did what was asked.
    After,
}

/// How an accepted operation fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailingOperation {
    /// The error's code.
    pub code: String,
    /// The error's text.
    #[serde(default)]
    pub message: String,
    /// How long after it was accepted.
    pub after: Span,
    /// How many of the oldest restore points it deleted by then.
    #[serde(default)]
    pub partial: usize,
}

/// How a deleted lock comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockReturns {
    /// How long after it was deleted.
    pub after: Span,
    /// Who puts it back; without it the activity log does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// The written form: exactly one effect, or one that the server acts on and `drop: after`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holds: Option<String>,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    skip: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<FaultAnswer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drop: Option<DropMoment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<FailingOperation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay: Option<Span>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone_polling_url: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock_returns: Option<LockReturns>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<RunningFault>,
}

fn once() -> u32 {
    1
}

impl TryFrom<Written> for Fault {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written {
            on,
            holds,
            times,
            skip,
            ..
        } = written;
        let effects = [
            written.answer.map(FaultEffect::Answer),
            written.operation.map(FaultEffect::Operation),
            written.delay.map(FaultEffect::Delay),
            written
                .gone_polling_url
                .then_some(FaultEffect::GonePollingUrl),
            written.lock_returns.map(FaultEffect::LockReturns),
            written.job.map(FaultEffect::Job),
        ];
        let mut effects = effects.into_iter().flatten();
        let (effect, unheard) = match (effects.next(), effects.next(), written.drop) {
            (Some(effect), None, None) => (effect, false),
            (None, None, Some(moment)) => (FaultEffect::Drop(moment), false),
            (Some(FaultEffect::Answer(_)), None, Some(_)) => {
                return Err(format!("the fault on `{on}` has an answer and drops it"));
            }
            (Some(effect), None, Some(DropMoment::After)) => (effect, true),
            _ => return Err(format!("the fault on `{on}` needs exactly one effect")),
        };
        Ok(Self {
            on,
            holds,
            times,
            skip,
            effect,
            unheard,
        })
    }
}

impl From<Fault> for Written {
    fn from(fault: Fault) -> Self {
        let Fault {
            on,
            holds,
            times,
            skip,
            effect,
            unheard,
        } = fault;
        let mut written = Self {
            on,
            holds,
            times,
            skip,
            drop: unheard.then_some(DropMoment::After),
            ..Self::default()
        };
        match effect {
            FaultEffect::Answer(answer) => written.answer = Some(answer),
            FaultEffect::Drop(moment) => written.drop = Some(moment),
            FaultEffect::Operation(failing) => written.operation = Some(failing),
            FaultEffect::Delay(span) => written.delay = Some(span),
            FaultEffect::GonePollingUrl => written.gone_polling_url = true,
            FaultEffect::LockReturns(returns) => written.lock_returns = Some(returns),
            FaultEffect::Job(job) => written.job = Some(job),
        }
        written
    }
}

impl Fault {
    /// Whether it is about this request.
    pub(in crate::sim) fn is_about(&self, call: &Call) -> bool {
        let (verb, part) = self.on.split_once(' ').unwrap_or(("", self.on.as_str()));
        let path = call.path.to_ascii_lowercase();
        (verb.is_empty() || ids::same(verb, &call.method))
            && path.contains(part.trim().to_ascii_lowercase().as_str())
            && (self.holds.as_deref()).is_none_or(|part| call.body.to_string().contains(part))
    }

    /// Whether it counts every request, and not only those that the server accepts.
    pub(in crate::sim) fn counts_all(&self) -> bool {
        matches!(self.effect, FaultEffect::Answer(_) | FaultEffect::Drop(_))
    }
}

impl FaultAnswer {
    /// The answer as a reply.
    pub(in crate::sim) fn reply(&self) -> Reply {
        let mut reply = match (&self.body, &self.code) {
            (Some(Value::String(text)), _) => Reply::text(self.status, text.clone()),
            (Some(body), _) => Reply::json(self.status, body),
            (None, None) => Reply::empty(self.status),
            (None, Some(code)) => {
                let message = self.message.as_deref().unwrap_or("An injected fault.");
                let error = serde_json::json!({"error": {"code": code, "message": message}});
                Reply::json(self.status, &error)
            }
        };
        if let Some(seconds) = self.retry_after {
            reply = reply.with("Retry-After", &seconds.to_string());
        }
        self.headers
            .iter()
            .fold(reply, |reply, (name, value)| reply.with(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_exactly_one_effect() {
        assert!(serde_json::from_str::<Fault>(r#"{"on": "GET x"}"#).is_err());
        let two = r#"{"on": "GET x", "gone_polling_url": true, "delay": "5m"}"#;
        assert!(serde_json::from_str::<Fault>(two).is_err());
        let neither = r#"{"on": "GET x", "drop": "before", "delay": "5m"}"#;
        assert!(serde_json::from_str::<Fault>(neither).is_err());
        let in_vain = r#"{"on": "GET x", "drop": "after", "answer": {"status": 200}}"#;
        assert!(serde_json::from_str::<Fault>(in_vain).is_err());
        let unknown = r#"{"on": "GET x", "drop": "after", "time": 3}"#;
        assert!(serde_json::from_str::<Fault>(unknown).is_err());
    }

    #[test]
    fn a_fault_survives_a_round_trip() {
        for text in [
            r#"{"on":"DELETE x","holds":"\"y\"","times":2,"skip":1,"operation":{"code":"OperationTimedOut","message":"","after":"300s","partial":6}}"#,
            r#"{"on":"DELETE x","times":1,"skip":0,"drop":"after","lock_returns":{"after":"60s"}}"#,
        ] {
            let fault: Fault = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&fault).unwrap(), text);
        }
    }
}
