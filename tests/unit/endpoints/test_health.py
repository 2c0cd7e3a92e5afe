"""Whether the bus lives and is ready."""

import json

from esb.endpoints.health import healthz, readyz


def test_alive() -> None:
    answer = healthz()
    assert (answer.status, answer.body) == (200, b"ok\n")


def test_ready_when_nothing_is_missing() -> None:
    answer = readyz({"evidence": lambda: "", "registry": lambda: ""})
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {"ready": True, "checks": {"evidence": "ok", "registry": "ok"}}


def test_what_is_missing_is_named() -> None:
    answer = readyz({"evidence": lambda: "the disk is full", "registry": lambda: ""})
    assert answer.status == 503
    assert json.loads(answer.body) == {"ready": False, "checks": {"evidence": "the disk is full", "registry": "ok"}}


def test_a_warning_does_not_make_it_unready_and_the_worker_says_who_it_is() -> None:
    answer = readyz({"evidence": lambda: ""}, {"revocation": lambda: "runs out soon", "other": lambda: ""}, 3)
    assert answer.status == 200
    assert json.loads(answer.body) == {
        "ready": True,
        "worker": 3,
        "checks": {"evidence": "ok"},
        "warnings": {"revocation": "runs out soon"},
    }
