//! Inside a VM: what the known scripts would print and change.
//!
//! A script is known by a comment line `# runbook-script: <name>` in its text. The model holds
//! the registry in full; a script that looks reports what the world says that it finds; one that
//! changes something finds what `ails` the guest, and mends it.

use serde_json::{Value, json};

pub(in crate::sim) mod ailing;

use crate::sim::ids;
use crate::sim::world::{Guest, Os, RegistryValue, Vm};

/// Run Command returns the last so many bytes of the output.
const OUTPUT_LIMIT: usize = 4096;

/// The registry switches of remediations.md 2.7: name, registry value, wanted text.
const SWITCHES: [(&str, &str, &str); 7] = [
    ("UseVssCopy", "USEVSSCOPYBACKUP", "TRUE"),
    ("WithoutThreads", "SnapshotWithoutThreads", "True"),
    ("HostFirst", "SnapshotMethod", "firstHostThenGuest"),
    ("HostTime", "CalculateSnapshotTimeFromHost", "True"),
    ("ReinstallProvider", "IsProviderInstalled", "False"),
    ("ReinstallCommon", "IsCommonProviderInstalled", "False"),
    ("VcRedistInstalled", "IsVCRedistInstalled", "True"),
];

/// Scripts that only look.
const LOOKS: [&str; 11] = [
    "win-agent-check",
    "win-network",
    "win-resources",
    "win-logs",
    "win-applocker-check",
    "win-machinekeys-check",
    "lin-agent-check",
    "lin-network",
    "lin-resources",
    "lin-logs",
    "lin-freeze-check",
];

/// Runs `script` in `vm`: the body that Run Command returns.
pub(in crate::sim) fn run(vm: &mut Vm, script: &str, parameters: &[(String, String)]) -> Value {
    let output = match name(script) {
        Some(name @ "win-reg-string") => {
            let told = registry(&mut vm.guest, parameters);
            if told["state"] == "changed" {
                ailing::treat(&mut vm.guest, name, parameters);
            }
            format!("RESULT {told}")
        }
        Some(look) if LOOKS.contains(&look) => format!("RESULT {}", seen(&vm.guest, look)),
        Some(change) => format!(
            "RESULT {}",
            ailing::treat(&mut vm.guest, change, parameters)
        ),
        None => "the simulated guest does not know this script".to_owned(),
    };
    let output = last_bytes(&output);
    match vm.os {
        Os::Windows => json!({"value": [
            entry("ComponentStatus/StdOut/succeeded", output),
            entry("ComponentStatus/StdErr/succeeded", ""),
        ]}),
        Os::Linux => {
            let message = format!("Enable succeeded: \n[stdout]\n{output}\n[stderr]\n");
            json!({"value": [entry("ProvisioningState/succeeded", &message)]})
        }
    }
}

fn entry(code: &str, message: &str) -> Value {
    json!({
        "code": code,
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": message,
    })
}

fn name(script: &str) -> Option<&str> {
    let marker = "# runbook-script:";
    script
        .lines()
        .find_map(|line| line.trim().strip_prefix(marker))
        .map(str::trim)
}

/// The end of `text`, cut between characters.
fn last_bytes(text: &str) -> &str {
    let mut from = text.len().saturating_sub(OUTPUT_LIMIT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// What `win-reg-string` reports, having changed the registry when it was told to apply.
///
/// Assumption: a guest without SQL Server makes `UseVssCopy` `not_applicable` before anything
/// else is looked at.
fn registry(guest: &mut Guest, parameters: &[(String, String)]) -> Value {
    let given = |name: &str| {
        parameters
            .iter()
            .find(|(key, _)| ids::same(key, name))
            .map(|(_, value)| value.as_str())
    };
    let switch = given("Switch").unwrap_or("UseVssCopy");
    let Some((switch, value, want)) = SWITCHES.iter().find(|(name, ..)| ids::same(name, switch))
    else {
        return json!({"state": "failed", "reason": "unknown switch"});
    };
    let applies = given("Apply").is_some_and(|apply| ids::same(apply, "true"));
    if let Some(undo) = given("Undo").filter(|undo| !undo.is_empty()) {
        return put_back(guest, (value, want), undo, applies);
    }
    if *switch == "UseVssCopy" && !guest.sql {
        return json!({"state": "not_applicable", "reason": "no SQL Server in this guest"});
    }
    let full = read(guest, "UseVssFullBackup").is_some_and(|full| ids::same(&full.value, "true"));
    if *switch == "UseVssCopy" && full {
        let reason = "UseVssFullBackup is True: the owner asked for VSS full backups, the \
                      opposite intent. Where copies will do beside SQL Server, delete that value in \
                      HKLM\\SOFTWARE\\Microsoft\\BcdrAgent; then apply this again";
        return json!({"state": "needs_human", "reason": reason});
    }
    let before = read(guest, value).cloned();
    if let Some(before) = &before
        && ids::same(&before.value, want)
        && before.kind == "String"
    {
        return json!({"state": "already", "name": value, "value": before.value});
    }
    let from = before.map(|before| format!("{} ({})", before.value, before.kind));
    if !applies {
        return json!({"state": "planned", "name": value, "from": from, "to": want});
    }
    guest.registry.retain(|name, _| !ids::same(name, value));
    guest
        .registry
        .insert((*value).to_owned(), RegistryValue::text(want));
    json!({"state": "changed", "name": value, "from": from, "to": want, "reboot": false})
}

/// What `win-reg-string` does with `Undo`: puts the value back that was there before it set
/// `set`, unless something else is there by now.
fn put_back(guest: &mut Guest, (name, set): (&str, &str), undo: &str, applies: bool) -> Value {
    let was = match undo.split_once(':') {
        Some((kind, value)) => Some(RegistryValue {
            value: value.to_owned(),
            kind: kind.to_owned(),
        }),
        None if undo == "absent" => None,
        None => return json!({"state": "failed", "reason": "Undo is absent or Kind:value"}),
    };
    let told = |value: &Option<RegistryValue>| {
        let value = value.as_ref();
        value.map(|value| format!("{} ({})", value.value, value.kind))
    };
    let now = read(guest, name).cloned();
    let (from, to) = (told(&now), told(&was));
    if from == to {
        return json!({"state": "already", "name": name, "value": to});
    }
    if now != Some(RegistryValue::text(set)) {
        let reason = "the value is not the one that was set: somebody else has changed it since";
        let state = "needs_human";
        return json!({"state": state, "reason": reason, "name": name, "from": from, "to": to});
    }
    if !applies {
        return json!({"state": "planned", "name": name, "from": from, "to": to});
    }
    guest.registry.retain(|known, _| !ids::same(known, name));
    if let Some(was) = was {
        guest.registry.insert(name.to_owned(), was);
    }
    json!({"state": "changed", "name": name, "from": from, "to": to, "reboot": false})
}

/// A registry value by name.
pub(in crate::sim) fn read<'a>(guest: &'a Guest, name: &str) -> Option<&'a RegistryValue> {
    guest
        .registry
        .iter()
        .find(|(key, _)| ids::same(key, name))
        .map(|(_, value)| value)
}

