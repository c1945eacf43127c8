"""Python's cycle collector at rest while values without cycles are made by the hundred thousand."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Within it nothing is searched for cycles.

    Tokens, blocks and chunks hold none. In a file of 100,000 short lines the collector would walk the growing heap
    again and again to find nothing, which is a third of the time. Where several threads meet here, the one that found
    it running sets it going again.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
