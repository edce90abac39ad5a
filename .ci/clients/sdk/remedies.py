"""The five remedies, as a person would program them with Microsoft's SDKs."""

import json
import pathlib

from azure.mgmt.compute.models import RunCommandInput, RunCommandInputParameter

from sdk.patient import Patient, same
from sdk.session import refused

SCRIPT = pathlib.Path(__file__).parents[3] / "src/actions/guest/windows/reg-string.ps1"
EXTENSION = "VMSnapshot"
GROUP = "AzureBackupRG_westeurope_1"


def rp_limit(azure, _):
    """Find the collection, learn of the lock, delete it, delete the collection until it works."""
    patient = Patient(azure)
    patient.complaint("UserErrorRpCollectionLimitReached")
    collections = azure.compute.restore_point_collections
    everything = azure.ask(collections.list_all)
    (own,) = [one for one in everything if same(one.properties.source.id, patient.vm.id)]
    (neighbour,) = [one for one in everything if one.name != own.name]
    group = own.id.split("/")[4]
    assert group == group.upper(), own.id
    assert azure.ask(azure.resources.resource_groups.get, group).name == GROUP
    name = patient.item().policy_name
    policy = azure.ask(azure.backup.protection_policies.get, *patient.at, name)
    details = policy.properties.instant_rp_details
    assert details is not None and details.azure_backup_rg_name_prefix is None, policy
    (again,) = [one for one in azure.ask(collections.list, group) if one.name == own.name]
    assert same(again.id, own.id) and again.id != own.id

    def points():
        whole = azure.ask(collections.get, group, own.name, expand="restorePoints")
        held = whole.properties.restore_points or []
        assert all(point.properties.provisioning_state == "Succeeded" for point in held)
        return sorted(point.properties.time_created for point in held)

    held = points()
    assert len(held) == 18 and azure.ask(collections.get, group, own.name).restore_points is None
    times = [point.recovery_point_time for point in patient.recovery_points()]
    assert times == sorted(times, reverse=True) and set(held) <= set(times), (held, times)
    kinds = {one.type for one in azure.ask(azure.resources.resources.list_by_resource_group, group)}
    assert kinds == {"Microsoft.Compute/restorePointCollections"}, kinds

    def delete():
        return azure.ask(collections.begin_delete, group, own.name)

    with refused(409, "ScopeLocked", own.name, GROUP):
        delete()
    (lock,) = azure.ask(azure.locks.list_by_scope, own.id, filter="atScope()")
    assert (lock.name, lock.level) == ("keep-backups", "CanNotDelete"), lock
    for at in ((azure.locks.list_at_subscription_level,),
               (azure.locks.list_at_resource_group_level, group),
               (azure.locks.list_at_resource_level, group, "Microsoft.Compute", "",
                "restorePointCollections", own.name)):
        assert [one.id for one in azure.ask(*at)] == [lock.id], at
    scope = lock.id.partition("/providers/Microsoft.Authorization/")[0]
    assert azure.ask(azure.locks.get_by_scope, scope, lock.name).notes == lock.notes
    azure.ask(azure.locks.delete_by_scope, scope, lock.name)
    with refused(404, "LockNotFound"):
        azure.ask(azure.locks.get_by_scope, scope, lock.name)

    for left in (12, 6):
        with refused(200, "OperationTimedOut"):
            delete()
        assert points() == held[-left:]
        assert azure.ask(collections.get, group, own.name).provisioning_state == "Failed"
    delete()
    with refused(404, "ResourceNotFound"):
        points()
    patient.back_up()
    left = azure.ask(collections.get, group, neighbour.name, expand="restorePoints")
    assert len(left.properties.restore_points) == 2, left


def vm_failed(azure, _):
    """The VM is Failed because the extension is; without it the VM is well."""
    patient = Patient(azure)
    patient.complaint("UserErrorVmProvisioningStateFailed")
    assert patient.vm.properties.provisioning_state == "Failed"
    assert patient.vm.instance_view.statuses[0].code.startswith("ProvisioningState/failed")
    remove_extension(patient, "Failed", "ProvisioningState/failed")
    assert patient.look().properties.provisioning_state == "Succeeded"
    patient.back_up()
    reinstalled(patient)


def extension_stuck(azure, _):
    """The extension hangs in deletion; it is deleted again."""
    patient = Patient(azure)
    patient.complaint("ExtensionStuckInDeletionState")
    remove_extension(patient, "Deleting", "ProvisioningState/transitioning")
    patient.back_up()
    reinstalled(patient)


def remove_extension(patient, state, status):
    azure, extensions = patient.azure, patient.azure.compute.virtual_machine_extensions
    at = patient.group, patient.name
    listed = azure.ask(extensions.list, *at).value
    (one,) = [one for one in listed if one.properties.type == EXTENSION]
    assert one.publisher == "Microsoft.Azure.RecoveryServices", one
    assert one.provisioning_state == state, one
    assert [along.id for along in patient.vm.resources] == [one.id], patient.vm
    whole = azure.ask(extensions.get, *at, one.name, expand="instanceView")
    assert whole.instance_view.statuses[0].code.startswith(status), whole.instance_view
    azure.ask(extensions.begin_delete, *at, one.name)
    with refused(404, "ResourceNotFound"):
        azure.ask(extensions.get, *at, one.name)


def reinstalled(patient):
    extensions = patient.azure.compute.virtual_machine_extensions
    listed = patient.azure.ask(extensions.list, patient.group, patient.name).value
    assert [(one.name, one.provisioning_state) for one in listed] == [(EXTENSION, "Succeeded")]


def snapshot_sql(azure, _):
    """Look inside the guest, set the switch, and see that it is set."""
    patient = Patient(azure)
    patient.complaint("GuestAgentSnapshotTaskStatusError")
    assert patient.vm.storage_profile.os_disk.os_type == "Windows"

    def switch(apply):
        given = {"Switch": "UseVssCopy", "Apply": apply}
        command = RunCommandInput(
            command_id="RunPowerShellScript", script=SCRIPT.read_text().splitlines(),
            parameters=[RunCommandInputParameter(name=k, value=v) for k, v in given.items()])
        result = azure.ask(azure.compute.virtual_machines.begin_run_command,
                           patient.group, patient.name, command)
        out, err = result.value
        assert (out.code, err.code, err.message) == (
            "ComponentStatus/StdOut/succeeded", "ComponentStatus/StdErr/succeeded", "")
        return json.loads(out.message.rpartition("RESULT ")[2])["state"]

    assert [switch(apply) for apply in ("false", "true", "true")] == [
        "planned", "changed", "already"]
    patient.back_up()


def backup_running(azure, stage):
    """A second backup is refused while one runs; the first is followed to its end."""
    patient = Patient(azure)
    patient.complaint("UserErrorBackupOperationInProgress")
    (running,) = patient.jobs("status eq 'InProgress'")
    job = patient.job(running.name)
    tasks = [task.status for task in job.extended_info.tasks_list]
    assert tasks == ["Completed", "InProgress"] and job.end_time is None, job
    status = patient.trigger()
    assert status.status == "Failed", status
    assert status.error.code == "UserErrorBackupOperationInProgress", status
    stage.hasten()
    patient.follow(running.name)


#: Scenario, what is done, and how fast time runs at first: a backup is only seen running when it
#: does not end meanwhile.
REMEDIES = [
    ("rp-limit", rp_limit, None),
    ("vm-failed", vm_failed, None),
    ("extension-stuck", extension_stuck, None),
    ("snapshot-sql", snapshot_sql, None),
    ("backup-running", backup_running, 30),
]
