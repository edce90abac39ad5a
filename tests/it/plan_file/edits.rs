//! What is believed of a file: nothing that was edited, issued elsewhere, or is past its time.

use std::time::Duration;

use runbook::base::SealKey;
use runbook::base::clock::add;
use runbook::core::plan::fingerprint;
use runbook::core::plan::sealed::{GOOD_FOR, LONGEST, SealedPlan, Unfit};
use runbook::ops::{OpsError, plan_file};
use serde_json::{Value, json};

use super::Saved;
use crate::kit::{CASES, Stage, in_virtual_time, seal_key};
use crate::rules::LIMIT;

fn saved(scenario: &str, code: &str) -> Saved {
    in_virtual_time(async { Saved::of(&Stage::scenario(scenario), code).await })
}

fn now() -> jiff::Timestamp {
    "2026-11-21T03:20:00Z".parse().unwrap()
}

fn opened(text: &str) -> Result<SealedPlan, Unfit> {
    SealedPlan::open(text, &seal_key(), now())
}

/// The file as JSON, and a pointer to each value in it, the whole left out.
fn parts(text: &str) -> (Value, Vec<String>) {
    fn below(value: &Value, at: &str, found: &mut Vec<String>) {
        let mut go = |name: &str, inner: &Value| {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            below(inner, &at, found);
            found.push(at);
        };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, inner)| go(name, inner)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(at, inner)| go(&at.to_string(), inner)),
            _ => {}
        }
    }
    let value = serde_json::from_str(text).unwrap();
    let mut found = Vec::new();
    below(&value, "", &mut found);
    (value, found)
}

/// Another value of the same kind.
fn altered(value: &Value) -> Value {
    match value {
        Value::Null => json!(false),
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => json!(number.as_f64().unwrap_or(0.0) + 1.0),
        Value::String(text) if text.is_empty() => json!(" "),
        Value::String(text) => json!(text[..text.len() - text.chars().last().unwrap().len_utf8()]),
        Value::Array(items) => {
            Value::Array(items.iter().skip(1).cloned().chain([json!(0)]).collect())
        }
        Value::Object(fields) => {
            let mut fields = fields.clone();
            fields.insert("added".to_owned(), Value::Null);
            Value::Object(fields)
        }
    }
}

fn is_noticed(edited: &Value, what: &str) {
    let text = edited.to_string();
    match opened(&text) {
        Err(Unfit::Edited | Unfit::NoPlan(_) | Unfit::OtherFormat(_) | Unfit::OtherStore) => {}
        other => panic!("{what} is not noticed: {other:?}"),
    }
}

#[test]
fn every_value_that_is_altered_removed_or_added_is_noticed() {
    let mut edits = 0;
    for (scenario, code) in CASES {
        let text = saved(scenario, code).text();
        let (whole, parts) = parts(&text);
        opened(&whole.to_string()).expect("blanks are free");
        for part in parts {
            let mut edited = whole.clone();
            let place = edited.pointer_mut(&part).unwrap();
            *place = altered(place);
            is_noticed(&edited, &format!("{part} altered"));

            let mut edited = whole.clone();
            let (parent, name) = part.rsplit_once('/').unwrap();
            let name = name.replace("~1", "/").replace("~0", "~");
            match edited.pointer_mut(parent).unwrap() {
                Value::Object(fields) => drop(fields.remove(&name)),
                Value::Array(items) => drop(items.remove(name.parse().unwrap())),
                other => panic!("{other}"),
            }
            is_noticed(&edited, &format!("{part} removed"));
            edits += 2;
        }
        is_noticed(&altered(&whole), "something added to the whole");
    }
    println!("{edits} edits of saved plans");
    assert!(edits > 1000, "{edits}");
}

#[test]
fn a_byte_that_is_not_what_it_was_is_noticed_unless_it_is_a_blank_between_values() {
    let text = saved("rp-limit", LIMIT).text();
    let (whole, _) = parts(&text);
    // A prime, so that every place in the form of the file comes up.
    for at in (0..text.len()).step_by(13) {
        for bit in [0x01, 0x04, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= bit;
            let Ok(edited) = String::from_utf8(bytes) else {
                continue;
            };
            let same = serde_json::from_str::<Value>(&edited).is_ok_and(|v| v == whole);
            assert_eq!(opened(&edited).is_ok(), same, "byte {at}");
        }
        assert!(opened(&text[..at]).is_err(), "cut at {at}");
    }
    assert!(opened(&format!("{text}{text}")).is_err(), "twice");
    for no_plan in [
        "",
        "{}",
        "[]",
        "null",
        "7",
        "version: 1",
        "{\"runbook_plan\":1}",
    ] {
        assert!(
            matches!(opened(no_plan), Err(Unfit::NoPlan(_))),
            "{no_plan}"
        );
    }
    let newer = text.replace("\"runbook_plan\": 1", "\"runbook_plan\": 2");
    assert_eq!(opened(&newer), Err(Unfit::OtherFormat(2)));
}

