//! No write touches a VM besides the one that is asked about, or what is that VM's.

use crate::sim::{Entry, World};

/// What a path names that may look like a VM and is none.
const CONTAINERS: [&str; 4] = ["subscriptions", "resourcegroups", "vaults", "locks"];

/// Every write leaves the other VMs of the world alone: `web1` beside `web10`.
pub(super) fn left_alone(sent: &[Entry], world: &World, target: &str) -> Result<(), String> {
    let target = target.rsplit('/').next().unwrap_or_default().to_lowercase();
    let others: Vec<String> = world
        .vms
        .iter()
        .map(|vm| vm.name.to_lowercase())
        .filter(|name| *name != target)
        .collect();
    for write in sent.iter().filter(|e| e.is_write()) {
        let path = write.path.to_lowercase();
        let named = |other: &&String| names(&path).any(|part| is_of(part, other, &target));
        if let Some(other) = others.iter().find(named) {
            return Err(format!(
                "`{other}` is touched and not asked about: {} {}",
                write.method, write.path
            ));
        }
    }
    Ok(())
}

/// The names in a path that may be a VM's, or made of one. A protected item names its group and
/// its VM: `VM;iaasvmcontainerv2;rg-web;web1`.
fn names(path: &str) -> impl Iterator<Item = &str> {
    let parts: Vec<&str> = path.split('/').collect();
    let is_name = |pair: &[&str]| !CONTAINERS.contains(&pair[0]);
    let all: Vec<&str> = parts
        .windows(2)
        .filter(|pair| is_name(pair))
        .map(|pair| pair[1].rsplit(';').next().unwrap_or_default())
        .collect();
    all.into_iter()
}

/// Whether a name holds `other` as a word, and not only within the target's own.
fn is_of(name: &str, other: &str, target: &str) -> bool {
    let whole = |name: &str, word: &str| {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        name.match_indices(word).any(|(at, found)| {
            !is_letter(name[..at].chars().next_back())
                && !is_letter(name[at + found.len()..].chars().next())
        })
    };
    whole(name, other) && !(target.contains(other) && whole(name, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(method: &str, path: &str) -> Result<(), String> {
        let world: World = serde_json::from_value(serde_json::json!({ "vms": [
            { "name": "web1", "group": "rg-web" },
            { "name": "web10", "group": "rg-web" },
            { "name": "web", "group": "rg-web" },
        ] }))
        .unwrap();
        let entry = Entry {
            at: jiff::Timestamp::UNIX_EPOCH,
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            status: Some(200),
            dropped: false,
        };
        left_alone(&[entry], &world, "/x/virtualMachines/web1")
    }

    const GROUP: &str = "/subscriptions/s/resourceGroups/rg-web/providers/Microsoft.Compute";

    #[test]
    fn a_write_to_a_neighbour_is_found_however_it_is_named() {
        for path in [
            "virtualMachines/web10/extensions/VMSnapshot",
            "virtualMachines/WEB",
            "restorePointCollections/AzureBackup_web10_123",
            "x/VM;iaasvmcontainerv2;rg-web;web10/backup",
        ] {
            assert!(
                left("DELETE", &format!("{GROUP}/{path}")).is_err(),
                "{path}"
            );
            assert!(left("GET", &format!("{GROUP}/{path}")).is_ok(), "{path}");
        }
    }

    #[test]
    fn a_write_to_the_vm_itself_is_none_to_its_neighbours() {
        for path in [
            "virtualMachines/web1",
            "restorePointCollections/AzureBackup_web1_123",
            "x/VM;iaasvmcontainerv2;rg-web;web1/backup",
            "locks/web10",
        ] {
            assert_eq!(left("DELETE", &format!("{GROUP}/{path}")), Ok(()), "{path}");
        }
    }
}
