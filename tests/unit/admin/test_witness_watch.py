"""A look at a log that says nothing of its history: it is away, or publishes what does not belong together.

Logs that were cut back or forked are looked at in tests/contract/test_witness.py.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.doors import served

from esb.admin.witness_watch import LookFailed, Watch
from esb.audit.log_key import LogSigner
from esb.audit.witness import Seen
from esb.kernel.http import HttpRequest, HttpResponse

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
NOTE = SIGNER.checkpoint(3, bytes(32))


class NobodysBusiness:
    """A witness that must not be told anything."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


@pytest.mark.parametrize(
    ("published", "cosigned", "words"),
    [
        ({}, NOTE, "publishes no checkpoint any more"),
        ({"/log/checkpoint": b"nonsense"}, b"", "cannot be believed"),
        ({"/log/checkpoint": NOTE}, b"", "does not publish all of its tree"),
        ({"/log/checkpoint": NOTE, "/log/tile/0/000.p/3": bytes(96)}, b"", "are not those of its checkpoint"),
        ({"/log/checkpoint": None}, b"", "HTTP 503"),
    ],
)
def test_a_look_that_fails_accuses_nobody(published: dict[str, bytes | None], cosigned: bytes, words: str) -> None:
    async def handle(request: HttpRequest) -> HttpResponse:
        found = published.get(request.path, b"")
        return HttpResponse(503 if found is None else 200 if found else 404, "text/plain", found or b"")

    with served(handle) as base, pytest.raises(LookFailed, match=words):
        Watch(NobodysBusiness()).look(Seen(SIGNER.key, f"{base}/log", cosigned))  # type: ignore[arg-type]


def test_a_log_without_a_checkpoint_or_without_a_server() -> None:
    async def handle(_: HttpRequest) -> HttpResponse:
        return HttpResponse(404, "text/plain", b"")

    watch = Watch(NobodysBusiness())  # type: ignore[arg-type]
    with served(handle) as base:
        assert watch.look(Seen(SIGNER.key, f"{base}/log")).size is None
    with pytest.raises(LookFailed, match="cannot be asked"):
        watch.look(Seen(SIGNER.key, f"{base}/log"))
