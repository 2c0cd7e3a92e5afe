"""Finding hosted services: the product's own, another distribution's, and what goes wrong."""

import sys
from pathlib import Path

import pytest

from esb.adapters.hosted.find import HostedUnknown, find_service, service_names
from esb.adapters.hosted.typed import HostedService

MODULE = """
from esb.adapters.hosted.typed import HostedService, ServiceBase, Unicode, operation

class Greeter(ServiceBase):
    greet = operation("greet", returns=Unicode, answer="greeting")(lambda ctx: "Salam")

GREETER = HostedService(Greeter, "urn:greeter", "Greeter")
OTHER = object()
"""
ENTRY_POINTS = """[shluz.hosted]
greeter = hosted_greeter:GREETER
metadata = hosted_greeter:GREETER
broken = hosted_greeter:MISSING
other = hosted_greeter:OTHER
"""


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution that offers hosted services."""
    (tmp_path / "hosted_greeter.py").write_text(MODULE)
    info = tmp_path / "greeter-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "hosted_greeter", raising=False)


@pytest.mark.parametrize("name", ["metadata", "pension"])
def test_the_products_own_are_found(name: str) -> None:
    assert isinstance(find_service(name), HostedService)
    assert name in service_names()


@pytest.mark.usefixtures("distribution")
def test_a_distributions_service_is_found() -> None:
    assert find_service("greeter").name == "Greeter"
    assert service_names() == (
        "broken",
        "greeter",
        "metadata",
        "other",
        "participation",
        "pension",
        "registry",
        "subjects",
    )


@pytest.mark.usefixtures("distribution")
def test_nobody_takes_the_name_of_the_products_own() -> None:
    assert find_service("metadata").name == "Metadata"


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(HostedUnknown, match=r"'nothing'; there are: metadata, participation, pension, registry"):
        find_service("nothing")


@pytest.mark.usefixtures("distribution")
@pytest.mark.parametrize(("name", "said"), [("broken", "cannot be loaded"), ("other", "is not a HostedService")])
def test_what_is_no_service_is_refused(name: str, said: str) -> None:
    with pytest.raises(HostedUnknown, match=said):
        find_service(name)
