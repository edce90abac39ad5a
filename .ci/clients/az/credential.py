"""`runbook --credential cli`: the program takes its token from the `az` that is logged in, and
`client-secret` its own from the authority that the cloud names. Both over TLS, planning only."""

import json
import subprocess

from az.cli import APPLICATION, SECRET, SUBSCRIPTION, TENANT

VM = (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web"
      "/providers/Microsoft.Compute/virtualMachines/web1")
ACTIONS = ["lock.delete", "restore_points.delete", "backup.now"]


def plans(az):
    """Makes the same plan with each credential."""
    given = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": APPLICATION,
             "AZURE_CLIENT_SECRET": SECRET}
    for credential, settings in (("cli", {}), ("client-secret", given)):
        report = plan(az, credential, settings)
        identity = report["identity"]
        assert (report["exit_code"], identity["credential"], identity["tenant"]) == (
            0, credential, TENANT), report
        assert report["approvals_needed"] == [], report
        assert [step["action"] for step in report["steps"] if step["changes"]] == ACTIONS, report
        print(f"runbook plan --credential {credential}: {report['reason']}")


def plan(az, credential, settings):
    ended = subprocess.run(
        [az.stage.program, "plan", "UserErrorRpCollectionLimitReached", "--vm", VM,
         "--cloud", "custom", "--arm-endpoint", az.stage.url, "--credential", credential,
         "--state", str(az.stage.scratch / credential), "--output", "json"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env={**az.hurried(), "SSL_CERT_FILE": str(az.stage.certificate), **settings})
    assert ended.stdout, ended
    return json.loads(ended.stdout)
