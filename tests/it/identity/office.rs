//! Everybody who gives out tokens, on loopback, and an ARM that they are for.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use assert_cmd::Command;
use runbook::base::Clock;
use runbook::base::clock::wall_now;
use runbook::ops::rehearse::{InProcess, Simulated, scenario_at};
use serde_json::json;
use tempfile::TempDir;

use crate::kit::program::End;
use crate::kit::server::{CERTIFICATE, Server, header, json};
use crate::kit::wire::{Answer, Request};

pub(super) const CODE: &str = "UserErrorRpCollectionLimitReached";
pub(super) const TENANT: &str = "contoso.example";
pub(super) const CLIENT: &str = "11112222-aaaa-bbbb-cccc-333344445555";

/// Texts that nobody may ever see again.
pub(super) const CLIENT_SECRET: &str = "Q~8 client&secret/of+contoso";
pub(super) const SYSTEM_TOKEN: &str = "system-access-token-of-the-job";
pub(super) const IDENTITY_HEADER: &str = "identity-header-of-the-app";
pub(super) const FEDERATED: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmZWRlcmF0ZWQifQ.c2lnbmVk";
pub(super) const OIDC: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwaXBlbGluZSJ9.c2lnbmVk";

const CERTIFICATE_OF_CLIENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/data/test-only-pkcs8.pem"
);

/// What everybody answers who is asked for a token.
#[derive(Clone, Copy)]
pub(super) enum Mood {
    /// Grants `granted-1`, `granted-2` … for so many seconds.
    Grants(i64),
    /// Refuses, and repeats what it was sent.
    Refuses,
}

/// An authority, a desk for App Service, Azure Pipelines and the metadata service, and an `az`.
pub(super) struct Office {
    pub(super) arm: Server,
    pub(super) authority: Server,
    pub(super) desk: Server,
    pub(super) vm: String,
    folder: TempDir,
}

impl Office {
    pub(super) fn new(mood: Mood) -> Self {
        Self::of(mood, mood)
    }

    /// One whose desk and whose authority are in moods of their own; `az` is in that of the
    /// authority.
    pub(super) fn of(authority: Mood, desk: Mood) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sim = scenario_at("rp-limit", wall_now()).unwrap();
        let vm = format!(
            "/subscriptions/{}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/web1",
            sim.world().subscription
        );
        let clock = Clock::starting_at(sim.now_origin(), 1.0);
        let office = Self {
            arm: Server::before(InProcess(Simulated::of(sim, clock, None))),
            authority: Server::https(entra(authority)),
            desk: Server::http(desk_of(desk)),
            vm,
            folder,
        };
        office.write_files(authority);
        office
    }

    fn write_files(&self, mood: Mood) {
        fs::write(self.file("federated"), FEDERATED).unwrap();
        let log = self.file("az.log");
        fs::write(&log, "").unwrap();
        fs::create_dir(self.file("bin")).unwrap();
        let az = self.file("bin/az");
        fs::write(&az, script(mood, &log.display().to_string())).unwrap();
        fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments of every run of `az`.
    pub(super) fn az(&self) -> Vec<String> {
        let log = fs::read_to_string(self.file("az.log")).unwrap();
        log.lines().map(ToOwned::to_owned).collect()
    }

    /// How often anybody was asked for a token.
    pub(super) fn asked(&self) -> usize {
        let probe = |r: &Request| r.uri().path() == "/metadata/instance";
        let desk = self.desk.asked().iter().filter(|r| !probe(r)).count();
        self.authority.asked().len() + desk + self.az().len()
    }

    /// The token of every request to ARM.
    pub(super) fn bearers(&self) -> Vec<String> {
        let asked = self.arm.asked();
        let bearer = |request: &Request| {
            let header = header(request, "authorization");
            header.strip_prefix("Bearer ").unwrap().to_owned()
        };
        asked.iter().map(bearer).collect()
    }

    pub(super) fn distinct_bearers(&self) -> usize {
        self.bearers().iter().collect::<BTreeSet<_>>().len()
    }

    /// The variables that every credential needs, each named for what reads it.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AZURE_AUTHORITY_HOST", self.authority.origin.clone()),
            ("AZURE_TENANT_ID", TENANT.to_owned()),
            ("AZURE_CLIENT_ID", CLIENT.to_owned()),
            ("AZURE_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            (
                "AZURE_CLIENT_CERTIFICATE_PATH",
                CERTIFICATE_OF_CLIENT.to_owned(),
            ),
            ("AZURE_FEDERATED_TOKEN_FILE", self.text("federated")),
            ("AZURE_ACCESS_TOKEN", "given".to_owned()),
            (
                "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
                "connection".to_owned(),
            ),
            ("SYSTEM_ACCESSTOKEN", SYSTEM_TOKEN.to_owned()),
            (
                "SYSTEM_OIDCREQUESTURI",
                format!("{}/oidc", self.desk.origin),
            ),
            (
                "IDENTITY_ENDPOINT",
                format!("{}/msi/token", self.desk.origin),
            ),
            ("IDENTITY_HEADER", IDENTITY_HEADER.to_owned()),
        ]
    }

    fn text(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    /// Plans against this office's ARM in no other environment than `variables`.
    pub(super) fn plan(&self, variables: &[(&str, String)], flags: &[&str]) -> End {
        let has = |name: &str| variables.iter().any(|(n, v)| *n == name && !v.is_empty());
        // Without both, managed identity is looked for at 169.254.169.254.
        assert!(has("IDENTITY_ENDPOINT") && has("IDENTITY_HEADER"));
        let mut command = Command::cargo_bin("runbook").unwrap();
        command
            .env_clear()
            .env("SSL_CERT_FILE", CERTIFICATE)
            .env("PATH", self.file("bin"))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .arg("--state")
            .arg(self.file("state"))
            .args(["plan", CODE, "--vm", &self.vm])
            .args(["--arm-endpoint", &self.arm.origin])
            .args(flags);
        End::of(&mut command)
    }
}

