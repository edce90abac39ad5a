//! Pages of a list, joined by absolute `nextLink`s.

use serde_json::{Value, json};

use crate::sim::answer::Reply;
use crate::sim::call::Call;

/// The page of `all` that `call` asks for; a page size of 0 counts as 1.
pub(in crate::sim) fn page(call: &Call, all: Vec<Value>, size: usize) -> Reply {
    let size = size.max(1);
    let from: usize = call
        .query("$skiptoken")
        .and_then(|token| token.parse().ok())
        .unwrap_or(0);
    let total = all.len();
    let shown: Vec<Value> = all.into_iter().skip(from).take(size).collect();
    let next = from.saturating_add(shown.len());
    let mut body = json!({"value": shown});
    if next < total {
        body["nextLink"] = json!(format!(
            "{}&%24skiptoken={next}",
            call.again(&["$skiptoken"])
        ));
    }
    Reply::ok(&body)
}
