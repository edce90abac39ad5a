"""The five remedies by Microsoft's Python SDKs: `python -m sdk PROGRAM SCRATCH`."""

import sys

from sdk.remedies import REMEDIES
from sdk.session import Azure
from stage import SCALE, Stage

stage = Stage(*sys.argv[1:])
azure = Azure(stage)
for name, remedy, scale in REMEDIES:
    before = azure.calls, stage.requests
    with stage.scenario(name, scale or SCALE):
        remedy(azure, stage)
    used = azure.calls - before[0], stage.requests - before[1]
    print("{}: {} calls, {} requests".format(name, *used), flush=True)
print(f"clients: {len(REMEDIES)} remedies by the Python SDKs "
      f"({azure.calls} calls, {stage.requests} requests)")
