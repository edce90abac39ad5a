//! What was asked of the simulator, in order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sim::{rbac, route};

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it arrived.
    pub at: Timestamp,
    /// Its verb.
    pub method: String,
    /// Its path, percent-decoded, `//` collapsed, as the client spelt it.
    pub path: String,
    /// Its query, decoded, in order; signatures and certificates of polling URLs are cut out.
    pub query: Vec<(String, String)>,
    /// Its JSON body; that of a request for a token is left out.
    pub body: Option<Value>,
    /// The status that was, or but for a dropped connection would have been, answered; nothing
    /// when the connection was dropped before the server acted.
    pub status: Option<u16>,
    /// Whether the client got no answer.
    pub dropped: bool,
}

impl Entry {
    /// The RBAC actions that the request takes.
    #[must_use]
    pub fn rights(&self) -> Vec<String> {
        let expand = self.query.iter().find(|(name, _)| name == "$expand");
        let expand = expand.map_or("", |(_, value)| value.as_str());
        let action = route::action(&self.method, &self.path);
        let rights = action
            .iter()
            .flat_map(|action| rbac::rights(action, expand));
        rights.map(str::to_owned).collect()
    }

    /// Whether the request asked for a change: neither a read, nor a reading POST, nor a token.
    #[must_use]
    pub fn is_write(&self) -> bool {
        let path = self.path.to_ascii_lowercase();
        !matches!(self.method.as_str(), "GET" | "HEAD")
            && !path.ends_with("/backupstatus")
            && !path.ends_with("/effectivenetworksecuritygroups")
            && !path.ends_with("/effectiveroutetable")
            && !path.ends_with("/oauth2/v2.0/token")
    }
}
