"""The five remedies by the Azure CLI: `python -m az PROGRAM SCRATCH`."""

import sys

from az.cli import Az
from az.credential import plans
from az.remedies import REMEDIES
from stage import SCALE, Stage

stage = Stage(*sys.argv[1:])
az = Az(stage)
with stage.scenario("rp-limit"):
    az.login()
    plans(az)
commands = requests = 0
for name, remedy, scale in REMEDIES:
    before = az.commands, stage.requests
    with stage.scenario(name, scale or SCALE):
        remedy(az)
    used = az.commands - before[0], stage.requests - before[1]
    print("{}: {} commands, {} requests".format(name, *used), flush=True)
    commands, requests = commands + used[0], requests + used[1]
print(f"clients: {len(REMEDIES)} remedies by az ({commands} commands, {requests} requests)")
