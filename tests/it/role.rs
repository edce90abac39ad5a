//! The roles of `runbook role` are enough, and no more than enough.
//!
//! The simulator knows by itself which right each request takes; the roles are made of what
//! lookers and actions say. New runbooks, facts and actions are held against it as they come.

#![expect(clippy::print_stdout, reason = "the test says which case is missing")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use runbook::core::plan::Plan;
use runbook::ops::catalogue;
use runbook::ops::role::{Part, rights_of, roles};
use runbook::sim::{Entry, World};
use serde_json::Value;

use crate::golden::{Case, cases, difference};
use crate::kit::{figures, in_virtual_time};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The actions of every role of a runbook, the sensitive one included.
fn role_of(codes: &[String]) -> BTreeSet<String> {
    let known = catalogue(None).unwrap();
    let rights = rights_of(&known, codes).unwrap();
    let all = roles(&rights, &[]).unwrap();
    let mut actions = BTreeSet::new();
    for (part, role) in &all {
        for action in &role.actions {
            let new = actions.insert(action.clone());
            assert!(
                new || *part > Part::Retry,
                "{action} is in two roles: {part}"
            );
        }
    }
    let whole: BTreeSet<String> = rights.all().into_iter().map(str::to_owned).collect();
    assert_eq!(
        actions, whole,
        "the roles together hold what the runbooks take"
    );
    actions
}

/// Gives the world's identity `actions` wherever it has everything; what a case takes away stays
/// away.
fn grant(world: &mut World, actions: &BTreeSet<String>) {
    for grant in &mut world.identity.allowed {
        if grant.actions == ["*"] {
            grant.actions = actions.iter().cloned().collect();
        }
    }
}

/// What a case takes: its rights, and how many requests it is.
struct Used {
    case: Case,
    rights: BTreeSet<String>,
    requests: usize,
}

#[test]
fn each_role_is_enough_for_every_golden_case_and_nothing_in_it_can_be_spared() {
    let mut wrong = Vec::new();
    let mut all = Vec::new();
    let mut by_code: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for folder in cases(&package().join("runbooks/rehearsals")) {
        let case = Case::read(&folder);
        let role = by_code
            .entry(case.code.clone())
            .or_insert_with(|| role_of(std::slice::from_ref(&case.code)));
        let (used, different) = enough(case, role);
        wrong.extend(different);
        all.push(used);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));

    all.sort_by_key(|used| used.requests);
    let everywhere = role_of(&[]);
    let spared: Vec<&String> = everywhere
        .iter()
        .filter(|action| !is_missed(action, &all, &by_code))
        .collect();
    let (pairs, own) = in_their_own_cases(&all, &by_code);
    figures::keep(
        "roles",
        &format!(
            "{} golden cases of {} runbooks come out the same with their roles alone; {} actions \
             in all, each missed when it is taken away; {own} of {pairs} taken by a case of the \
             very runbook whose role has them",
            all.len(),
            by_code.len(),
            everywhere.len(),
        ),
    );
    assert!(
        spared.is_empty(),
        "nothing shows what these are for: {spared:?}"
    );
}

/// Runs a case with the role alone; it must come out as it does with every right.
fn enough(case: Case, role: &BTreeSet<String>) -> (Used, Vec<String>) {
    let (rehearsal, ledger) = in_virtual_time(async {
        let stage = case.stage(None, |world| grant(world, role));
        (case.rehearse(&stage).await, stage.ledger())
    });
    let files = rehearsal.files();
    let different: Vec<String> = files
        .iter()
        .filter_map(|(name, text)| difference(&case.folder.join(name), text))
        .map(|d| format!("with its role alone, {d}\n{}", refused(&ledger)))
        .collect();
    let rights = ledger.iter().flat_map(Entry::rights);
    let used = Used {
        rights: rights.map(str::to_owned).collect(),
        requests: ledger.len(),
        case,
    };
    (used, different)
}

