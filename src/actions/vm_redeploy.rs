//! `vm.redeploy`: moves a running VM to another host, with approval.
//!
//! ```yaml
//! - id: redeploy
//!   title: Redeploy the VM
//!   action: vm.redeploy
//! ```
//!
//! The last rung that a machine can climb: the VM reboots, what is on its temporary disk is lost
//! and a dynamic public address changes. Once in a run.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::actions::limits;
use crate::actions::vm_ladder::{
    BoxedSend, Concern, Ladder, Rung, Sight, Traits, agent_back, must_run,
};
use crate::azure::permitted::Writer;
use crate::azure::proof::{RuleBroken, RunningVm};
use crate::azure::views::Vm;
use crate::core::action::Repeat;
use crate::core::runbook::risk::Risk;

/// Redeploys the VM.
pub type VmRedeploy = Ladder<Redeploy>;

/// The third rung.
#[derive(Debug)]
pub struct Redeploy;

/// It takes no arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

impl Rung for Redeploy {
    type Args = Args;
    const TRAITS: Traits = Traits {
        name: "vm.redeploy",
        sentence: "Moves a running VM to another host, with approval; its temporary disk is lost",
        method: "POST",
        verb: "redeploy",
        permission: "Microsoft.Compute/virtualMachines/redeploy/action",
        act: "redeploy",
        risk: Risk::Destructive,
        because: Some(
            "the VM reboots on another host, its temporary disk is lost and a dynamic public \
             address changes",
        ),
        repeat: Repeat::Never,
        patience: limits::REDEPLOYED_RETURNS,
        about: Concern::Agent,
    };

    fn complaint(_: &Args, sight: &Sight) -> Option<String> {
        sight.silent()
    }

    fn unfit(sight: &Sight) -> Option<String> {
        must_run(sight)
    }

    fn helped(_: &Args, sight: &Sight, baseline: &Value) -> bool {
        sight.is_back(baseline)
    }

    fn predict(vm: &mut Value) {
        agent_back(vm);
    }

    fn send<'a>(writer: &'a Writer, vm: &Vm) -> Result<BoxedSend<'a>, RuleBroken> {
        let proof = RunningVm::prove(vm)?;
        Ok(Box::pin(writer.redeploy(proof)))
    }
}
