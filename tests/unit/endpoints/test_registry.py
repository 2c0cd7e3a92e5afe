"""The registry's door lets in whom the settings say, and never a document's name near a file system."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from esb.endpoints.registry import RegistryDoor
from esb.kernel.directory import CertificateIndex, CertificateUse, Directory, KnownCertificate, Member, MemberStatus
from esb.kernel.http import HttpRequest, HttpResponse, Peer

DIGEST = b"d" * 32
CERTIFICATE = KnownCertificate(DIGEST, b"", "DIN", CertificateUse.TLS, None, "", "", 1, 0.0, 1.0)  # type: ignore[arg-type]
MEMBER = Member("DIN", "Ad", "Name", MemberStatus.ACTIVE)


def directory(certificate: KnownCertificate = CERTIFICATE, member: Member = MEMBER) -> Directory:
    return Directory(1, 0.0, {"DIN": member}, {}, {}, CertificateIndex(by_sha256={DIGEST: certificate}))


async def run(work: Callable[[], bytes | None]) -> bytes | None:
    return work()


def get(
    name: str = "timestamp.json",
    *,
    anybody: bool = False,
    certificate: bytes | None = DIGEST,
    known: Directory | None = None,
    run: Callable[[Callable[[], bytes | None]], Awaitable[bytes | None]] = run,
) -> HttpResponse:
    documents = {"timestamp.json": b"{}", "documents/x.json": b"{}", "contracts/x": b"zip"}
    door = RegistryDoor(documents.get, run, lambda: known or directory(), anybody)
    request = HttpRequest("GET", f"/registry/{name}", "", {}, b"", Peer("::1", True, certificate))
    return asyncio.run(door.get(request))  # type: ignore[arg-type]


def test_a_member_reads_by_its_tls_certificate() -> None:
    answer = get()
    assert (answer.status, answer.content_type, answer.body) == (200, "application/json", b"{}")
    assert answer.headers == (("Cache-Control", "no-store"),)
    assert get("contracts/x").content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "facts",
    [
        {"certificate": None},
        {"certificate": b"e" * 32},
        {"known": directory(replace(CERTIFICATE, use=CertificateUse.SIGNING))},
        {"known": directory(replace(CERTIFICATE, revoked="keyCompromise"))},
        {"known": directory(replace(CERTIFICATE, owner="NOBODY"))},
        {"known": directory(member=replace(MEMBER, status=MemberStatus.SUSPENDED))},
    ],
)
def test_nobody_else_does(facts: dict[str, Any]) -> None:
    assert get(**facts).status == 403
    assert get(**facts, anybody=True).status == 200


def test_what_lasts_may_be_kept_where_everybody_may_read_it() -> None:
    assert "immutable" in get("documents/x.json", anybody=True).headers[0][1]
    assert get("timestamp.json", anybody=True).headers[0][1] == "no-store"


@pytest.mark.parametrize("name", ["", "../keys/bus.key", "documents/y.json", "timestamp.json/"])
def test_what_is_not_published_is_not_there(name: str) -> None:
    assert get(name).status == 404


def test_too_many_at_once_are_sent_away() -> None:
    async def scene() -> list[int]:
        going = asyncio.Event()

        async def slow(work: Callable[[], bytes | None]) -> bytes | None:
            await going.wait()
            return work()

        door = RegistryDoor(lambda _: b"{}", slow, directory, True)
        request = HttpRequest("GET", "/registry/timestamp.json", "", {}, b"", Peer("::1"))
        waiting = [asyncio.ensure_future(door.get(request)) for _ in range(32)]  # type: ignore[arg-type]
        await asyncio.sleep(0)
        refused = await door.get(request)
        going.set()
        return [refused.status, *{(await each).status for each in waiting}]

    assert asyncio.run(scene()) == [503, 200]
