use super::*;
use crate::core::runbook::model::Matching;
use crate::core::symptom::Says;

fn claim(code: &str, change: impl FnOnce(&mut Matching)) -> Claim {
    let mut matching = Matching::default();
    change(&mut matching);
    Claim::new(code, &matching)
}

fn claims() -> Vec<Claim> {
    let words = |words: &str| {
        let words = vec![words.to_owned()];
        move |m: &mut Matching| m.messages = words
    };
    vec![
        claim("AgentSilent", |m| {
            m.aliases = vec!["AgentUnknown".to_owned()];
            m.numbers = vec![400_239.into()];
        }),
        claim("RpLimit", words("restore points")),
        claim("RpSlow", words("restore points.* can't exceed \\d+$")),
        claim("VssWriters", words("writers in a bad state")),
        claim("Wrapper", words("for details, see the job")),
        claim("LookAtAll", |m| m.anything = true),
    ]
}

fn said(clues: &[(Place, Says)]) -> Answer {
    let mut symptom = Symptom {
        wrapping: &["Wrapper"],
        ..Symptom::default()
    };
    for (at, (place, says)) in clues.iter().enumerate() {
        symptom.push(*place, format!("f{at}"), says.clone());
    }
    Answer::of(&symptom, claims().iter())
}

fn symbol(text: &str) -> (Place, Says) {
    (Place::Job, Says::Symbol(text.to_owned()))
}

fn number(number: i64) -> (Place, Says) {
    (Place::Job, Says::Number(number, None))
}

fn text(text: &str) -> (Place, Says) {
    (Place::Job, Says::Text(text.to_owned()))
}

fn short(answer: &Answer) -> (&str, Sureness, Option<MatchedBy>) {
    let runbook = answer.runbook.as_deref().unwrap_or("none");
    (
        runbook,
        answer.sureness,
        answer.found.as_ref().map(|f| f.by),
    )
}

#[test]
fn a_code_is_certain_and_a_number_and_a_message_are_likely() {
    use Sureness::{Certain, Likely};
    let message = text("The Restore\u{a0}points  can\u{2019}t exceed 18..");
    for (clues, expected) in [
        (
            vec![symbol("rplimit"), number(400_239)],
            ("RpLimit", Certain, MatchedBy::Code),
        ),
        (
            vec![symbol("AgentUnknown"), message.clone()],
            ("AgentSilent", Certain, MatchedBy::Alias),
        ),
        (
            vec![number(400_239), message.clone()],
            ("AgentSilent", Likely, MatchedBy::Number),
        ),
        (
            vec![number(1), message.clone()],
            ("RpSlow", Likely, MatchedBy::Message),
        ),
        (
            vec![text("too many restore points")],
            ("RpLimit", Likely, MatchedBy::Message),
        ),
        (
            vec![text("it was AgentUnknown!")],
            ("AgentSilent", Likely, MatchedBy::Alias),
        ),
    ] {
        let answer = said(&clues);
        let (runbook, sureness, by) = expected;
        assert_eq!(short(&answer), (runbook, sureness, Some(by)), "{clues:?}");
    }
    let answer = said(&[message]);
    assert_eq!(
        answer.alternatives[0].runbook, "RpLimit",
        "the shorter words are told"
    );
}

#[test]
fn a_code_that_no_runbook_has_is_never_guessed_at() {
    let answer = said(&[
        symbol("Other"),
        number(400_239),
        text("too many restore points"),
    ]);
    assert_eq!(short(&answer), ("LookAtAll", Sureness::Unknown, None));
    let told: Vec<&str> = answer
        .alternatives
        .iter()
        .map(|f| f.runbook.as_str())
        .collect();
    assert_eq!(told, ["AgentSilent", "RpLimit"]);
    assert_eq!(short(&said(&[])), ("LookAtAll", Sureness::Unknown, None));
}

#[test]
fn of_several_that_fit_alike_none_is_taken() {
    for clues in [
        vec![symbol("RpLimit"), symbol("VssWriters")],
        vec![
            (
                Place::Alert,
                Says::Text("RpLimitOrSo AgentUnknown AgentSilent".to_owned()),
            ),
            (Place::Alert, Says::Text("AgentUnknown".to_owned())),
        ],
    ] {
        let answer = said(&clues);
        let alike = answer.alike().count();
        match clues.len() == 2 && matches!(clues[0].1, Says::Symbol(_)) {
            true => {
                assert_eq!((answer.sureness, alike), (Sureness::Ambiguous, 2));
                assert_eq!(answer.runbook.as_deref(), Some("LookAtAll"));
                let told = answer.to_string();
                assert!(
                    told.starts_with("`RpLimit` and `VssWriters` fit alike"),
                    "{told}"
                );
            }
            false => assert_eq!(answer.sureness, Sureness::Likely, "one runbook, twice"),
        }
    }
}

#[test]
fn a_wrapper_is_answered_by_what_stands_inside_and_else_by_its_own_runbook() {
    let outer = text("For details, see the job.");
    let inner = text("VSS writers in a bad state.");
    let answer = said(&[symbol("WRAPPER"), outer.clone(), inner.clone()]);
    assert_eq!(short(&answer).0, "VssWriters");
    assert_eq!(answer.inside.as_deref(), Some("WRAPPER"));
    let answer = said(&[outer.clone(), inner]);
    assert_eq!(
        short(&answer).0,
        "VssWriters",
        "even where nothing but words is there"
    );
    let answer = said(&[symbol("wrapper"), outer, text("something else")]);
    assert_eq!(
        short(&answer),
        ("Wrapper", Sureness::Certain, Some(MatchedBy::Code))
    );
    assert_eq!(answer.inside, None);
}

#[test]
fn of_codes_within_a_longer_one_the_longer_one_is_meant() {
    let claims = [
        claim("ExtensionSnapshotFailed", |_| {}),
        claim("ExtensionSnapshotFailedNoNetwork", |_| {}),
    ];
    let mut symptom = Symptom::default();
    let tail = "1_azureiaasvmextensionsnapshotfailednonetworklog".to_owned();
    symptom.push(Place::Alert, "originAlertId", Says::Joined(tail));
    let answer = Answer::of(&symptom, claims.iter());
    assert_eq!(
        answer.runbook.as_deref(),
        Some("ExtensionSnapshotFailedNoNetwork")
    );
    assert_eq!(
        (answer.sureness, answer.alternatives.len()),
        (Sureness::Likely, 0)
    );
}
