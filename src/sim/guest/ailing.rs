//! What ails a guest, and the scripts that mend it.

use serde_json::{Value, json};

use crate::sim::ids;
use crate::sim::world::{Ail, Guest};

/// What the first ail that a snapshot minds makes a backup fail with.
pub(in crate::sim) fn complaint(guest: &Guest) -> Option<&str> {
    guest.ails.iter().find_map(|ail| ail.code.as_deref())
}

/// Runs a script that can change something: it finds its ail, and mends it when it applies.
pub(super) fn treat(guest: &mut Guest, script: &str, parameters: &[(String, String)]) -> Value {
    let applies = given(parameters, "Apply").is_some_and(|v| ids::same(v, "true"));
    if let Some(undo) = given(parameters, "Undo").filter(|undo| !undo.is_empty()) {
        return undone(guest, script, parameters, (undo, applies));
    }
    let Some(at) = guest
        .ails
        .iter()
        .position(|ail| ail.script == script && is_meant(ail, parameters))
    else {
        return json!({"state": "already"});
    };
    let ail = &guest.ails[at];
    let state = match ail.ends.as_str() {
        "changed" | "failed" if !applies => "planned",
        ends => ends,
    };
    let mut answer = said(ail, state);
    if state == "changed" {
        let ail = guest.ails.remove(at);
        if let Some(kept) = copy_of(&ail.script)
            && answer.get("kept").is_none()
        {
            answer["kept"] = kept.into();
        }
        guest.mended.push(ail);
    }
    answer
}

fn is_meant(ail: &Ail, parameters: &[(String, String)]) -> bool {
    let mut with = ail.with.iter();
    with.all(|(name, value)| given(parameters, name) == Some(value))
}

/// The copy of the old file that a script keeps.
fn copy_of(script: &str) -> Option<String> {
    let file = match script {
        "lin-waagent-conf" => "/etc/waagent.conf",
        "lin-vmbackup-conf" | "lin-vmbackup-encoding" => "/etc/azure/vmbackup.conf",
        _ => return None,
    };
    Some(format!("{file}.runbook-20261121T031000Z"))
}

/// The script whose start modes `win-start-mode` puts back, by the first service that it is told.
fn setter(service: &str) -> &'static str {
    match service {
        "IaasVmProvider" => "win-provider-service",
        "VSS" => "win-vss-service",
        "MSDTC" | "COMSysApp" => "win-complus",
        "msiserver" => "win-vcredist",
        _ => "win-agent-restart",
    }
}

/// What a script does with `Undo`: what it mended ails the guest again. What is neither mended nor
/// ails is somebody else's by now.
fn undone(
    guest: &mut Guest,
    script: &str,
    parameters: &[(String, String)],
    (undo, applies): (&str, bool),
) -> Value {
    let setter = match script {
        "win-start-mode" => setter(undo.split(':').next().unwrap_or_default()),
        own => own,
    };
    let is_it = |ail: &Ail| ail.script == setter && is_meant(ail, parameters);
    let Some(at) = guest.mended.iter().rposition(is_it) else {
        let state = match guest.ails.iter().any(is_it) {
            true => return json!({ "state": "already" }),
            false => "needs_human",
        };
        let reason = "it is not as it was set: somebody else has changed it since";
        return json!({ "state": state, "reason": reason });
    };
    if !applies {
        return json!({ "state": "planned" });
    }
    let ail = guest.mended.remove(at);
    guest.ails.push(ail);
    json!({ "state": "changed" })
}

fn said(ail: &Ail, state: &str) -> Value {
    let mut answer = json!({ "state": state });
    for (name, value) in &ail.says {
        answer[name] = value.clone();
    }
    if let Some(reason) = &ail.reason {
        answer["reason"] = reason.as_str().into();
    }
    answer
}

fn given<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(key, _)| ids::same(key, name));
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn guest(ail: Value) -> Guest {
        serde_json::from_value(json!({ "ails": [ail] })).unwrap()
    }

    #[test]
    fn what_ails_a_guest_is_planned_then_mended_and_then_gone() {
        let mut guest =
            guest(json!({"script": "win-vss-service", "code": "X", "says": {"was": 1}}));
        let look = told(&[("Apply", "false")]);
        let apply = told(&[("Apply", "true")]);
        let found = treat(&mut guest, "win-vss-service", &look);
        assert_eq!(found, json!({"state": "planned", "was": 1}));
        assert_eq!(complaint(&guest), Some("X"));
        assert_eq!(treat(&mut guest, "win-complus", &apply)["state"], "already");
        assert_eq!(
            treat(&mut guest, "win-vss-service", &apply)["state"],
            "changed"
        );
        assert_eq!(complaint(&guest), None);
        assert_eq!(
            treat(&mut guest, "win-vss-service", &apply)["state"],
            "already"
        );
    }

    #[test]
    fn an_ail_is_seen_by_the_script_that_is_given_its_parameters() {
        let with = json!({"script": "lin-vmbackup-conf", "with": {"Key": "seqsnapshot"}});
        let mut guest = guest(with);
        let other = told(&[("Key", "MountsToSkip"), ("Apply", "true")]);
        let this = told(&[("key", "seqsnapshot"), ("Apply", "true")]);
        assert_eq!(
            treat(&mut guest, "lin-vmbackup-conf", &other)["state"],
            "already"
        );
        assert_eq!(
            treat(&mut guest, "lin-vmbackup-conf", &this)["state"],
            "changed"
        );
    }

    #[test]
    fn a_script_that_cannot_mend_it_says_so_and_it_stays() {
        let ail = json!({"script": "win-complus", "ends": "needs_human", "reason": "cluster node"});
        let mut guest = guest(ail);
        for apply in ["false", "true"] {
            let said = treat(&mut guest, "win-complus", &told(&[("Apply", apply)]));
            assert_eq!(
                said,
                json!({"state": "needs_human", "reason": "cluster node"})
            );
        }
        assert_eq!(guest.ails.len(), 1);
    }
}