#[test]
fn the_order_of_keys_is_free_because_it_means_nothing() {
    let (whole, _) = parts(&saved("rp-limit", LIMIT).text());
    let fields = whole.as_object().unwrap();
    let turned: serde_json::Map<_, _> = fields.clone().into_iter().rev().collect();
    assert!(opened(&Value::Object(turned).to_string()).is_ok());
}

#[test]
fn a_plan_that_another_key_sealed_is_refused_whatever_it_says_of_its_store() {
    let sealed = opened(&saved("rp-limit", LIMIT).text()).unwrap();
    let other = SealKey::of_bytes([8; 32]);
    let mut theirs = SealedPlan {
        store: other.name(),
        ..sealed
    };
    let text = theirs.text(&other).unwrap();
    assert!(SealedPlan::open(&text, &other, now()).is_ok());
    assert_eq!(opened(&text), Err(Unfit::OtherStore));
    theirs.store = seal_key().name();
    assert_eq!(opened(&theirs.text(&other).unwrap()), Err(Unfit::Edited));
}

#[test]
fn a_plan_whose_fingerprint_is_counted_otherwise_is_refused() {
    let mut sealed = opened(&saved("rp-limit", LIMIT).text()).unwrap();
    sealed.plan.fingerprint = "0".repeat(64);
    assert_eq!(
        opened(&sealed.text(&seal_key()).unwrap()),
        Err(Unfit::OtherProgram)
    );
}

#[test]
fn a_saved_plan_is_good_for_its_time_and_not_a_second_longer() {
    for good_for in [Duration::from_secs(60), GOOD_FOR, LONGEST] {
        in_virtual_time(async {
            let stage = Stage::scenario("rp-limit");
            let saved = Saved::good_for(&stage, LIMIT, good_for).await;
            let clock = stage.world.clock().clone();
            let expires = saved.plan.from_file.clone().unwrap().expires;
            assert_eq!(expires, add(clock.now(), good_for));
            clock.sleep(good_for - Duration::from_secs(1)).await;
            assert!(saved.open(&stage).await.is_ok());
            clock.sleep(Duration::from_secs(1)).await;
            let asked = stage.ledger().len();
            match saved.open(&stage).await {
                Err(OpsError::Unfit(_, why)) => assert_eq!(why, Unfit::Expired(expires)),
                other => panic!("{other:?}"),
            }
            assert_eq!(stage.ledger().len(), asked, "nothing is asked of Azure");
        });
    }
    in_virtual_time(async {
        let stage = Stage::scenario("rp-limit");
        let saved = Saved::good_for(&stage, LIMIT, LONGEST * 2).await;
        let expires = saved.plan.from_file.unwrap().expires;
        assert_eq!(expires, add(stage.world.clock().now(), LONGEST));
    });
}

#[test]
fn a_saved_plan_is_never_written_over_anything() {
    in_virtual_time(async {
        let stage = Stage::scenario("rp-limit");
        let saved = Saved::of(&stage, LIMIT).await;
        let before = saved.text();
        let plan = stage.plan(LIMIT, "web1").await.unwrap();
        let again = plan_file::save(&stage.world, plan, &saved.file, GOOD_FOR);
        assert!(matches!(again, Err(OpsError::Usage(_))), "{again:?}");
        assert!(plan_file::is_free(&saved.file).is_err());
        assert_eq!(saved.text(), before);
    });
}

#[test]
fn secrets_are_taken_out_of_a_plan_and_one_that_is_not_the_same_without_is_not_saved() {
    let mut plan = saved("rp-limit", LIMIT).plan;
    let secret = json!("Bearer c4n4ryT0kenAAAAAAAAAAAAAAAAAAAA");
    plan.names.insert("note".to_owned(), secret.clone());
    let sealed = SealedPlan::of(&plan, "id".to_owned(), now(), GOOD_FOR, &seal_key()).unwrap();
    let text = sealed.text(&seal_key()).unwrap();
    assert!(!text.contains("c4n4ry"));
    assert!(opened(&text).is_ok());
    plan.params.insert("note".to_owned(), secret);
    plan.fingerprint = fingerprint::of(&plan);
    let sealed = SealedPlan::of(&plan, "id".to_owned(), now(), GOOD_FOR, &seal_key());
    assert_eq!(sealed, Err(Unfit::Secret));
}

#[test]
fn a_plan_for_another_vm_than_the_one_that_is_named_is_refused() {
    in_virtual_time(async {
        let stage = Stage::scenario("rp-limit");
        let saved = Saved::of(&stage, LIMIT).await;
        let open =
            async |vm: &str| plan_file::open(&stage.world, &saved.file, Some(&stage.vm(vm))).await;
        match open("web10").await {
            Err(OpsError::Usage(why)) => assert!(why.contains("web10"), "{why}"),
            other => panic!("{other:?}"),
        }
        assert!(open("web1").await.is_ok());
    });
}
