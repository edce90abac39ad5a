//! Answers and ARM's error envelopes.

use http::{HeaderName, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What the client gets.
#[derive(Debug)]
pub enum Answer {
    /// An HTTP response.
    Response(Response<Vec<u8>>),
    /// Nothing: the connection was dropped, before or after the server acted.
    Dropped,
}

/// Who says that a request failed (`x-ms-failure-cause`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Cause {
    /// ARM itself: authentication, rights, locks, throttling, unknown routes.
    Gateway,
    /// The resource provider.
    Service,
}

/// An answer on its way out.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Reply {
    pub(in crate::sim) status: u16,
    pub(in crate::sim) headers: Vec<(String, String)>,
    pub(in crate::sim) body: Option<Vec<u8>>,
    /// The operation that this reply started, so that a fault can find it.
    pub(in crate::sim) operation: Option<String>,
}

impl Reply {
    /// A status without a body.
    pub(in crate::sim) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
            operation: None,
        }
    }

    /// A status with a JSON body.
    pub(in crate::sim) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, body.to_string()).with("Content-Type", "application/json; charset=utf-8")
    }

    /// 200 with a JSON body.
    pub(in crate::sim) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// A status with any text.
    pub(in crate::sim) fn text(status: u16, body: String) -> Self {
        Self {
            body: Some(body.into_bytes()),
            ..Self::empty(status)
        }
    }

    /// ARM's error envelope.
    pub(in crate::sim) fn error(cause: Cause, status: u16, code: &str, message: &str) -> Self {
        let cause = match cause {
            Cause::Gateway => "gateway",
            Cause::Service => "service",
        };
        Self::json(
            status,
            &json!({"error": {"code": code, "message": message}}),
        )
        .with("x-ms-failure-cause", cause)
    }

    /// 404 for a resource of `kind` in `group`.
    pub(in crate::sim) fn not_found(kind: &str, name: &str, group: &str) -> Self {
        let message =
            format!("The Resource '{kind}/{name}' under resource group '{group}' was not found.");
        Self::error(Cause::Gateway, 404, "ResourceNotFound", &message)
    }

    /// The same with one more header.
    pub(in crate::sim) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The response, with the headers that every answer of ARM carries.
    pub(in crate::sim) fn response(
        self,
        id: &str,
        location: &str,
        at: Timestamp,
    ) -> Response<Vec<u8>> {
        let region = location.to_ascii_uppercase();
        let stamp = at.strftime("%Y%m%dT%H%M%SZ");
        let common = [
            ("Cache-Control".to_owned(), "no-cache".to_owned()),
            (
                "Date".to_owned(),
                at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            ),
            ("x-ms-request-id".to_owned(), id.to_owned()),
            ("x-ms-correlation-request-id".to_owned(), id.to_owned()),
            (
                "x-ms-routing-request-id".to_owned(),
                format!("{region}:{stamp}:{id}"),
            ),
        ];
        let mut response = Response::new(self.body.unwrap_or_default());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in common.into_iter().chain(self.headers) {
            // A header that a fault misspelt is left out: the simulator does not fail for it.
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// A time as Recovery Services writes it: seven digits and `Z`.
pub(in crate::sim) fn backup_time(at: Timestamp) -> String {
    format!("{}Z", to_ticks(at))
}

/// A time as compute writes it: seven digits and an offset.
pub(in crate::sim) fn compute_time(at: Timestamp) -> String {
    format!("{}+00:00", to_ticks(at))
}

/// A duration as `PT41M16.2122671S`.
pub(in crate::sim) fn iso_duration(from: Timestamp, to: Timestamp) -> String {
    let all = to.duration_since(from).as_secs().max(0);
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    let mut text = String::from("PT");
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if hours > 0 || minutes > 0 {
        text.push_str(&format!("{minutes}M"));
    }
    text.push_str(&format!("{seconds}S"));
    text
}

fn to_ticks(at: Timestamp) -> String {
    let fraction = at.subsec_nanosecond().unsigned_abs() / 100;
    format!("{}.{fraction:07}", at.strftime("%Y-%m-%dT%H:%M:%S"))
}
