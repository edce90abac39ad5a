//! A long-running operation as a value: kept in the journal's private table, polled by anyone.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::Failure;
use crate::base::secret::redact;

use super::error::refusal::retry_after;
use super::pipeline::Answer;
use super::resource_id::ResourceId;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// A DELETE.
    Delete,
    /// A POST.
    Post,
    /// A PUT.
    Put,
}

/// An operation that Azure accepted. Its URLs are signed: keep it where secrets are kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// `Azure-AsyncOperation`, byte for byte.
    pub status_url: Option<String>,
    /// `Location`, byte for byte.
    pub result_url: Option<String>,
    /// Seconds to wait before the first poll, when Azure said so.
    pub poll_after: Option<u64>,
    /// What was asked for.
    pub kind: OperationKind,
    /// The resource that it was asked of.
    pub resource: ResourceId,
    /// Follows "cannot" when it fails: "delete the lock `x`".
    pub attempted: String,
    /// The `x-ms-client-request-id` of the request; Azure Backup stores it as the job's activity.
    pub request_id: String,
}

/// What became of a change that was sent and not refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// It is over; the body, or null. A DELETE of what is not there counts.
    Done(Value),
    /// It goes on; poll it.
    Accepted(Operation),
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq)]
pub enum Polled {
    /// It goes on.
    Running {
        /// The wait that Azure asked for.
        again_after: Option<Duration>,
        /// Percent done, when Azure says so.
        progress: Option<f64>,
    },
    /// It ended well. Of a run command: `{"value": […]}`; else the operation's properties or
    /// body, or null.
    Succeeded(Value),
    /// It ended as the failure says.
    Failed(Failure),
    /// Nothing is left to poll; look at the resource. Right after the start it may yet appear.
    Gone,
}

impl Operation {
    /// The operation that a 201 or 202 announces.
    pub(super) fn announced(
        answer: &Answer,
        kind: OperationKind,
        resource: ResourceId,
        attempted: String,
    ) -> Self {
        Self {
            status_url: answer.header("azure-asyncoperation"),
            result_url: answer.header("location"),
            poll_after: retry_after(&answer.headers),
            kind,
            resource,
            attempted,
            request_id: answer.request_id.clone(),
        }
    }

    /// What names it without its signature: the last segment of its URL's path, else the id of
    /// the request that began it.
    #[must_use]
    pub fn id(&self) -> String {
        let url = self.status_url.as_deref().or(self.result_url.as_deref());
        let path = url.and_then(|url| url.split(['?', '#']).next());
        let name = path.and_then(|path| path.trim_end_matches('/').rsplit('/').next());
        name.filter(|name| !name.is_empty())
            .unwrap_or(&self.request_id)
            .to_owned()
    }

    /// The wait before the first poll, when Azure named one.
    #[must_use]
    pub fn poll_after(&self) -> Option<Duration> {
        self.poll_after.map(Duration::from_secs)
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("kind", &self.kind)
            .field("resource", &self.resource)
            .field("status_url", &self.status_url.as_deref().map(redact))
            .field("result_url", &self.result_url.as_deref().map(redact))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_survives_the_journal_and_does_not_print_its_signature() {
        let url = "https://management.azure.com/op;1?t=6&c=MIIH&s=abc&h=def".to_owned();
        let operation = Operation {
            status_url: Some(url.clone()),
            result_url: None,
            poll_after: Some(60),
            kind: OperationKind::Delete,
            resource: ResourceId::parse("/subscriptions/s").unwrap(),
            attempted: "delete it".into(),
            request_id: "r".into(),
        };
        let text = serde_json::to_string(&operation).unwrap();
        let back: Operation = serde_json::from_str(&text).unwrap();
        assert_eq!(back, operation);
        assert_eq!(back.status_url, Some(url));
        assert!(!format!("{operation:?}").contains("MIIH"));
        assert_eq!(operation.id(), "op;1");
        let unnamed = Operation {
            status_url: None,
            ..operation
        };
        assert_eq!(unnamed.id(), "r");
    }
}
