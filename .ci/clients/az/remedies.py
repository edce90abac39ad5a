"""The five remedies, as a person would type them at a shell."""

import pathlib

from az.patient import Patient

SCRIPT = pathlib.Path(__file__).parents[3] / "src/actions/guest/windows/reg-string.ps1"
GROUP = "AzureBackupRG_westeurope_1"


def rp_limit(az):
    """Find the collection, learn of the lock, delete it, delete the collection until it works."""
    patient = Patient(az)
    patient.complaint("UserErrorRpCollectionLimitReached")
    everything = az("restore-point", "collection", "list-all")
    (own,) = [one for one in everything if one["source"]["id"].lower() == patient.id.lower()]
    assert len(everything) == 2, everything
    assert own["resourceGroup"] == GROUP.upper(), own
    at = "--collection-name", own["name"], "-g", GROUP

    def points():
        whole = az("restore-point", "collection", "show", *at, "--restore-points")
        return sorted(point["timeCreated"] for point in whole["restorePoints"])

    held = points()
    assert len(held) == 18, held
    kinds = [one["type"] for one in az("resource", "list", "-g", GROUP)]
    assert kinds == ["Microsoft.Compute/restorePointCollections"] * 2, kinds
    delete = "restore-point", "collection", "delete", *at, "--yes"
    assert own["name"] in az.refused("ScopeLocked", *delete)
    (lock,) = az("lock", "list", "--resource-name", own["name"], "-g", GROUP,
                 "--resource-type", "Microsoft.Compute/restorePointCollections")
    assert (lock["name"], lock["level"]) == ("keep-backups", "CanNotDelete"), lock
    az("lock", "delete", "--ids", lock["id"])
    assert az("lock", "list", "-g", GROUP) == []
    for left in (12, 6):
        az.refused("OperationTimedOut", *delete)
        assert points() == held[-left:]
    az(*delete)
    az.refused("ResourceNotFound", "restore-point", "collection", "show", *at)
    patient.back_up()


def vm_failed(az):
    """The VM is Failed because the extension is; without it the VM is well."""
    patient = Patient(az)
    patient.complaint("UserErrorVmProvisioningStateFailed")
    assert patient.vm["provisioningState"] == "Failed", patient.vm
    patient.remove_extension("Failed", "ProvisioningState/failed")
    assert patient.look()["provisioningState"] == "Succeeded"
    patient.back_up()


def extension_stuck(az):
    """The extension hangs in deletion; it is deleted again."""
    patient = Patient(az)
    patient.complaint("ExtensionStuckInDeletionState")
    patient.remove_extension("Deleting", "ProvisioningState/transitioning")
    patient.back_up()


def snapshot_sql(az):
    """Look inside the guest, set the switch, and see that it is set."""
    patient = Patient(az)
    patient.complaint("GuestAgentSnapshotTaskStatusError")
    for apply, state in (("false", "planned"), ("true", "changed"), ("true", "already")):
        out, err = az("vm", "run-command", "invoke", *patient.named,
                      "--command-id", "RunPowerShellScript", "--scripts", f"@{SCRIPT}",
                      "--parameters", "Switch=UseVssCopy", f"Apply={apply}")["value"]
        assert f'"state":"{state}"' in out["message"] and err["message"] == "", (out, err)
    patient.back_up()


def backup_running(az):
    """A second backup is refused while one runs; the first is followed to its end."""
    patient = Patient(az)
    patient.complaint("UserErrorBackupOperationInProgress")
    (running,) = az("backup", "job", "list", *patient.vault, "--status", "InProgress")
    # az ends with 0 here and prints the operation that failed.
    refused = az(*patient.backup_now)
    assert refused["status"] == "Failed", refused
    assert refused["error"]["code"] == "UserErrorBackupOperationInProgress", refused
    az.stage.hasten()
    patient.follow(running["name"])


#: Scenario, what is done, and how fast time runs at first: a backup is only seen running when it
#: does not end meanwhile.
REMEDIES = [
    ("rp-limit", rp_limit, None),
    ("vm-failed", vm_failed, None),
    ("extension-stuck", extension_stuck, None),
    ("snapshot-sql", snapshot_sql, None),
    ("backup-running", backup_running, 10),
]
