//! The roles of `runbook role` are enough, and no more than enough.
//!
//! The simulator knows by itself which right each request takes; the roles are made of what
//! lookers and actions say. New runbooks, facts and actions are held against it as they come.

#![expect(clippy::print_stdout, reason = "the test says which case is missing")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use runbook::core::plan::Plan;
use runbook::core::report::{Report, json};
use runbook::core::runbook::catalogue::Catalogue;
use runbook::ops::matching::match_vm;
use runbook::ops::rehearse::Simulated;
use runbook::ops::rehearse::cases::{Case, cases_in};
use runbook::ops::rehearse::perform::{Performance, Wire, perform_scene};
use runbook::ops::role::{Part, rights_of, roles};
use runbook::ops::triage::{reads, triage};
use runbook::ops::{Ask, catalogue, plan};
use runbook::sim::Entry;
use serde_json::Value;

use crate::golden::difference;
use crate::kit::wire::{Untouched, Wire as Tapped};
use crate::kit::{Stage, figures, in_virtual_time};

fn golden_cases(part: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/rehearsals");
    cases_in(&root.join(part)).unwrap()
}

/// The actions of every role of the runbooks of these codes, the sensitive one included.
fn role_of(known: &Catalogue, codes: &[String]) -> BTreeSet<String> {
    let rights = rights_of(known, codes).unwrap();
    let mut actions = BTreeSet::new();
    for (_, role) in roles(&rights, &[]).unwrap() {
        actions.extend(role.actions);
    }
    let whole: BTreeSet<String> = rights.all().into_iter().map(str::to_owned).collect();
    assert_eq!(actions, whole, "together they hold what the runbooks take");
    actions
}

/// Performs a case with these actions alone: how it came out, and what was asked of Azure.
fn performed(
    case: &Case,
    known: &Catalogue,
    actions: &BTreeSet<String>,
) -> (Result<Performance, String>, Vec<Entry>) {
    let actions: Vec<String> = actions.iter().cloned().collect();
    let mut scene = case.read().unwrap();
    scene.sim = scene.sim.with_rights(&actions);
    let asked: Arc<Mutex<Option<Arc<Simulated>>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let wire: Wire = Arc::new(move |simulated| {
        *kept.lock().unwrap() = Some(Arc::clone(simulated));
        Arc::new(Tapped::to(simulated, Arc::new(Untouched)))
    });
    let came = perform_scene(&case.code, scene, known, &wire);
    let simulated = asked.lock().unwrap().take().unwrap();
    (came, simulated.with(|sim| sim.ledger().to_vec()))
}

/// Does the same for each of `all`, on every processor.
fn on_each<'a, T: Sync, R: Send>(all: &'a [T], does: impl Fn(&'a T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let size = all.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let works: Vec<_> = all
            .chunks(size)
            .map(|some| scope.spawn(|| some.iter().map(&does).collect::<Vec<_>>()))
            .collect();
        works
            .into_iter()
            .flat_map(|work| work.join().unwrap())
            .collect()
    })
}

type Roles = BTreeMap<String, BTreeSet<String>>;

/// What a case takes: its rights, and how many requests it is.
struct Used<'a> {
    case: &'a Case,
    rights: BTreeSet<String>,
    requests: usize,
}

