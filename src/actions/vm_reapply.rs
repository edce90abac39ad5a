//! `vm.reapply`: Azure gives the VM its model again, without a reboot.
//!
//! ```yaml
//! - id: reapply
//!   title: Reapply the model of the VM
//!   action: vm.reapply
//! ```
//!
//! It mends a provisioning state that is `Failed`, or an agent that does not answer.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::limits;
use crate::actions::vm_ladder::{BoxedSend, Concern, Ladder, Rung, Sight, Traits, agent_back};
use crate::azure::permitted::Writer;
use crate::azure::proof::{RuleBroken, SettledVm};
use crate::azure::views::Vm;
use crate::core::action::Repeat;
use crate::core::runbook::risk::Risk;

/// Reapplies the VM's model.
pub type VmReapply = Ladder<Reapply>;

/// The first rung.
#[derive(Debug)]
pub struct Reapply;

/// It takes no arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

impl Rung for Reapply {
    type Args = Args;
    const HEEDS: &'static [&'static str] = &["provisioning"];
    const TRAITS: Traits = Traits {
        name: "vm.reapply",
        sentence: "Gives the VM its model again, without a reboot, where it is Failed or its agent does not answer",
        method: "POST",
        verb: "reapply",
        permission: "Microsoft.Compute/virtualMachines/reapply/action",
        act: "reapply the model of",
        risk: Risk::Reversible,
        because: None,
        // Harmless to repeat, once the first has had its minutes (remediations.md M8).
        repeat: Repeat::LookAfter(120),
        patience: limits::AGENT_RETURNS,
        about: Concern::Agent,
    };

    fn complaint(_: &Args, sight: &Sight) -> Option<String> {
        if sight.vm.is_failed() {
            return Some("the VM is in the provisioning state Failed".to_owned());
        }
        sight.silent()
    }

    fn helped(args: &Args, sight: &Sight, _: &Value) -> bool {
        Self::complaint(args, sight).is_none()
    }

    fn predict(vm: &mut Value) {
        vm["provisioning"] = json!("Succeeded");
        if vm["power"] == "running" {
            agent_back(vm);
        }
    }

    fn send<'a>(writer: &'a Writer, vm: &Vm) -> Result<BoxedSend<'a>, RuleBroken> {
        let proof = SettledVm::prove(vm)?;
        Ok(Box::pin(writer.reapply(proof)))
    }
}
