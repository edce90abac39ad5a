//! Every golden case meets faults that it does not tell of: it breaks no rule, and where it would
//! have mended the VM the next run does.

use super::{FAULTS, Fault, Subject, Undisturbed, is_exhaustive, meet};
use crate::crash::{golden_cases, is_unseen};
use crate::kit::figures;
use runbook::base::side_by_side;

/// About how many cases meet a fault, and how many each, unless `RUNBOOK_EXHAUSTIVE` asks for every
/// one at every request that differs from the one before: half a minute on two processors.
const CASES: usize = 150;
const TRIED: usize = 2;

/// What came of one case.
#[derive(Default)]
struct Met {
    requests: usize,
    faults: usize,
    wrong: Vec<String>,
}

/// Where which fault is met: from case to case another one, first at a request that writes.
fn chosen(at: usize, requests: &[String]) -> Vec<(usize, Fault)> {
    let all: Vec<usize> = (0..requests.len()).collect();
    if is_exhaustive() {
        let differs = |n: &&usize| **n == 0 || requests[**n] != requests[**n - 1];
        let places = all.iter().filter(differs);
        let each = places.flat_map(|n| FAULTS.iter().map(|fault| (*n, *fault)));
        return each.collect();
    }
    let writes = |n: &&usize| !requests[**n].starts_with("GET");
    let writes: Vec<usize> = all.iter().filter(writes).copied().collect();
    let pick = |from: &[usize], turn: usize| {
        let place = from.get((at * 7 + turn * 3) % from.len().max(1)).copied();
        place.map(|place| (place, FAULTS[(at + turn * 5) % FAULTS.len()]))
    };
    let first = pick(&writes, 0).or_else(|| pick(&all, 0));
    let others = (1..TRIED).filter_map(|turn| pick(&all, turn));
    first.into_iter().chain(others).collect()
}

fn met(at: usize, subject: &Subject) -> Met {
    let whole = Undisturbed::of(subject);
    let requests = &whole.requests;
    let mut met = Met {
        requests: requests.len(),
        ..Met::default()
    };
    for (place, fault) in chosen(at, requests) {
        met.faults += 1;
        let complaint = match meet(subject, &whole, place, fault) {
            Err(why) => Some(why),
            Ok([_, second]) if is_unseen(subject) && second.0 == "needs_human" => None,
            Ok([_, second]) if whole.is_mended(subject) => whole.unhealed(&second),
            Ok(_) => None,
        };
        let (name, request) = (&subject.name, &requests[place]);
        let told = |why| format!("{name}: {fault:?} at request {place} ({request}): {why}");
        met.wrong.extend(complaint.map(told));
    }
    met
}

#[test]
fn a_fault_at_any_request_of_any_golden_case_ends_well() {
    let cases = golden_cases(CASES);
    let all = side_by_side(&cases, |at, case| met(at, &Subject::of(case)));
    let sum = |of: fn(&Met) -> usize| all.iter().map(of).sum::<usize>();
    let figures = format!(
        "{} cases of {} requests; {} faults met",
        cases.len(),
        sum(|met| met.requests),
        sum(|met| met.faults)
    );
    println!("{figures}");
    figures::keep("faults at golden cases", &figures);
    let wrong: Vec<&str> = all
        .iter()
        .flat_map(|m| &m.wrong)
        .map(String::as_str)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