/// Whether a snapshot of this Windows guest gets stuck on SQL Server's writer.
pub(in crate::sim) fn needs_vss_copy(vm: &Vm) -> bool {
    let set = read(&vm.guest, "USEVSSCOPYBACKUP")
        .is_some_and(|value| ids::same(&value.value, "TRUE") && value.kind == "String");
    vm.os == Os::Windows && vm.guest.sql && !set
}

/// What a look finds: what the world says, over what a healthy guest has.
fn seen(guest: &Guest, look: &str) -> Value {
    let mut found = match look {
        "win-agent-check" => windows(guest),
        "win-network" => json!({"state": "reported", "p80": "open", "p443": "open",
            "p32526": "open", "dhcpOff": []}),
        "lin-network" => json!({"state": "reported", "p80": "open", "p443": "open",
            "p32526": "open", "route": "default", "proxy": null}),
        _ => json!({"state": "reported"}),
    };
    let facts = (look == "lin-agent-check").then_some(&guest.facts);
    for (name, value) in facts.into_iter().chain(guest.told.get(look)).flatten() {
        found[name] = value.clone();
    }
    found
}

fn windows(guest: &Guest) -> Value {
    let value = |name: &str| read(guest, name).map(|value| value.value.clone());
    let auto = "Running/Auto/LocalSystem";
    json!({
        "state": "reported",
        "RdAgent": auto,
        "GuestAgent": auto,
        "VSS": "Stopped/Manual/LocalSystem",
        "COMSysApp": "Running/Manual/LocalSystem",
        "MSDTC": "Running/Auto/NT AUTHORITY\\NetworkService",
        "Provider": "Stopped/Auto/LocalSystem",
        "sql": guest.sql,
        "useVssCopy": value("USEVSSCOPYBACKUP"),
        "useVssFull": value("UseVssFullBackup"),
        "withoutThreads": value("SnapshotWithoutThreads"),
        "snapshotMethod": value("SnapshotMethod"),
        "rebootPending": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql_guest() -> Guest {
        Guest {
            sql: true,
            ..Guest::default()
        }
    }

    fn state(guest: &mut Guest, apply: &str) -> String {
        let given = [
            ("Switch".to_owned(), "UseVssCopy".to_owned()),
            ("Apply".to_owned(), apply.to_owned()),
        ];
        registry(guest, &given)["state"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn the_switch_is_planned_then_changed_then_already_there() {
        let mut guest = sql_guest();
        assert_eq!(state(&mut guest, "false"), "planned");
        assert_eq!(state(&mut guest, "true"), "changed");
        assert_eq!(state(&mut guest, "true"), "already");
    }

    #[test]
    fn a_guest_without_sql_is_left_alone_and_one_that_wants_full_backups_needs_a_person() {
        assert_eq!(state(&mut Guest::default(), "true"), "not_applicable");
        let mut guest = sql_guest();
        guest
            .registry
            .insert("UseVssFullBackup".to_owned(), RegistryValue::text("True"));
        assert_eq!(state(&mut guest, "true"), "needs_human");
        assert!(read(&guest, "USEVSSCOPYBACKUP").is_none());
    }

    #[test]
    fn the_check_of_a_linux_agent_tells_what_the_world_says_of_it() {
        let mut guest = Guest::default();
        guest.facts.insert("unit".to_owned(), json!("waagent"));
        let told = json!({"state": "reported", "unit": "waagent"});
        assert_eq!(seen(&guest, "lin-agent-check"), told);
    }

    #[test]
    fn output_is_cut_at_its_beginning_and_between_characters() {
        let text = "é".repeat(4_000);
        let cut = last_bytes(&text);
        assert!(cut.len() <= OUTPUT_LIMIT && cut.len() > OUTPUT_LIMIT - 2);
        assert!(text.ends_with(cut));
    }
}
