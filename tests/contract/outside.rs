//! What is asked of Azure that no description of an operation covers, and why.

use serde_json::{Value, json};

/// What governs a request that is no described operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outside {
    /// Tokens and the like: Entra ID's, not Resource Manager's.
    Entra,
    /// The status of a long-running operation of compute, or of the cancellation of a backup job:
    /// Resource Manager's contract with its providers ("Asynchronous operations" of azure-resource-manager-rpc).
    OperationStatus,
    /// The result of one, by the `Location` header.
    OperationResult,
    /// The caller's rights at a subscription. The description has groups and resources alone; that
    /// a subscription answers the same is an assumption of `azure/reader/governance.rs`, and where
    /// it does not the plan says that the rights are not checked beforehand.
    PermissionsOfSubscription,
    /// A network interface, and the rules and routes that hold for it: the descriptions have no
    /// Microsoft.Network (remediations.md R11 has the operations).
    Network,
}

/// What governs a request of that kind, if something does.
pub(crate) fn governed(method: &str, path: &str, query: &[(String, String)]) -> Option<Outside> {
    let path = path.to_ascii_lowercase();
    let has = |name: &str| query.iter().any(|(key, _)| key == name);
    if path.ends_with("/oauth2/v2.0/token")
        || path.ends_with("/openid-configuration")
        || path == "/metadata/endpoints"
    {
        return Some(Outside::Entra);
    }
    if method == "GET"
        && path.contains("/providers/microsoft.compute/locations/")
        && path.contains("/operations/")
    {
        return Some(if has("monitor") {
            Outside::OperationResult
        } else {
            Outside::OperationStatus
        });
    }
    // The cancellation of a backup job: its own description has the result alone, and the header
    // that was recorded names a status (backup-job-cancel).
    if method == "GET" && path.contains("/backupjobs/") && path.contains("/operationsstatus/") {
        return Some(Outside::OperationStatus);
    }
    if path.contains("/providers/microsoft.network/") {
        let looks = [
            ("GET", "/networkinterfaces/"),
            ("POST", "/effectivenetworksecuritygroups"),
            ("POST", "/effectiveroutetable"),
            ("GET", "/operationresults/"),
            ("GET", "/operations/"),
        ];
        let is_it = |(verb, part): &(&str, &str)| *verb == method && path.contains(part);
        return looks.iter().any(is_it).then_some(Outside::Network);
    }
    let permissions = path.strip_suffix("/providers/microsoft.authorization/permissions");
    if method == "GET" && permissions.is_some_and(|scope| scope.split('/').count() == 3) {
        return Some(Outside::PermissionsOfSubscription);
    }
    None
}

/// Resource Manager's envelope of errors (azure-resource-manager-rpc, common-api-details.md).
pub(crate) fn error_schema() -> Value {
    json!({
        "type": "object", "required": ["error"], "additionalProperties": false,
        "properties": { "error": {
            "type": "object", "required": ["code", "message"],
            "properties": { "code": { "type": "string" }, "message": { "type": "string" } }
        } }
    })
}

/// The status document of a long-running operation: `status` is all that the contract demands,
/// an error goes with a failure (azure-resource-manager-rpc, Addendum.md, "Azure-AsyncOperation
/// Resource format"). `output` is where Run Command puts its result.
pub(crate) fn status_schema() -> Value {
    let error = json!({
        "type": "object", "required": ["code", "message"],
        "properties": { "code": { "type": "string" }, "message": { "type": "string" } }
    });
    json!({
        "type": "object",
        "required": ["status"],
        "additionalProperties": false,
        "properties": {
            "id": { "type": "string" },
            "name": { "type": "string" },
            "status": { "enum": ["InProgress", "Succeeded", "Failed", "Canceled"] },
            "startTime": { "type": "string", "format": "date-time" },
            "endTime": { "type": "string", "format": "date-time" },
            "properties": { "type": "object" },
            "error": error,
        },
        "if": { "properties": { "status": { "enum": ["Failed", "Canceled"] } } },
        "then": { "required": ["error"] },
        "else": { "not": { "required": ["error"] } },
    })
}
