use super::*;

/// The action that a path takes by the form of its name: the types in it, and the verb.
fn by_its_name(method: &str, path: &'static str) -> String {
    let all: Vec<&str> = segments(path).collect();
    let provider = all.iter().rposition(|s| ids::same(s, "providers"));
    let (namespace, rest) = match provider {
        Some(at) if all.len() > at + 2 => (all[at + 1], &all[at + 2..]),
        _ => ("Microsoft.Resources", &all[..]),
    };
    let types: Vec<&str> = rest.iter().step_by(2).copied().collect();
    let (odd, verb) = (rest.len() % 2 == 1, method);
    let end = match verb {
        "GET" | "HEAD" => "read",
        "PUT" | "PATCH" => "write",
        "DELETE" => "delete",
        _ if odd => "action",
        _ => "a verb that a POST to a resource does not have",
    };
    format!("{namespace}/{}/{end}", types.join("/"))
}

#[test]
fn every_route_takes_the_action_that_its_path_and_verb_name() {
    // Resource Manager's own lists are named otherwise (azure-api.md 12).
    let otherwise = [
        "subscriptions",
        "S",
        "S/resourceGroups",
        "RG",
        "RG/resources",
        "S/resources",
        "S/providers/{ns}",
    ];
    let mut held = 0;
    for Route(method, path, action, ..) in ROUTES {
        if *action == OPEN || otherwise.contains(path) {
            continue;
        }
        let named = by_its_name(method, path);
        assert!(
            ids::same(&named, action),
            "{method} {path}: {action}, and not {named}"
        );
        held += 1;
    }
    assert!(held > 30, "{held}");
}

#[test]
fn a_path_is_about_the_longest_id_it_begins_with() {
    let vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
    assert_eq!(target(&format!("{vm}/runCommand")), vm);
    assert_eq!(
        target(&format!("{vm}/extensions/e")),
        format!("{vm}/extensions/e")
    );
    let list = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines";
    assert_eq!(target(list), "/subscriptions/s/resourceGroups/g");
    assert_eq!(target("/subscriptions"), "/");
    let lock = format!("{vm}/providers/Microsoft.Authorization/locks/l");
    assert_eq!(target(&lock), lock);
}

#[test]
fn a_path_fits_whatever_its_case_and_its_names_are_found() {
    let found = fits("VM/extensions/{e}", "/Subscriptions/s/resourcegroups/G/providers/microsoft.compute/virtualmachines/v/extensions/E").unwrap();
    assert_eq!(
        (found.get("g"), found.get("vm"), found.get("e")),
        ("G", "v", "E")
    );
    let locks = "{scope+}/providers/Microsoft.Authorization/locks";
    let found = fits(
        locks,
        "/subscriptions/s/providers/Microsoft.Authorization/locks",
    )
    .unwrap();
    assert_eq!(found.get("scope"), "subscriptions/s");
    assert!(fits(locks, "/providers/Microsoft.Authorization/locks").is_none());
}
