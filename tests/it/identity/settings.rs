//! Flags and variables reach whoever is asked for a token.

use url::Url;

use crate::kit::server::form;

use super::office::{CLIENT, Mood, Office, TENANT};

/// What the authority is asked.
#[derive(Debug, PartialEq)]
struct Asked {
    tenant: String,
    client: String,
    scope: String,
}

fn asked(tenant: &str, client: &str, scope: &str) -> Asked {
    Asked {
        tenant: tenant.to_owned(),
        client: client.to_owned(),
        scope: format!("{scope}/.default"),
    }
}

#[test]
fn flags_come_before_our_variables_and_both_before_those_of_azure() {
    let arm = "https://management.azure.com";
    let usgov = "https://management.core.usgovcloudapi.net";
    let china = "https://management.chinacloudapi.cn";
    for (flags, variables, expected) in [
        ("", &[][..], asked(TENANT, CLIENT, arm)),
        (
            "--tenant t",
            &[("RUNBOOK_TENANT", "u")],
            asked("t", CLIENT, arm),
        ),
        ("", &[("RUNBOOK_TENANT", "u")], asked("u", CLIENT, arm)),
        (
            "--client-id c",
            &[("RUNBOOK_CLIENT_ID", "d")],
            asked(TENANT, "c", arm),
        ),
        ("", &[("RUNBOOK_CLIENT_ID", "d")], asked(TENANT, "d", arm)),
        (
            "--arm-audience https://a",
            &[("RUNBOOK_ARM_AUDIENCE", "b")],
            asked(TENANT, CLIENT, "https://a"),
        ),
        (
            "",
            &[("RUNBOOK_ARM_AUDIENCE", "https://b/")],
            asked(TENANT, CLIENT, "https://b/"),
        ),
        (
            "--cloud usgov",
            &[("RUNBOOK_CLOUD", "china")],
            asked(TENANT, CLIENT, usgov),
        ),
        (
            "",
            &[("RUNBOOK_CLOUD", "china")],
            asked(TENANT, CLIENT, china),
        ),
    ] {
        let office = Office::new(Mood::Grants(3_600));
        let mut all = office.variables();
        all.push(("RUNBOOK_CREDENTIAL", "client-secret".to_owned()));
        all.extend(
            variables
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let end = office.plan(&all, &flags);
        assert_eq!(end.code, 0, "{flags:?} {variables:?}: {}", end.err);
        let request = &office.authority.asked()[0];
        let form = form(request);
        let found = Asked {
            tenant: request.uri().path().split('/').nth(1).unwrap().to_owned(),
            client: form["client_id"].clone(),
            scope: form["scope"].clone(),
        };
        assert_eq!(found, expected, "{flags:?} {variables:?}");
    }
}

#[test]
fn the_kind_is_that_of_the_flag_before_that_of_the_variable() {
    for (flags, variable, asks_app_service) in [
        (
            &["--credential", "managed-identity"][..],
            "client-secret",
            true,
        ),
        (
            &["--credential", "client-secret"],
            "managed-identity",
            false,
        ),
        (&[], "managed-identity", true),
    ] {
        let office = Office::new(Mood::Grants(3_600));
        let mut all = office.variables();
        all.push(("RUNBOOK_CREDENTIAL", variable.to_owned()));
        assert_eq!(office.plan(&all, flags).code, 0);
        let asked = (office.desk.asked().len(), office.authority.asked().len());
        let expected = if asks_app_service { (1, 0) } else { (0, 1) };
        assert_eq!(asked, expected, "{flags:?} {variable}");
    }
}

#[test]
fn an_authority_may_be_named_without_its_scheme_and_never_in_the_clear() {
    for (scheme, code) in [("", 0), ("https://", 0), ("http://", 77)] {
        let office = Office::new(Mood::Grants(3_600));
        let url = Url::parse(&office.authority.origin).unwrap();
        let host = format!("localhost:{}", url.port().unwrap());
        let mut all = office.variables();
        all[0] = ("AZURE_AUTHORITY_HOST", format!("{scheme}{host}"));
        let end = office.plan(&all, &["--credential", "client-secret"]);
        assert_eq!(end.code, code, "`{scheme}`: {}", end.err);
        assert_eq!(office.asked(), usize::from(code == 0), "`{scheme}`");
    }
}
