"""Whether the bus lives and whether it is ready, for supervisors and load balancers."""

import json
from collections.abc import Callable

from esb.kernel.http import HttpResponse

Check = Callable[[], str]
"""Says what is wrong in a few words, "" when all is well.  Must not block."""


def healthz() -> HttpResponse:
    """The process lives and its reactor turns."""
    return HttpResponse(200, "text/plain; charset=utf-8", b"ok\n")


def readyz(checks: dict[str, Check]) -> HttpResponse:
    """Every part that an exchange needs is there: 200, or 503 with what is missing."""
    found = {name: check() for name, check in checks.items()}
    ready = not any(found.values())
    body = {"ready": ready, "checks": {name: problem or "ok" for name, problem in found.items()}}
    return HttpResponse(200 if ready else 503, "application/json", json.dumps(body, indent=1).encode() + b"\n")
