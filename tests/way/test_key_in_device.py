"""The bus's keys, and its authority's, lie in a device (SoftHSM): who verifies sees no difference, a device that is
away is told without an unsigned word, and the bus signs again when it is back."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import softhsm
from support.client import GET_PERSON, verify_with_xmlsec
from support.place import Place, make_place
from support.provider import Provider
from support.way import Asker, expect_person

from esb.conf.load import load
from esb.kernel.namespaces import WSU
from esb.kernel.soap import SoapVersion
from esb.kernel.token_uri import TokenUri


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    token = softhsm.fresh_token()
    first, second, authority = (softhsm.uri(token, name) for name in ("signing", "second", "authority"))
    provider = Provider()
    try:
        place = make_place(
            tmp_path_factory.mktemp("device") / "home",
            provider,
            authority_at=authority,
            SHLUZ_KEYS_SIGNING_KEY=str(first),
            SHLUZ_KEYS_SECOND_SIGNING_KEY=str(second),
            SHLUZ_KEYS_SECOND_CERTIFICATE="keys/bus-rsa.pem",
        )
        place.make_second_key()
        place.member("RSA", "rsa2048")
        place.grant("RSA")
        yield place
    finally:
        provider.close()


@pytest.fixture
def asker(place: Place) -> Iterator[Asker]:
    with place.serve():
        yield Asker(place)


def test_no_private_key_lies_in_the_home(place: Place) -> None:
    files = (path for path in place.home.path.rglob("*") if path.is_file())
    held = {path.name for path in files if b"PRIVATE KEY" in path.read_bytes()}
    assert held == {"tsa.key", "log.key", "bodies.key"}  # which nobody put into the device
    assert (place.home.path / "ca" / "ca.key").read_text().startswith("pkcs11:")


def test_a_foreign_verifier_accepts_the_answer(place: Place, asker: Asker, tmp_path: Path) -> None:
    reply = expect_person(asker.ask())
    (tmp_path / "answer.xml").write_bytes(reply.body)
    names = [f"{WSU}:Timestamp", "urn:shluz:exchange:1:Receipt", f"{SoapVersion.V11.value}:Body"]
    identifiers = [word for name in names for word in ("--id-attr:Id", name)]
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(place.settings.keys.certificate), *identifiers]
    done = subprocess.run([*command, "answer.xml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_request_by_rsa_is_answered_by_the_devices_second_key(place: Place, asker: Asker) -> None:
    exchange = asker.ask(place.consumers["RSA"])
    assert verify_with_xmlsec(exchange.reply, place.second_certificate) >= {"Body", "Timestamp", "Receipt"}


def test_signing_in_threads_changes_nothing_that_is_seen(place: Place) -> None:
    environment = {**place.environment, "SHLUZ_KEYS_SIGN_IN_THREADS": "always"}
    settings = load(place.home.path, environment).settings
    threaded = Place(place.home, settings, place.engine, place.provider, consumers=place.consumers)
    with threaded.serve():
        assert threaded.node is not None
        assert threaded.node.way.aside is not None
        asker = Asker(threaded)
        for _ in range(5):
            expect_person(asker.ask())
        refused = asker.ask(body=GET_PERSON.replace(b"GetPerson", b"GetNobody"))
        assert verify_with_xmlsec(refused.reply, place.bus_certificate) >= {"Body", "Timestamp", "Receipt"}


def test_a_device_that_is_away_leaves_no_unsigned_word(place: Place, asker: Asker) -> None:
    assert place.node is not None
    uri = place.settings.keys.signing_key
    assert isinstance(uri, TokenUri)
    with softhsm.unplugged(uri, str(uri.token)):
        exchange = asker.ask()
        assert (exchange.reply.status, exchange.reply.body) == (503, b"")
        assert exchange.reply.headers["retry-after"] == "5"
        assert "not there" in place.node.front.checks["keys"]()
    _until(lambda: place.node is not None and place.node.front.checks["keys"]() == "")
    expect_person(asker.ask())


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.1)
