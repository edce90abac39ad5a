use super::*;

fn nothing() -> Past<'static> {
    Past {
        now: jiff::Timestamp::UNIX_EPOCH,
        step: "unlock",
        sent: &[],
        planned: &[],
        baseline: &Value::Null,
        following: &Value::Null,
        since: jiff::Timestamp::UNIX_EPOCH,
        until: None,
        codes: &[],
    }
}

fn decided(seconds_after: i64) -> Decision {
    let fact = LockFact {
        id: "/subscriptions/s/resourceGroups/G/providers/Microsoft.Authorization/locks/l"
            .to_owned(),
        name: "l".to_owned(),
        remedy: LockRemedy::Remove,
        ..LockFact::default()
    };
    let deleted_at = jiff::Timestamp::from_second(1_000_000).unwrap();
    let sent = [Sent {
        step: "unlock".to_owned(),
        change: change(&fact, &nothing()),
        remaining: 1,
        at: deleted_at,
        settled_at: Some(deleted_at),
        fate: Fate::Done(Value::Null),
        found: None,
    }];
    let past = Past {
        now: jiff::Timestamp::from_second(1_000_000 + seconds_after).unwrap(),
        step: "unlock",
        sent: &sent,
        planned: &[],
        baseline: &Value::Null,
        following: &Value::Null,
        since: deleted_at,
        until: None,
        codes: &[],
    };
    let mut facts = Facts::default();
    let listed = json!({ "blocking": [fact] });
    facts.set(locks_key(&past), crate::core::facts::Fact::Known(listed));
    LockDelete::decide(
        &Args {
            scopes: Scopes::RestorePoints,
            borrow: true,
        },
        Seen(&facts),
        &past,
    )
    .unwrap()
}

#[test]
fn a_lock_still_listed_after_its_deletion_is_given_a_minute_before_it_is_said_to_be_back() {
    assert!(matches!(decided(1), Decision::Wait { .. }));
    assert!(matches!(decided(59), Decision::Wait { .. }));
    assert!(matches!(decided(60), Decision::NeedsHuman { .. }));
}

#[test]
fn a_lock_is_not_borrowed_where_it_would_be_back_before_what_it_was_away_for() {
    let lock = LockFact {
        id: "/subscriptions/s/providers/Microsoft.Authorization/locks/l".to_owned(),
        name: "l".to_owned(),
        scope: "/subscriptions/s".to_owned(),
        remedy: LockRemedy::Borrow,
        ..LockFact::default()
    };
    let past = Past {
        until: Some("clean-up"),
        ..nothing()
    };
    let mut facts = Facts::default();
    facts.know("locks", json!({ "blocking": [lock] }));
    let decide = |borrow| {
        let scopes = Scopes::RestorePoints;
        LockDelete::decide(&Args { scopes, borrow }, Seen(&facts), &past).unwrap()
    };
    assert!(matches!(decide(true), Decision::Change { .. }));
    let Decision::NeedsHuman { why, evidence } = decide(false) else {
        panic!("it is borrowed all the same");
    };
    assert!(why.contains("the subscription `s`"), "{why}");
    assert_eq!(evidence["owner"], json!("the owner of the lock"));
}
