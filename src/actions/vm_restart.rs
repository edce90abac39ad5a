//! `vm.restart`: restarts a running VM, with approval.
//!
//! ```yaml
//! - id: restart
//!   title: Restart the VM
//!   action: vm.restart
//!   with: { heals: agent }
//! ```
//!
//! Once in a run; what came of it is known by a sign of life of the agent that is not the one
//! from before.

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

/// Restarts the VM.
pub type VmRestart = Ladder<Restart>;

/// The second rung.
#[derive(Debug)]
pub struct Restart;

/// What for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// What it is meant to mend.
    #[serde(default)]
    pub heals: Heals,
}

/// What a restart is meant to mend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Heals {
    /// The agent: nothing is done where it answers.
    #[default]
    Agent,
    /// Something inside that Azure cannot see, such as memory that is used up: the step says when.
    Guest,
}

impl Rung for Restart {
    type Args = Args;
    const TRAITS: Traits = Traits {
        name: "vm.restart",
        sentence: "Restarts a running VM, with approval",
        method: "POST",
        verb: "restart",
        permission: "Microsoft.Compute/virtualMachines/restart/action",
        act: "restart",
        risk: Risk::Disruptive,
        because: Some("a restart interrupts whatever runs in the VM"),
        repeat: Repeat::Never,
        patience: limits::AGENT_RETURNS,
        about: Concern::Agent,
    };

    fn complaint(args: &Args, sight: &Sight) -> Option<String> {
        match args.heals {
            Heals::Agent => sight.silent(),
            Heals::Guest => Some("what ails the guest is mended by a restart".to_owned()),
        }
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
        Ok(Box::pin(writer.restart(proof)))
    }
}
