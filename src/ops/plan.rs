//! `plan`: reads only.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::azure::ResourceId;
use crate::base::ErrorClass;
use crate::core::facts::Target;
use crate::core::plan::Plan;
use crate::core::plan::build::{Request, build};
use crate::core::runbook::Runbook;
use crate::ops::choose::{Chosen, choose};
use crate::ops::{OpsError, World};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The error code; read from the VM's last failed job when there is none.
    pub code: Option<String>,
    /// The VM's resource id; with the simulator its name will do.
    pub vm: String,
    /// Parameters as given: name and text.
    pub params: Vec<(String, String)>,
    /// Go on although nothing proves the complaint.
    pub force: bool,
}

/// Looks, decides, stops.
///
/// # Errors
/// When what is asked for cannot be, or nothing can be read. What stands in the way of a run is
/// in the plan's verdict.
pub async fn plan(world: &World, ask: &Ask) -> Result<Plan, OpsError> {
    let target = target(world, &ask.vm)?;
    let context = world.context().await?.clone();
    let Chosen { runbook, answer } = choose(world, &target, ask.code.as_deref()).await?;
    let request = Request {
        runbook,
        params: parameters(runbook, &ask.params)?,
        target,
        force: ask.force,
        context,
        approved: None,
        now: world.clock.now(),
    };
    let plan = planned(world, request).await?;
    Ok(Plan {
        matched: answer,
        ..plan
    })
}

/// Looks, and decides each step.
pub(super) async fn planned(world: &World, request: Request<'_>) -> Result<Plan, OpsError> {
    let plan = build(request, &world.actions, &world.lookers).await;
    match plan
        .verdict
        .as_ref()
        .and_then(|verdict| verdict.failure.as_ref())
    {
        // A VM that does not exist is an answer; not being able to look is none.
        Some(failure) if failure.class != ErrorClass::NotFound => Err(failure.clone().into()),
        _ => Ok(plan),
    }
}

/// The VM of this resource id; with the simulator of this name.
pub(super) fn target(world: &World, vm: &str) -> Result<Target, OpsError> {
    let simulated = world.simulated.as_ref().and_then(|s| s.vm_named(vm));
    let text = simulated.unwrap_or_else(|| vm.to_owned());
    let wrong = |why: String| {
        OpsError::Usage(format!(
            "`{vm}` is not the resource id of a VM ({why}); give \
             /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/…"
        ))
    };
    let id = ResourceId::parse(&text).map_err(|e| wrong(e.to_string()))?;
    if !id.is_type("Microsoft.Compute/virtualMachines") {
        return Err(wrong(format!("it names {}", id.kind())));
    }
    Ok(Target { id: id.to_string() })
}

fn parameters(
    runbook: &Runbook,
    given: &[(String, String)],
) -> Result<BTreeMap<String, Value>, OpsError> {
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for (name, text) in given {
        let Some(parameter) = runbook.parameters.get(name) else {
            let known: Vec<&str> = runbook.parameters.iter().map(|(n, _)| n).collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            return Err(OpsError::Usage(format!(
                "`{}` has no parameter `{name}`; it has: {known}",
                runbook.code
            )));
        };
        let value = parameter
            .read(text)
            .map_err(|why| OpsError::Usage(format!("the parameter `{name}` {why}")))?;
        if values.insert(name.clone(), value).is_some() {
            return Err(OpsError::Usage(format!(
                "the parameter `{name}` is given twice"
            )));
        }
    }
    for (name, parameter) in runbook.parameters.iter() {
        if values.contains_key(name) {
            continue;
        }
        match &parameter.default {
            Some(default) => values.insert(name.to_owned(), default.clone()),
            None => {
                return Err(OpsError::Usage(format!(
                    "`{}` needs the parameter `{name}`: --param {name}=…",
                    runbook.code
                )));
            }
        };
    }
    Ok(values)
}
