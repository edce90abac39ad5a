use super::*;

fn claim(code: &str, aliases: &[&str], numbers: &[&str], messages: &[&str]) -> Claim {
    let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    let matching = Matching {
        aliases: owned(aliases),
        messages: owned(messages),
        numbers: numbers
            .iter()
            .map(|n| n.parse().expect("a range"))
            .collect(),
        ..Matching::default()
    };
    Claim::new(code, &matching)
}

fn symptom(clues: &[(Place, &str, Says)]) -> Symptom {
    let mut symptom = Symptom {
        wrapping: &["Wrapper"],
        ..Symptom::default()
    };
    for (place, field, says) in clues {
        symptom.push(*place, *field, says.clone());
    }
    symptom
}

fn symbol(text: &str) -> Says {
    Says::Symbol(text.to_owned())
}

fn text(text: &str) -> Says {
    Says::Text(text.to_owned())
}

fn limit() -> Claim {
    claim(
        "UserErrorRpCollectionLimitReached",
        &["RpLimitAlias"],
        &["300-318"],
        &[r"cannot exceed \d+"],
    )
}

#[test]
fn a_code_decides_whatever_its_case_and_whatever_else_is_there() {
    let own = (
        Place::Job,
        "title",
        symbol("usererrorRPCollectionlimitreached"),
    );
    let found = limit().answers(&symptom(&[own])).expect("its own code");
    assert_eq!(
        (found.by, found.field.as_str(), found.whole),
        (MatchedBy::Code, "title", true)
    );
    let other = symptom(&[
        (Place::Job, "title", symbol("UserErrorOther")),
        (Place::Job, "code", Says::Number(300, None)),
        (Place::Job, "text", text("points cannot exceed 18")),
    ]);
    assert_eq!(limit().answers(&other), None);
}

#[test]
fn without_a_code_the_number_and_then_the_message_decide() {
    let by = |clues: &[(Place, &str, Says)]| limit().answers(&symptom(clues)).map(|f| f.by);
    let title = (Place::Job, "title", symbol("A title"));
    let number = (Place::Job, "code", Says::Number(318, None));
    let words = (Place::Job, "text", text("Points CANNOT  exceed 18."));
    assert_eq!(
        by(&[title.clone(), words.clone(), number]),
        Some(MatchedBy::Number)
    );
    assert_eq!(by(&[title, words.clone()]), Some(MatchedBy::Message));
    let unknown = (Place::Job, "code", Says::Number(9, None));
    assert_eq!(by(&[unknown, words.clone()]), Some(MatchedBy::Message));
    let pair = (
        Place::Job,
        "code",
        Says::Number(9, Some("UserErrorOther".to_owned())),
    );
    assert_eq!(by(&[pair, words]), None, "the number names another code");
}

#[test]
fn what_stands_inside_a_code_that_only_wraps_is_matched_by_its_words() {
    let inside = |code: &str| {
        symptom(&[
            (Place::Job, "title", symbol(code)),
            (
                Place::Job,
                "text",
                text("The number of points cannot exceed 18."),
            ),
        ])
    };
    assert!(limit().answers(&inside("WRAPPER")).is_some());
    assert!(limit().answers(&inside("NoWrapper")).is_none());
}

#[test]
fn a_code_is_found_among_the_words_of_a_text_as_a_whole_word_only() {
    let claim = claim("ExtensionSnapshotFailed", &["Short"], &[], &[]);
    let found = |says: Says| {
        claim
            .answers(&symptom(&[(Place::Job, "f", says)]))
            .is_some()
    };
    assert!(found(text("It failed (extensionsnapshotfailed).")));
    assert!(found(Says::Advice(
        "https://aka.ms/AB-ExtensionSnapshotFailed".to_owned()
    )));
    assert!(!found(text("ExtensionSnapshotFailedNoNetwork")));
    assert!(!found(text("a short text")));
    assert!(found(Says::Joined(
        "0_1azureiaasvmextensionsnapshotfailedlog".to_owned()
    )));
}

#[test]
fn a_pattern_is_made_plain_as_messages_are() {
    for (written, message) in [
        ("doesn\u{2019}t have  rights.", "It doesn't have rights."),
        (
            "doesn't have rights",
            "It DOESN\u{2019}T have\u{a0}rights\u{2026}",
        ),
        (r"no longer exists\.", "The VM no longer exists."),
        (r"ends\\", r"it ends\"),
    ] {
        let found = pattern(written)
            .expect(written)
            .is_match(&normalised(message));
        assert!(found, "{written} in {message}");
    }
}

#[test]
fn making_a_message_plain_twice_changes_nothing_more() {
    let pieces = [
        "a",
        "B",
        " ",
        "  ",
        ".",
        "..",
        "\u{2026}",
        "\u{2019}",
        "\u{2018}",
        "`",
        "\"",
        "\u{201c}",
        "\u{a0}",
        "\n",
        "\u{130}",
        "\u{3a3}",
        "\u{df}",
        "\u{1f600}",
        "",
    ];
    // Every text of four pieces.
    let mut tried = 0_u32;
    let mut at = [0_usize; 4];
    loop {
        let message: String = at.iter().map(|&i| pieces[i]).collect();
        let once = normalised(&message);
        assert_eq!(normalised(&once), once, "{message:?}");
        tried += 1;
        let Some(next) = at.iter().position(|&i| i + 1 < pieces.len()) else {
            break;
        };
        at[..next].fill(0);
        at[next] += 1;
    }
    assert_eq!(tried, 19_u32.pow(4));
}
