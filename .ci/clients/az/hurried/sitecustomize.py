"""Lets `az` wait in the simulator's time: it waits as often as it wants to, and for as long as it
thinks, while the clock that it waits for runs `SIMULATED_SCALE` times faster than the wall's."""

import os
import time

_sleep = time.sleep
_scale = float(os.environ["SIMULATED_SCALE"])


def sleep(seconds):
    _sleep(seconds / _scale)


time.sleep = sleep
