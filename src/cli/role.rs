//! `runbook role`: the least-privilege custom roles for runbooks.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use crate::cli::args::Global;
use crate::cli::output::{Format, Output, to_stderr, to_stdout};
use crate::core::report::exit::Exit;
use crate::ops::OpsError;
use crate::ops::role::{Part, Role as Definition, rights_of, roles};

/// `role`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  runbook role                           for all runbooks, match and triage, as a JSON array
  runbook role CODE --role diagnose > diagnose.json          one, for az
  az role definition create --role-definition @diagnose.json
  runbook role CODE --scope /subscriptions/ID --to roles     a file for each, and what to type

Roles: diagnose reads; plan, match and triage need it alone; retry backs up; cleanup deletes restore points and
the locks on them; guest runs scripts inside the VM and repairs it; sensitive is all else, and is
printed only where it is named.")]
pub struct Role {
    /// Error codes, or aliases of them; every runbook when there are none
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
    /// Print one role: diagnose, retry, cleanup, guest or sensitive
    #[arg(long, value_name = "NAME", value_parser = parts(), hide_possible_values = true)]
    pub role: Option<Part>,
    /// Make it assignable here; a place to fill in when not given; may be repeated
    #[arg(long = "scope", value_name = "ID")]
    pub scopes: Vec<String>,
    /// Write one file for each role into this folder
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

fn parts() -> impl TypedValueParser<Value = Part> {
    PossibleValuesParser::new(Part::ALL.map(Part::name)).map(|name| {
        let named = Part::ALL.into_iter().find(|part| part.name() == name);
        named.unwrap_or(Part::Diagnose)
    })
}

/// Prints the roles, or writes one file for each.
pub(super) fn run(global: &Global, asked: &Role, output: &Output) -> Result<Exit, OpsError> {
    let catalogue = crate::ops::catalogue(global.runbooks.as_deref())?;
    let rights = rights_of(&catalogue, &asked.codes)?;
    let all = roles(&rights, &asked.scopes)?;
    if let Some(part) = asked.role {
        let found = all.iter().find(|(made, _)| *made == part);
        let Some((_, role)) = found else {
            let needed: Vec<&str> = all.iter().map(|(part, _)| part.name()).collect();
            return Err(OpsError::Usage(format!(
                "these runbooks take nothing of the role `{part}`; they take: {}",
                needed.join(", ")
            )));
        };
        give(asked, output, std::slice::from_ref(&(part, role.clone())))?;
        return Ok(Exit::Success);
    }
    let (sensitive, usual): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(part, _)| *part == Part::Sensitive);
    give(asked, output, &usual)?;
    for (part, role) in sensitive {
        to_stderr(&format!(
            "Not in these roles, because it reaches further: {}. Where it is wanted: runbook role{} --role {part}\n",
            role.actions.join(", "),
            asked
                .codes
                .iter()
                .map(|code| format!(" {code}"))
                .collect::<String>(),
        ));
    }
    Ok(Exit::Success)
}

fn give(asked: &Role, output: &Output, roles: &[(Part, Definition)]) -> Result<(), OpsError> {
    if let Some(folder) = &asked.to {
        return roles
            .iter()
            .try_for_each(|(part, role)| write(folder, *part, role));
    }
    if output.format == Format::Ndjson {
        for (_, role) in roles {
            let line = serde_json::to_string(role).map_err(|e| OpsError::Bug(e.to_string()))?;
            to_stdout(&format!("{line}\n"));
        }
        return Ok(());
    }
    match (asked.role, roles) {
        (Some(_), [(_, role)]) => to_stdout(&pretty(role)?),
        _ => to_stdout(&pretty(
            &roles.iter().map(|(_, role)| role).collect::<Vec<_>>(),
        )?),
    }
    Ok(())
}

fn pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, OpsError> {
    let text = serde_json::to_string_pretty(value).map_err(|e| OpsError::Bug(e.to_string()))?;
    Ok(format!("{text}\n"))
}

fn write(folder: &Path, part: Part, role: &Definition) -> Result<(), OpsError> {
    let file = folder.join(format!("runbook-{part}.json"));
    let cannot =
        |e: std::io::Error| OpsError::Usage(format!("cannot write `{}`: {e}", file.display()));
    std::fs::create_dir_all(folder).map_err(cannot)?;
    std::fs::write(&file, pretty(role)?).map_err(cannot)?;
    to_stdout(&format!(
        "az role definition create --role-definition @{}\n",
        file.display()
    ));
    Ok(())
}