/// Microsoft Entra ID.
fn entra(mood: Mood) -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    let given = AtomicU32::new(0);
    move |request| match mood {
        Mood::Grants(seconds) => {
            let token = next(&given);
            let body =
                json!({"token_type": "Bearer", "expires_in": seconds, "access_token": token});
            json(200, &body)
        }
        Mood::Refuses => {
            let echo = String::from_utf8_lossy(request.body()).into_owned();
            let told =
                format!("AADSTS7000215: Invalid client secret provided. {echo}\r\nTrace ID: 1");
            let body = json!({
                "error": "invalid_client", "error_description": told, "error_codes": [7000215],
            });
            json(401, &body)
        }
    }
}

/// App Service at `/msi/token`, Azure Pipelines at `/oidc`, and the metadata service.
fn desk_of(mood: Mood) -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    let given = AtomicU32::new(0);
    move |request| match (mood, request.uri().path()) {
        (_, "/metadata/instance") => json(200, &json!({"compute": {}})),
        (Mood::Grants(_), "/oidc") => json(200, &json!({"oidcToken": OIDC})),
        (Mood::Grants(seconds), _) => {
            let ends = (wall_now().as_second() + seconds).to_string();
            let body = json!({
                "access_token": next(&given), "expires_on": ends, "resource": "r",
                "token_type": "Bearer",
            });
            json(200, &body)
        }
        (Mood::Refuses, path) => {
            let sent = ["authorization", "x-identity-header"].map(|name| header(request, name));
            let told = format!("{path} knows you not: {}", sent.concat());
            json(
                400,
                &json!({"error": "invalid_request", "error_description": told}),
            )
        }
    }
}

fn next(given: &AtomicU32) -> String {
    format!("granted-{}", given.fetch_add(1, Ordering::SeqCst) + 1)
}

/// An `az` that needs no other program: its folder is the whole PATH.
fn script(mood: Mood, log: &str) -> String {
    let said = match mood {
        Mood::Grants(seconds) => format!(
            r#"printf '{{"accessToken":"granted-%s","expires_on":%s,"tokenType":"Bearer"}}' "$n" {}"#,
            wall_now().as_second() + seconds
        ),
        Mood::Refuses => {
            "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1".to_owned()
        }
    };
    format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{log}'\nn=0; while read -r _; do n=$((n+1)); done < '{log}'\n{said}\n"
    )
}

/// The same variables without some of them.
pub(super) fn without<'v>(
    variables: &[(&'v str, String)],
    names: &[&str],
) -> Vec<(&'v str, String)> {
    let kept = variables.iter().filter(|(name, _)| !names.contains(name));
    kept.cloned().collect()
}
