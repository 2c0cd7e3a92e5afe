"""Whether the bus lives and whether it is ready, for supervisors and load balancers."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from esb.kernel.http import HttpResponse

Check = Callable[[], str]
"""Says what is wrong in a few words, "" when all is well.  Must not block."""

_NONE: Mapping[str, Check] = MappingProxyType({})


def healthz() -> HttpResponse:
    """The process lives and its reactor turns."""
    return HttpResponse(200, "text/plain; charset=utf-8", b"ok\n")


def readyz(
    checks: Mapping[str, Check], warnings: Mapping[str, Check] = _NONE, worker: int | None = None
) -> HttpResponse:
    """Every part that an exchange needs is there: 200, or 503 with what is missing.

    Args:
        checks: by the part's name.
        warnings: what does not hinder anything yet, and will unless somebody acts.
        worker: which of several processes answers; each answers for itself.
    """
    found = {name: check() for name, check in checks.items()}
    ready = not any(found.values())
    body: dict[str, object] = {"ready": ready}
    if worker is not None:
        body["worker"] = worker
    body["checks"] = {name: problem or "ok" for name, problem in found.items()}
    if said := {name: text for name, check in warnings.items() if (text := check())}:
        body["warnings"] = said
    return HttpResponse(200 if ready else 503, "application/json", json.dumps(body, indent=1).encode() + b"\n")
