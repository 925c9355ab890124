"""What suits a process that places articles, set once when its desk is opened; the only importer of threadpoolctl."""

from __future__ import annotations

import gc

from threadpoolctl import threadpool_limits

# Records come and go by the thousand and hold no cycles; looking for some after every 700 took a fifth of a worker's time.
_ALLOCATIONS, _YOUNG, _MIDDLE = 50_000, 20, 20


def settle() -> None:
    """Look for garbage in cycles seldom, and multiply small matrices on one core: the server needs the other."""
    gc.set_threshold(_ALLOCATIONS, _YOUNG, _MIDDLE)
    threadpool_limits(1, user_api="blas")
