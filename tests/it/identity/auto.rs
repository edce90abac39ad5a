//! `auto`: workload identity, managed identity, the Azure CLI, and nobody else.

use super::office::{Mood, Office, without};

const GRANTS: Mood = Mood::Grants(3_600);

const FEDERATED: [&str; 1] = ["AZURE_FEDERATED_TOKEN_FILE"];

/// How often authority, desk and `az` were asked.
fn asked(office: &Office) -> (usize, usize, usize) {
    let (authority, desk) = (office.authority.asked(), office.desk.asked());
    (authority.len(), desk.len(), office.az().len())
}

#[test]
fn the_first_that_gives_a_token_is_taken_and_nobody_after_it_is_asked() {
    for (authority, desk, leave_out, expected) in [
        (GRANTS, GRANTS, &[][..], (1, 0, 0)),
        (GRANTS, GRANTS, &FEDERATED[..], (0, 1, 0)),
        (GRANTS, Mood::Refuses, &FEDERATED[..], (0, 1, 1)),
        (Mood::Refuses, GRANTS, &[], (1, 1, 0)),
    ] {
        let office = Office::of(authority, desk);
        let variables = without(&office.variables(), leave_out);
        // A secret and a ready token lie about as well: the chain does not take them.
        let end = office.plan(&variables, &[]);
        assert_eq!(end.code, 0, "{}", end.err);
        assert_eq!(asked(&office), expected, "without {leave_out:?}");
    }
}

#[test]
fn when_nobody_gives_one_all_three_are_named_with_their_reasons() {
    let office = Office::new(Mood::Refuses);
    let variables = without(&office.variables(), &FEDERATED);
    let end = office.plan(&variables, &[]);
    let said = end.said();
    assert_eq!(end.code, 77, "{said}");
    let mut rest = said.as_str();
    for words in [
        "workload: the federated token file (AZURE_FEDERATED_TOKEN_FILE) is missing",
        "managed-identity: `http://127.0.0.1",
        "cli: ERROR: Please run 'az login'",
        "choose --credential",
    ] {
        let at = rest.find(words);
        let at = at.unwrap_or_else(|| panic!("`{words}` is not next in: {said}"));
        rest = &rest[at + words.len()..];
    }
}
