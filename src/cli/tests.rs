use super::*;

fn input(words: &[&str]) -> Input {
    Input {
        arguments: std::iter::once("runbook")
            .chain(words.iter().copied())
            .map(OsString::from)
            .collect(),
        environment: BTreeMap::new(),
        terminal: Terminal::default(),
        holder: Holder {
            host: "h".to_owned(),
            pid: 1,
            started: 1,
        },
    }
}

fn parsed(words: &[&str]) -> Arguments {
    Arguments::try_parse_from(input(words).arguments).expect("a command line")
}

#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory as _;
    Arguments::command().debug_assert();
}

#[tokio::test]
async fn a_wrong_command_line_ends_with_64_and_help_with_0() {
    for words in [
        &["plan"][..],
        &["no-such"],
        &[],
        &["apply", "X", "--vm", "v", "--max-risk", "all"],
    ] {
        assert_eq!(run(input(words)).await.code(), 64, "{words:?}");
    }
    for words in [&["--help"][..], &["--version"], &["apply", "--help"]] {
        assert_eq!(run(input(words)).await.code(), 0, "{words:?}");
    }
}

#[test]
fn consent_is_never_read_from_the_environment() {
    use clap::CommandFactory as _;
    let command = Arguments::command();
    let apply = command.find_subcommand("apply").expect("apply");
    for argument in apply.get_arguments().chain(command.get_arguments()) {
        let consent = ["yes", "approve", "max_risk", "force", "sim"];
        if consent.contains(&argument.get_id().as_str()) {
            assert_eq!(argument.get_env(), None, "{}", argument.get_id());
        }
    }
}

#[test]
fn every_other_global_flag_with_a_value_has_a_variable() {
    use clap::CommandFactory as _;
    for argument in Arguments::command().get_arguments() {
        let id = argument.get_id().as_str();
        if argument.get_action().takes_values() && id != "sim" {
            let variable = format!("RUNBOOK_{}", id.to_uppercase());
            assert_eq!(
                argument.get_env().and_then(|v| v.to_str()),
                Some(variable.as_str())
            );
        }
    }
}

#[test]
fn the_simulator_takes_a_scenario_only_with_an_equals_sign() {
    assert_eq!(
        parsed(&["list", "--sim=vm-failed"]).global.sim,
        Some(Some("vm-failed".to_owned()))
    );
    let bare = parsed(&["apply", "--sim", "X", "--vm", "v"]);
    assert_eq!(bare.global.sim, Some(None));
    assert!(matches!(bare.command, Command::Apply(a) if a.what.as_deref() == Some("X")));
}

#[test]
fn a_wait_is_a_length_of_time_or_nothing() {
    for (text, seconds) in [("0", 0), ("30m", 1800), ("2h", 7200)] {
        let Command::Apply(apply) = parsed(&["apply", "--vm", "v", "--wait", text]).command else {
            panic!("apply")
        };
        assert_eq!(
            apply.patience.wait.map(|wait| wait.as_secs()),
            Some(seconds)
        );
    }
}

#[test]
fn the_form_of_a_complaint_is_known_before_the_command_line_is_understood() {
    for words in [
        &["plan", "--output", "json"][..],
        &["--output=json", "x"],
        &["-o", "json"],
        &["-ojson"],
    ] {
        assert_eq!(
            Format::asked_for(&input(words)),
            Some(Format::Json),
            "{words:?}"
        );
    }
    let mut by_variable = input(&["plan"]);
    assert_eq!(Format::asked_for(&by_variable), None);
    by_variable
        .environment
        .insert("RUNBOOK_OUTPUT".to_owned(), "json".to_owned());
    assert_eq!(Format::asked_for(&by_variable), Some(Format::Json));
}

#[test]
fn azure_variables_come_after_flags_and_secrets_do_not_print() {
    let mut given = input(&["list", "--tenant", "flag"]);
    for (name, value) in [
        ("AZURE_TENANT_ID", "env"),
        ("AZURE_CLIENT_ID", "app"),
        ("AZURE_CLIENT_SECRET", "hunter2"),
    ] {
        given.environment.insert(name.to_owned(), value.to_owned());
    }
    let global = parsed(&["list", "--tenant", "flag"]).global;
    let settings = settings::of(&global, &given).expect("settings");
    assert_eq!(settings.credential.tenant.as_deref(), Some("flag"));
    assert_eq!(settings.credential.client_id.as_deref(), Some("app"));
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn the_journal_lives_where_the_system_keeps_state() {
    let global = parsed(&["list"]).global;
    let home = BTreeMap::from([("HOME".to_owned(), "/home/ann".to_owned())]);
    let place = settings::state(&global, &home);
    assert_eq!(
        place,
        std::path::Path::new("/home/ann/.local/state/runbook")
    );
}

#[test]
fn a_complaint_is_one_line_without_the_usage() {
    let error = Arguments::try_parse_from(input(&["plan"]).arguments).expect_err("no VM");
    assert_eq!(
        complaint(&error),
        "the following required arguments were not provided: --vm <ID>"
    );
}