/// Whether a case of some runbook whose role has `action` sees that it is taken away: a request is
/// refused, or the plan says so beforehand. Those that take it are tried first, the short ones
/// before the long; the others are only planned.
fn is_missed(action: &str, all: &[Used], by_code: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let (takers, others): (Vec<&Used>, Vec<&Used>) =
        all.iter().partition(|used| used.rights.contains(action));
    let asked = takers.into_iter().map(|used| (used, Go::OnToTheEnd));
    let asked = asked.chain(
        others
            .into_iter()
            .map(|used| (used, Go::NoFurtherThanThePlan)),
    );
    asked.into_iter().any(|(used, go)| {
        let mut role = by_code[&used.case.code].clone();
        role.remove(action) && is_missed_by(&used.case, action, &role, go)
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Go {
    OnToTheEnd,
    NoFurtherThanThePlan,
}

fn is_missed_by(case: &Case, action: &str, role: &BTreeSet<String>, go: Go) -> bool {
    let (plan, ledger) = in_virtual_time(async {
        let stage = case.stage(None, |world| grant(world, role));
        let plan = case.plan(&stage).await.ok();
        if let Some(plan) = plan.as_ref().filter(|_| go == Go::OnToTheEnd) {
            // Whatever comes of it: only who was refused what counts here.
            drop(case.apply(&stage, plan).await);
        }
        (plan, stage.ledger())
    });
    let refused = |e: &Entry| e.status == Some(403) && e.rights().contains(&action);
    ledger.iter().any(refused) || plan.is_some_and(|plan| warns(&plan, action))
}

/// How many actions all roles hold, and how many of them a case of the same runbook takes.
fn in_their_own_cases(
    all: &[Used],
    by_code: &BTreeMap<String, BTreeSet<String>>,
) -> (usize, usize) {
    let (mut pairs, mut own) = (0, 0);
    for (code, role) in by_code {
        let cases = all.iter().filter(|used| used.case.code == *code);
        let taken: BTreeSet<&String> = cases.flat_map(|used| &used.rights).collect();
        for action in role {
            pairs += 1;
            match taken.contains(action) {
                true => own += 1,
                false => println!("no case of {code} takes `{action}`"),
            }
        }
    }
    (pairs, own)
}

fn warns(plan: &Plan, action: &str) -> bool {
    let named = format!("`{action}`");
    plan.warned().iter().any(|warning| warning.contains(&named))
}

fn refused(ledger: &[Entry]) -> String {
    let refused = ledger.iter().filter(|e| e.status == Some(403));
    refused
        .map(|e| format!("  403 {} {} takes {:?}", e.method, e.path, e.rights()))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn no_role_but_the_sensitive_one_reaches_further_than_backups() {
    let known = catalogue(None).unwrap();
    let all = roles(&rights_of(&known, &[]).unwrap(), &[]).unwrap();
    for (part, role) in &all {
        assert_eq!(role.assignable_scopes, ["/subscriptions/{subscription}"]);
        for action in &role.actions {
            assert!(!action.contains('*'), "{part} holds {action}");
            let reads = action.ends_with("/read") || action.ends_with("/backupStatus/action");
            assert!(*part != Part::Diagnose || reads, "{part} holds {action}");
            let reaches = [
                "Microsoft.KeyVault/",
                "/roleAssignments/",
                "virtualMachines/write",
            ];
            let far = !action.ends_with("/read") && reaches.iter().any(|far| action.contains(far));
            assert!(*part == Part::Sensitive || !far, "{part} holds {action}");
        }
    }
    assert_eq!(all[0].0, Part::Diagnose);
}

#[test]
fn a_role_has_the_form_that_az_reads() {
    let known = catalogue(None).unwrap();
    let rights = rights_of(&known, &["UserErrorRpCollectionLimitReached".to_owned()]).unwrap();
    let scope = "/subscriptions/11111111-2222-3333-4444-555555555555".to_owned();
    let all = roles(&rights, std::slice::from_ref(&scope)).unwrap();
    let parts: Vec<&str> = all.iter().map(|(part, _)| part.name()).collect();
    assert_eq!(parts, ["diagnose", "retry", "cleanup"]);
    let role = serde_json::to_value(&all[2].1).unwrap();
    let keys: Vec<&String> = role.as_object().unwrap().keys().collect();
    let mut expected = [
        "Name",
        "IsCustom",
        "Description",
        "Actions",
        "NotActions",
        "DataActions",
        "NotDataActions",
        "AssignableScopes",
    ];
    expected.sort_unstable();
    let mut keys: Vec<&str> = keys.into_iter().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(role["IsCustom"], Value::Bool(true));
    assert_eq!(role["AssignableScopes"], serde_json::json!([scope]));
    assert_eq!(
        role["Actions"],
        serde_json::json!([
            "Microsoft.Authorization/locks/delete",
            "Microsoft.Authorization/locks/write",
            "Microsoft.Compute/locations/operations/read",
            "Microsoft.Compute/restorePointCollections/delete",
        ])
    );
}

#[test]
fn a_right_that_only_reading_on_the_way_takes_is_warned_of_and_stops_nothing() {
    let folder = package().join("runbooks/rehearsals/UserErrorRpCollectionLimitReached/plain");
    let case = Case::read(&folder);
    let mut role = role_of(std::slice::from_ref(&case.code));
    let lacking = "Microsoft.Compute/locations/operations/read";
    assert!(role.remove(lacking));
    let plan = in_virtual_time(async {
        let stage = case.stage(None, |world| grant(world, &role));
        case.plan(&stage).await.unwrap()
    });
    let said: Vec<&String> = plan
        .warnings
        .iter()
        .filter(|w| w.contains(lacking))
        .collect();
    assert_eq!(said.len(), 1, "{:?}", plan.warnings);
    assert!(said[0].contains("/subscriptions/"), "{}", said[0]);
    assert!(
        said[0].contains("`runbook role UserErrorRpCollectionLimitReached`"),
        "{}",
        said[0]
    );
    assert!(plan.missing_permissions.is_empty() && plan.verdict.is_none());
}
