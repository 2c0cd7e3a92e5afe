"""Go: what gowsdl generates from the published WSDL, signed and verified with goxmldsig's canonicalization, which is
nobody else's, and the standard library's keys."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from interop.identities import Identity
from interop.programs import run
from support.place import PERSONS, Place

pytestmark = pytest.mark.interop
SOURCES = Path(__file__).parent / "go"
ANSWERED = {"rsa": "rsa2048", "p256": "p256", "p384": "p384"}
REFUSED = {"unsigned": "p256"}
COVERED = {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}


@pytest.fixture(scope="module")
def said(
    need: Callable[..., None],
    _served: Place,
    bus_certificate: Path,
    identity: Callable[[str], Identity],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What the client said of each call."""
    need("go")
    folder = tmp_path_factory.mktemp("go")
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    url = _served.settings.bus.address + PERSONS.path
    with urlopen(f"{url}?wsdl") as response:
        (folder / "persons.wsdl").write_bytes(response.read())
    # Without cgo: what of the standard library needs a C compiler is most of what there is to build.
    go = ("env", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "go")
    run(folder, *go, "run", "github.com/hooklift/gowsdl/cmd/gowsdl", "-p", "persons", "persons.wsdl", timeout=600)
    run(folder, *go, "build", "-o", "client", ".", timeout=600)
    calls = []
    for name, kind in (ANSWERED | REFUSED).items():
        who = identity(kind)
        calls.append(f"{name}:{who.key}:{who.certificate}")
    found: dict[str, Any] = json.loads(run(folder, "./client", bus_certificate, url, *calls))
    return found


@pytest.mark.parametrize("name", ANSWERED)
def test_a_signed_call(said: dict[str, Any], name: str) -> None:
    assert said[name]["surname"] == "Əliyeva"
    assert set(said[name]["covered"]) == COVERED


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_gos_error(said: dict[str, Any], name: str) -> None:
    one = said[name]
    assert one["code"] == "wsse:InvalidSecurity"
    assert one["reason"] == "Sign the message: no wsse:Security header is addressed to the bus."
    assert set(one["covered"]) == COVERED
