//! A VM in a state in which something may be done to the machine itself.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::Vm;

use super::RuleBroken;

/// A VM whose model nobody is changing now.
#[derive(Clone, Debug)]
pub struct SettledVm {
    id: ResourceId,
}

/// A VM that runs, and whose model nobody is changing now.
#[derive(Clone, Debug)]
pub struct RunningVm {
    id: ResourceId,
}

/// A VM that was shut down from inside and is still allocated: nothing runs in it.
#[derive(Clone, Debug)]
pub struct ShutDownVm {
    id: ResourceId,
}

/// A VM that forbids all extensions, Azure Backup's too.
#[derive(Clone, Debug)]
pub struct ClosedVm {
    id: ResourceId,
}

impl SettledVm {
    /// Checks that it is a VM, and in a provisioning state that is an end.
    pub fn prove(vm: &Vm) -> Result<Self, RuleBroken> {
        let id = &vm.id;
        if !id.is_type("Microsoft.Compute/virtualMachines") {
            return Err(RuleBroken(format!("`{id}` is not a VM")));
        }
        let state = vm.provisioning_state.as_deref().unwrap_or_default();
        if !["Succeeded", "Failed"]
            .iter()
            .any(|end| state.eq_ignore_ascii_case(end))
        {
            return Err(RuleBroken(format!(
                "something else changes `{}` now (provisioning state `{state}`)",
                vm.name
            )));
        }
        Ok(Self { id: id.clone() })
    }

    /// The VM.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

impl RunningVm {
    /// Checks that it runs: one that is off is never started.
    pub fn prove(vm: &Vm) -> Result<Self, RuleBroken> {
        let SettledVm { id } = SettledVm::prove(vm)?;
        powered(vm, "running")?;
        Ok(Self { id })
    }

    /// The VM.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

impl ShutDownVm {
    /// Checks that it is off already.
    pub fn prove(vm: &Vm) -> Result<Self, RuleBroken> {
        let SettledVm { id } = SettledVm::prove(vm)?;
        powered(vm, "stopped")?;
        Ok(Self { id })
    }

    /// The VM.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

impl ClosedVm {
    /// Checks that it says so: what is not said is allowed.
    pub fn prove(vm: &Vm) -> Result<Self, RuleBroken> {
        let SettledVm { id } = SettledVm::prove(vm)?;
        if vm.allow_extension_operations != Some(false) {
            return Err(RuleBroken(format!(
                "`{}` does not forbid extensions",
                vm.name
            )));
        }
        Ok(Self { id })
    }

    /// The VM.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

fn powered(vm: &Vm, wanted: &str) -> Result<(), RuleBroken> {
    let power = vm.power.as_deref().unwrap_or("in an unknown state");
    if power.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(RuleBroken(format!(
        "`{}` is {power} and not {wanted}",
        vm.name
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn vm(changes: Value) -> Vm {
        let mut vm = json!({
            "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web1",
            "name": "web1", "provisioning_state": "Succeeded", "power": "running",
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            vm[name] = value.clone();
        }
        serde_json::from_value(vm).unwrap()
    }

    #[test]
    fn a_vm_that_something_else_changes_is_left_alone() {
        for (state, settled) in [
            ("Succeeded", true),
            ("failed", true),
            ("Updating", false),
            ("Deleting", false),
            ("", false),
        ] {
            let vm = vm(json!({ "provisioning_state": state }));
            assert_eq!(SettledVm::prove(&vm).is_ok(), settled, "{state}");
            assert_eq!(RunningVm::prove(&vm).is_ok(), settled, "{state}");
        }
    }

    #[test]
    fn only_what_runs_is_restarted_and_only_what_is_off_is_deallocated() {
        for (power, running, off) in [
            (json!("running"), true, false),
            (json!("Stopped"), false, true),
            (json!("stopping"), false, false),
            (json!("deallocated"), false, false),
            (Value::Null, false, false),
        ] {
            let vm = vm(json!({ "power": power }));
            assert_eq!(RunningVm::prove(&vm).is_ok(), running, "{power}");
            assert_eq!(ShutDownVm::prove(&vm).is_ok(), off, "{power}");
        }
    }

    #[test]
    fn extensions_are_only_allowed_where_they_are_forbidden() {
        for (said, closed) in [
            (json!(false), true),
            (json!(true), false),
            (Value::Null, false),
        ] {
            let vm = vm(json!({ "allow_extension_operations": said }));
            assert_eq!(ClosedVm::prove(&vm).is_ok(), closed, "{said}");
        }
    }

    #[test]
    fn something_else_than_a_vm_is_refused() {
        let disk = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/web1";
        assert!(SettledVm::prove(&vm(json!({ "id": disk }))).is_err());
    }
}
