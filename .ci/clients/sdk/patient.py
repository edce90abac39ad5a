"""A VM under treatment, and what every remedy does with it: look, back up, see that it is well."""

import urllib.parse

from azure.mgmt.recoveryservicesbackup import models

from sdk.faithful import typed

VM_ITEMS = "backupManagementType eq 'AzureIaasVM' and itemType eq 'VM'"


class Patient:
    """`web1`, found from its name by what Azure tells of it."""

    def __init__(self, azure, group="rg-web", name="web1"):
        self.azure, self.group, self.name = azure, group, name
        listed = azure.ask(azure.compute.virtual_machines.list, group)
        (found,) = [vm for vm in listed if vm.name == name]
        self.vm = vm = self.look()
        assert vm.id == found.id and vm.vm_id == found.vm_id, (vm, found)
        status = azure.ask(azure.backup.backup_status.get, vm.location,
                           models.BackupStatusRequest(resource_type="VM", resource_id=vm.id))
        assert status.protection_status == "Protected", status
        segments = status.vault_id.split("/")
        self.vault = azure.ask(azure.vaults.get, segments[4], segments[-1])
        assert self.vault.properties.provisioning_state == "Succeeded", self.vault
        #: What most operations of the backup SDK want first.
        self.at = self.vault.name, segments[4]
        self.item_at = (*self.at, status.fabric_name, status.container_name,
                        status.protected_item_name)
        assert same(self.item().source_resource_id, vm.id)
        listed = azure.ask(azure.backup.backup_protected_items.list, *self.at, filter=VM_ITEMS)
        assert [one.id for one in listed if same(one.properties.source_resource_id, vm.id)]

    def look(self):
        compute = self.azure.compute.virtual_machines
        vm = self.azure.ask(compute.get, self.group, self.name, expand="instanceView")
        view = vm.instance_view
        assert view.vm_agent.statuses[0].display_status == "Ready", view.vm_agent
        assert "PowerState/running" in [status.code for status in view.statuses], view.statuses
        alone = self.azure.ask(compute.instance_view, self.group, self.name)
        assert [status.code for status in alone.statuses] == [s.code for s in view.statuses]
        return vm

    def item(self):
        item = self.azure.ask(self.azure.backup.protected_items.get, *self.item_at)
        return typed(item.properties)

    def jobs(self, filter=None):
        listed = self.azure.ask(self.azure.backup.backup_jobs.list, *self.at, filter=filter)
        return [job for job in listed if job.properties.entity_friendly_name == self.name]

    def job(self, name):
        return self.azure.ask(self.azure.backup.job_details.get, *self.at, name).properties

    def recovery_points(self):
        points = self.azure.ask(self.azure.backup.recovery_points.list, *self.item_at)
        return [point.properties for point in points]

    def complaint(self, code):
        """The last failed job says `code`, in the details that only a single job has."""
        listed = self.jobs("operation eq 'Backup' and status eq 'Failed'")
        assert listed and listed[0].properties.error_details is None, listed
        job = self.job(listed[0].name)
        (error,) = job.error_details
        assert error.error_title == code, error
        assert error.error_string and error.recommendations, error
        assert job.start_time <= job.end_time and job.duration == job.end_time - job.start_time
        assert job.extended_info.property_bag["VM Name"] == self.name, job.extended_info
        return job

    def trigger(self):
        """Asks for a backup; the status of the operation once it has ended.

        The SDK has no poller here and returns nothing: one must read the headers.
        """
        request = models.BackupRequestResource(properties=models.IaasVMBackupRequest())
        headers = self.azure.ask(
            self.azure.backup.backups.trigger, *self.item_at, request,
            cls=lambda response, *_: response.http_response.headers)
        url = urllib.parse.urlsplit(headers["Azure-AsyncOperation"])
        operation = url.path.rpartition("/")[2]
        while True:
            self.azure.wait(int(headers["Retry-After"]))
            status = self.azure.ask(
                self.azure.backup.backup_operation_statuses.get, *self.at, operation)
            if status.status != "InProgress":
                break
        near = self.azure.ask(
            self.azure.backup.protected_item_operation_statuses.get, *self.item_at, operation)
        assert near == status, (near, status)
        return status

    def back_up(self):
        """Backs up now, and follows the job to its end."""
        status = self.trigger()
        assert status.status == "Succeeded" and status.error is None, status
        assert isinstance(status.properties, models.OperationStatusJobExtendedInfo), status
        return self.follow(status.properties.job_id)

    def follow(self, name):
        """The job runs to its end, and has left a recovery point newer than its start."""
        while True:
            (listed,) = [job.properties for job in self.jobs() if job.name == name]
            if listed.status != "InProgress":
                break
            self.azure.wait(60)
        job = self.job(name)
        assert job.status == "Completed" and job.error_details is None, job
        tasks = [(task.task_id, task.status) for task in job.extended_info.tasks_list]
        assert tasks == [("Take Snapshot", "Completed"),
                         ("Transfer data to vault", "Completed")], tasks
        newest = self.recovery_points()[0]
        assert newest.recovery_point_time > job.start_time, (newest, job)
        tiers = [(tier.type, tier.status) for tier in newest.recovery_point_tier_details]
        assert tiers == [("InstantRP", "Valid"), ("HardenedRP", "Valid")], tiers
        item = self.item()
        assert item.last_backup_status == "Completed", item
        assert item.last_recovery_point == newest.recovery_point_time, item
        assert item.health_details[0].title == "IaasVmHealthGreenDefault", item
        return job


def same(one, other):
    """Whether two ids are the same; Azure spells them in many ways."""
    return one.lower() == other.lower()