#[test]
fn each_role_is_enough_for_every_golden_case_and_nothing_in_it_can_be_spared() {
    let (known, cases) = (catalogue(None).unwrap(), golden_cases(""));
    let codes: BTreeSet<&String> = cases.iter().map(|case| &case.code).collect();
    let by_code: Roles = codes
        .into_iter()
        .map(|code| (code.clone(), role_of(&known, std::slice::from_ref(code))))
        .collect();
    let came = on_each(&cases, |case| enough(case, &known, &by_code[&case.code]));
    let (mut all, wrong): (Vec<Used<'_>>, Vec<Vec<String>>) = came.into_iter().unzip();
    assert!(wrong.concat().is_empty(), "{}", wrong.concat().join("\n\n"));

    all.sort_by_key(|used| used.requests);
    let every: Vec<String> = by_code.keys().cloned().collect();
    let everywhere: Vec<String> = role_of(&known, &every).into_iter().collect();
    let missed = on_each(&everywhere, |action| {
        is_missed(action, &known, &all, &by_code)
    });
    let spared: Vec<&String> = everywhere
        .iter()
        .zip(&missed)
        .filter_map(|(action, missed)| (!missed).then_some(action))
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

/// Performs a case with the role alone; it must come out as it does with every right.
fn enough<'a>(
    case: &'a Case,
    known: &Catalogue,
    role: &BTreeSet<String>,
) -> (Used<'a>, Vec<String>) {
    let (came, ledger) = performed(case, known, role);
    let different = match came {
        Err(why) => vec![why],
        Ok(came) => came
            .files()
            .iter()
            .filter_map(|(name, text)| difference(&case.folder.join(name), text))
            .collect(),
    };
    let rights = ledger.iter().flat_map(Entry::rights);
    let used = Used {
        case,
        rights: rights.collect(),
        requests: ledger.len(),
    };
    let (title, refused) = (case.title(), refused(&ledger));
    let told = |d: String| format!("{title} with its role alone: {d}\n{refused}");
    (used, different.into_iter().map(told).collect())
}

/// Whether a case of some runbook whose role has `action` sees that it is taken away: a request is
/// refused, or the plan says so beforehand. Those that take it are tried first, the short ones
/// before the long.
fn is_missed(action: &str, known: &Catalogue, all: &[Used<'_>], by_code: &Roles) -> bool {
    let (takers, others): (Vec<_>, Vec<_>) =
        all.iter().partition(|used| used.rights.contains(action));
    takers.into_iter().chain(others).any(|used| {
        let mut role = by_code[&used.case.code].clone();
        if !role.remove(action) {
            return false;
        }
        let (came, ledger) = performed(used.case, known, &role);
        let refused =
            |e: &Entry| e.status == Some(403) && e.rights().iter().any(|right| right == action);
        ledger.iter().any(refused) || came.is_ok_and(|came| came.plan.contains(action))
    })
}

/// How many actions all roles hold, and how many of them a case of the same runbook takes.
fn in_their_own_cases(all: &[Used<'_>], by_code: &Roles) -> (usize, usize) {
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
            let looks = [
                "/read",
                "/backupStatus/action",
                "/effectiveNetworkSecurityGroups/action",
                "/effectiveRouteTable/action",
            ];
            let reads = looks.iter().any(|look| action.ends_with(look));
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

/// What `triage`, or `match` for one VM, tells with these actions alone; none where it cannot.
fn told(case: &Case, role: &BTreeSet<String>, asks: Asks) -> Option<String> {
    let actions: Vec<String> = role.iter().cloned().collect();
    let scene = case.read().unwrap();
    let ask: Ask = scene.question.ask(&case.code, scene.sim.world());
    in_virtual_time(async {
        let stage = Stage::of(scene.sim.with_rights(&actions));
        match asks {
            Asks::Match => {
                let matched = match_vm(&stage.world, &ask.vm).await.ok()?;
                serde_json::to_string(&matched.document()).ok()
            }
            Asks::Triage => {
                let day = Duration::from_secs(24 * 3600);
                let (triage, exit) = triage(&stage.world, &[], day).await.ok()?;
                let whole = exit.code() == 0 && !triage.vaults.is_empty();
                whole.then(|| serde_json::to_string(&triage).unwrap())
            }
        }
    })
}

#[derive(Clone, Copy)]
enum Asks {
    Match,
    Triage,
}

#[test]
fn diagnose_is_enough_for_match_and_triage_and_what_they_take_cannot_be_spared() {
    let case = &golden_cases("UserErrorRpCollectionLimitReached/plain")[0];
    let known = catalogue(None).unwrap();
    let all = roles(&rights_of(&known, &[]).unwrap(), &[]).unwrap();
    let diagnose: BTreeSet<String> = all[0].1.actions.iter().cloned().collect();
    let every: BTreeSet<String> = BTreeSet::from(["*".to_owned()]);
    let needed = |asks: Asks| -> Vec<&str> {
        let whole = told(case, &every, asks);
        assert!(whole.is_some() && told(case, &diagnose, asks) == whole);
        let without = |action: &&String| {
            let mut role = diagnose.clone();
            role.remove(*action);
            told(case, &role, asks) != whole
        };
        diagnose
            .iter()
            .filter(without)
            .map(String::as_str)
            .collect()
    };
    let of_triage: Vec<&str> = reads().into_iter().collect();
    assert_eq!(needed(Asks::Triage), of_triage);
    let of_match = needed(Asks::Match);
    for action in [
        "Microsoft.RecoveryServices/Vaults/backupJobs/read",
        "Microsoft.RecoveryServices/locations/backupStatus/action",
    ] {
        assert!(of_match.contains(&action), "{of_match:?}");
    }
    // Only those who ask for every runbook look at every vault.
    let one = rights_of(&known, std::slice::from_ref(&case.code)).unwrap();
    assert!(!one.all().contains("Microsoft.Resources/subscriptions/read"));
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
    let actions: Vec<&str> = role["Actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for action in [
        "Microsoft.Authorization/locks/delete",
        "Microsoft.Authorization/locks/write",
        "Microsoft.Compute/locations/operations/read",
        "Microsoft.Compute/restorePointCollections/delete",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    assert!(actions.is_sorted());
}

#[test]
fn a_right_that_only_reading_on_the_way_takes_is_warned_of_and_stops_nothing() {
    let case = &golden_cases("UserErrorRpCollectionLimitReached/plain")[0];
    let known = catalogue(None).unwrap();
    let mut role = role_of(&known, std::slice::from_ref(&case.code));
    let lacking = "Microsoft.Compute/locations/operations/read";
    assert!(role.remove(lacking));
    let plan = planned(case, &role);
    let said: Vec<&String> = plan
        .warnings
        .iter()
        .filter(|w| w.contains(lacking))
        .collect();
    assert_eq!(said.len(), 1, "{:?}", plan.warnings);
    assert!(said[0].contains("/subscriptions/"), "{}", said[0]);
    let told = "`runbook role UserErrorRpCollectionLimitReached`";
    assert!(said[0].contains(told), "{}", said[0]);
    assert!(plan.missing_permissions.is_empty() && plan.verdict.is_none());
}

#[test]
fn a_right_that_a_change_takes_stops_the_plan_and_is_among_the_warnings_of_its_json() {
    let case = &golden_cases("UserErrorRpCollectionLimitReached/plain")[0];
    let known = catalogue(None).unwrap();
    let mut role = role_of(&known, std::slice::from_ref(&case.code));
    let lacking = "Microsoft.Authorization/locks/delete";
    assert!(role.remove(lacking));
    let plan = planned(case, &role);
    assert_eq!(plan.missing_permissions[0].action, lacking);
    let json: Value =
        serde_json::from_str(&json::render(&Report::of_plan(&plan)).unwrap()).unwrap();
    let said = json["warnings"][0].as_str().unwrap();
    assert!(
        said.contains(lacking) && said.contains("`runbook role "),
        "{said}"
    );
}

fn planned(case: &Case, role: &BTreeSet<String>) -> Plan {
    let actions: Vec<String> = role.iter().cloned().collect();
    let scene = case.read().unwrap();
    let ask: Ask = scene.question.ask(&case.code, scene.sim.world());
    in_virtual_time(async {
        let stage = Stage::of(scene.sim.with_rights(&actions));
        plan(&stage.world, &ask).await.unwrap()
    })
}
