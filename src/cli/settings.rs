//! From flags and environment to the settings of a world.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::azure::credential::CredentialSettings;
use crate::base::Secret;
use crate::cli::Input;
use crate::cli::args::{Global, Manner};
use crate::ops::{Ask, OpsError, Settings};

/// The settings; flags come before `RUNBOOK_*`, and both before `AZURE_*`.
pub(super) fn of(global: &Global, input: &Input) -> Result<Settings, OpsError> {
    Ok(Settings {
        cloud: global.cloud.clone(),
        arm_endpoint: global.arm_endpoint.clone(),
        arm_audience: global.arm_audience.clone(),
        credential: credential(global, &input.environment)?,
        sim: global.sim.clone(),
        runbooks: global.runbooks.clone(),
        state: state(global, &input.environment),
        time_scale: global.time_scale,
        holder: input.holder.clone(),
        seal_key: set(&input.environment, "RUNBOOK_SEAL_KEY").map(Secret::new),
    })
}

/// What is asked for.
pub(super) fn ask(code: Option<&str>, vm: &str, manner: &Manner) -> Ask {
    Ask {
        code: code.map(str::to_owned),
        vm: vm.to_owned(),
        params: manner.params.clone(),
        force: manner.force,
    }
}

/// Where the journal lives: `--state`, else the place that the XDG base directories give to
/// state that outlives a restart.
pub(super) fn state(global: &Global, environment: &BTreeMap<String, String>) -> PathBuf {
    if let Some(state) = &global.state {
        return state.clone();
    }
    let set = |name: &str| set(environment, name);
    match (set("XDG_STATE_HOME"), set("HOME")) {
        (Some(folder), _) => PathBuf::from(folder).join("runbook"),
        (None, Some(home)) => PathBuf::from(home).join(".local/state/runbook"),
        (None, None) => PathBuf::from(".runbook"),
    }
}

/// What a variable holds; an empty one counts as none.
fn set(environment: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let value = environment.get(name).filter(|value| !value.is_empty());
    value.cloned()
}

/// The names are those of the Azure SDKs, App Service and Azure Pipelines.
fn credential(
    global: &Global,
    environment: &BTreeMap<String, String>,
) -> Result<CredentialSettings, OpsError> {
    let set = |name: &str| set(environment, name);
    let secret = |name: &str| set(name).map(Secret::new);
    let authority = set("AZURE_AUTHORITY_HOST").map(|text| {
        let whole = if text.contains("://") {
            text.clone()
        } else {
            format!("https://{text}")
        };
        url::Url::parse(&whole).map_err(|why| {
            OpsError::Usage(format!(
                "AZURE_AUTHORITY_HOST is not an address (`{text}`: {why})"
            ))
        })
    });
    Ok(CredentialSettings {
        kind: global.credential,
        tenant: global.tenant.clone().or_else(|| set("AZURE_TENANT_ID")),
        client_id: global.client_id.clone().or_else(|| set("AZURE_CLIENT_ID")),
        client_secret: secret("AZURE_CLIENT_SECRET"),
        certificate: set("AZURE_CLIENT_CERTIFICATE_PATH").map(PathBuf::from),
        federated_token_file: set("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
        access_token: secret("AZURE_ACCESS_TOKEN"),
        service_connection: set("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
        system_access_token: secret("SYSTEM_ACCESSTOKEN"),
        identity_endpoint: set("IDENTITY_ENDPOINT"),
        identity_header: secret("IDENTITY_HEADER"),
        authority: authority.transpose()?,
    })
}
