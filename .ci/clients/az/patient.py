"""A VM under treatment, and what every remedy does with it: look, back up, see that it is well."""


class Patient:
    """`web1`, found from its name by what Azure tells of it."""

    def __init__(self, az, group="rg-web", name="web1"):
        self.az, self.named = az, ("-g", group, "-n", name)
        (self.id,) = [vm["id"] for vm in az("vm", "list", "-g", group) if vm["name"] == name]
        self.vm = self.look()
        vault = az("backup", "protection", "check-vm", "--vm", self.id).split("/")
        self.vault = "-g", vault[4], "-v", vault[-1]

    def look(self):
        vm = self.az("vm", "get-instance-view", *self.named)
        view = vm["instanceView"]
        assert view["vmAgent"]["statuses"][0]["displayStatus"] == "Ready", view
        assert "PowerState/running" in [status["code"] for status in view["statuses"]], view
        return vm

    @property
    def one_item(self):
        return (*self.vault, "-c", self.named[3], "--backup-management-type", "AzureIaasVM")

    @property
    def backup_now(self):
        return "backup", "protection", "backup-now", *self.one_item, "-i", self.named[3]

    def job(self, name):
        return self.az("backup", "job", "show", *self.vault, "-n", name)["properties"]

    def complaint(self, code):
        """The last failed job says `code`, in the details that only a single job has."""
        failed = self.az("backup", "job", "list", *self.vault, "--status", "Failed")
        assert failed and failed[0]["properties"]["errorDetails"] is None, failed
        (error,) = self.job(failed[0]["name"])["errorDetails"]
        assert error["errorTitle"] == code and error["errorString"], error

    def remove_extension(self, state, status):
        at = *self.named[:2], "--vm-name", self.named[3]
        (one,) = self.az("vm", "extension", "list", *at)
        assert (one["publisher"], one["typePropertiesType"], one["provisioningState"]) == (
            "Microsoft.Azure.RecoveryServices", "VMSnapshot", state), one
        whole = self.az("vm", "extension", "show", *at, "-n", one["name"], "--instance-view")
        assert whole["instanceView"]["statuses"][0]["code"].startswith(status), whole
        self.az("vm", "extension", "delete", *at, "-n", one["name"])
        self.az.refused("ResourceNotFound", "vm", "extension", "show", *at, "-n", one["name"])

    def back_up(self):
        job = self.az(*self.backup_now)
        assert job["properties"]["operation"] == "Backup", job
        self.follow(job["name"])

    def follow(self, name):
        """The job runs to its end, and has left a recovery point newer than its start."""
        self.az("backup", "job", "wait", *self.vault, "-n", name)
        job = self.job(name)
        assert job["status"] == "Completed" and not job.get("errorDetails"), job
        tasks = [task["status"] for task in job["extendedInfo"]["tasksList"]]
        assert tasks == ["Completed", "Completed"], job
        listed = self.az("backup", "recoverypoint", "list", *self.one_item, "-i", self.named[3],
                         "--workload-type", "VM")
        newest = max(point["properties"]["recoveryPointTime"] for point in listed)
        assert newest[:19] > job["startTime"][:19], (newest, job)
        item = self.az("backup", "item", "show", *self.one_item, "-n", self.named[3],
                       "--workload-type", "VM")["properties"]
        assert item["sourceResourceId"].lower() == self.id.lower(), item
        assert item["lastBackupStatus"] == "Completed", item
