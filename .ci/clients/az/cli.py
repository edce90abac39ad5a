"""The `az` command, logged in to the stage, with nothing of this machine's own configuration."""

import json
import os
import pathlib
import subprocess
import sys

import stage as stages

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
APPLICATION = "22222222-2222-2222-2222-222222222222"
#: The simulator asks for a secret and believes any.
SECRET = "simulated"


class Az:
    def __init__(self, stage):
        self.stage, self.commands = stage, 0
        self.program = pathlib.Path(sys.executable).parent / "az"
        home = stage.scratch / "home"
        home.mkdir()
        self.environment = {
            "PATH": f"{self.program.parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "AZURE_CONFIG_DIR": str(home / "azure"),
            "AZURE_EXTENSION_DIR": str(home / "extensions"),
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_SURVEY_MESSAGE": "no",
            "AZURE_CORE_NO_COLOR": "yes",
            "AZURE_CORE_DISABLE_PROGRESS_BAR": "yes",
            # Else it asks login.microsoftonline.com who it is.
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "REQUESTS_CA_BUNDLE": str(stage.certificate),
            # Compiled once, and not beside the sources.
            "PYTHONPYCACHEPREFIX": os.environ["PYTHONPYCACHEPREFIX"],
            "PYTHONPATH": str(pathlib.Path(__file__).parent / "hurried"),
        }
        self("cloud", "register", "-n", "simulated",
             "--endpoint-resource-manager", stage.url,
             "--endpoint-active-directory", stage.url,
             "--endpoint-active-directory-resource-id", stage.url, "--skip-endpoint-discovery")
        self("cloud", "set", "-n", "simulated")

    def login(self):
        (account,) = self("login", "--service-principal", "-u", APPLICATION, "-p", SECRET,
                          "--tenant", TENANT)
        assert (account["id"], account["tenantId"]) == (SUBSCRIPTION, TENANT), account

    def __call__(self, *command):
        """Runs a command; what it prints, read as JSON."""
        ended = self.run(*command)
        if ended.returncode != 0:
            raise AssertionError(f"az {' '.join(command)} ended with {ended.returncode}:\n"
                                 f"{ended.stderr}")
        return json.loads(ended.stdout) if ended.stdout.strip() else None

    def refused(self, code, *command):
        """Runs a command that must fail with this code of Azure; what it says."""
        ended = self.run(*command)
        # az ends with 3 for what is not there, and with 1 for all else that Azure refuses.
        assert ended.returncode in (1, 3) and f"({code})" in ended.stderr, (command, ended)
        return ended.stderr

    def run(self, *command):
        self.commands += 1
        return subprocess.run(
            [self.program, *command, "-o", "json"], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, env=self.hurried())

    def hurried(self):
        """The environment, with the pace of the simulator of the moment."""
        scale = self.stage.simulator.scale if self.stage.simulator else stages.SCALE
        return {**self.environment, "SIMULATED_SCALE": str(scale)}
