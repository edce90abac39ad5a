"""Microsoft's Python SDKs, logged in to the stage, with every call counted and every model read."""

import contextlib
import time

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.resources import ResourceManagementClient

from sdk.faithful import untold

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"


class Hurried(RequestsTransport):
    """Waits as long as the SDK wants to, in the simulator's time."""

    def __init__(self, stage):
        super().__init__(connection_verify=str(stage.certificate), use_env_settings=False)
        self.stage = stage

    def sleep(self, duration):
        time.sleep(duration / self.stage.simulator.scale)


class Azure:
    """One client for each service that the remedies need."""

    def __init__(self, stage):
        self.transport = Hurried(stage)
        self.calls = 0
        credential = ClientSecretCredential(
            TENANT, "22222222-2222-2222-2222-222222222222", "secret", authority=stage.url,
            disable_instance_discovery=True, transport=Hurried(stage))

        def client(kind):
            return kind(credential, SUBSCRIPTION, base_url=stage.url, transport=self.transport,
                        credential_scopes=[stage.url + "/.default"])

        self.compute = client(ComputeManagementClient)
        self.locks = client(ManagementLockClient).management_locks
        self.resources = client(ResourceManagementClient)
        self.vaults = client(RecoveryServicesClient).vaults
        self.backup = client(RecoveryServicesBackupClient)

    def ask(self, operation, *args, **options):
        """Calls an operation of an SDK; lists come whole, long ones with their result."""
        self.calls += 1
        answer = operation(*args, **options)
        if hasattr(answer, "result"):
            answer = answer.result()
        elif hasattr(answer, "by_page"):
            answer = list(answer)
        for each in answer if isinstance(answer, list) else [answer]:
            # The lock SDK's models are of the old make, which has nothing to walk.
            hidden = list(untold(each)) if hasattr(each, "_attr_to_rest_field") else []
            assert not hidden, "\n".join(hidden)
        return answer

    def wait(self, seconds):
        self.transport.sleep(seconds)


@contextlib.contextmanager
def refused(status, code, *words):
    """What is inside must fail so, told by the SDK's own error."""
    try:
        yield
    except HttpResponseError as error:
        said = error.status_code, error.error and error.error.code
        assert said == (status, code), f"refused with {said}, not {(status, code)}: {error}"
        missing = [word for word in words if word not in error.error.message]
        assert not missing, f"{missing} not in: {error.error.message}"
    else:
        raise AssertionError(f"not refused with {code}")
