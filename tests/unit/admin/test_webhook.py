"""Posting to a real webhook: signed as a stranger's verifier understands it, and only to where a webhook may be."""

import base64
import hashlib
import ipaddress
import socket
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature, algorithms
from support.mailroom import NAME, make_pair, trust, webhook

from esb.admin.mail import Undelivered
from esb.admin.webhook import Hooks, HookSigner, lawful_address
from esb.certs.keys import FileKey, generate_key

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
BODY = '{"text":"Şəhər"}'.encode()
KEYID = "ab" * 32


def hooks(pair: tuple[Path, Path], key: Any = None, **more: Any) -> Hooks:
    signer = HookSigner(FileKey(key or generate_key("p256")), KEYID)
    facts: dict[str, Any] = {"networks": LOOPBACK, "trust": lambda: trust(pair[0])}
    return Hooks(lambda: signer, **{**facts, "resolve": lambda host, port: ["127.0.0.1"], **more})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_pair(tmp_path_factory.mktemp("hook"))


ALGORITHMS = {
    "p256": algorithms.ECDSA_P256_SHA256,
    "ed25519": algorithms.ED25519,
    "rsa2048": algorithms.RSA_V1_5_SHA256,
}


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_a_strangers_verifier_accepts_it_and_nothing_altered(pair: tuple[Path, Path], kind: str) -> None:
    """RFC 9421 by the package http-message-signatures, which shares no code with the bus."""
    key = generate_key(kind)

    class Resolver(HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> Any:
            assert key_id == KEYID
            return key.public_key()

    now = 1_764_000_000
    with webhook(pair) as hook:
        url = f"https://{NAME}:{hook.port}/notices?to=duty"
        hooks(pair, key).post(url, BODY, now)
    [(path, headers, body)] = hook.got
    assert (path, body, headers["content-type"]) == ("/notices?to=duty", BODY, "application/json")
    verifier = HTTPMessageVerifier(signature_algorithm=ALGORITHMS[kind], key_resolver=Resolver())
    verifier.max_clock_skew = timedelta(days=40_000)

    def verify(**changes: Any) -> Any:
        request = SimpleNamespace(**{"method": "POST", "url": url, "headers": dict(headers), "body": body, **changes})
        return verifier.verify(request, max_age=timedelta(days=40_000))

    [result] = verify()
    assert set(result.covered_components) >= {'"@method"', '"@target-uri"', '"content-type"', '"content-digest"'}
    assert result.parameters["tag"] == "shluz-notice"
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert headers["content-digest"] == f"sha-256=:{digest}:"
    for changes in (
        {"method": "PUT"},
        {"url": url + "x"},
        {"headers": {**headers, "content-digest": "sha-256=:AAAA:"}},
        {"headers": {**headers, "content-type": "text/plain"}},
    ):
        with pytest.raises(InvalidSignature):
            verify(**changes)


@pytest.mark.parametrize(("status", "final"), [(500, False), (404, False), (302, False), (410, True)])
def test_what_is_not_taken_is_told(pair: tuple[Path, Path], status: int, final: bool) -> None:
    with webhook(pair) as hook:
        hook.status, hook.location = status, f"https://{NAME}:{hook.port}/elsewhere"
        with pytest.raises(Undelivered, match=f"status {status}") as refused:
            hooks(pair).post(f"https://{NAME}:{hook.port}/", BODY, 0)
    assert refused.value.final is final
    assert len(hook.got) == 1, "no redirect is followed"


def test_a_strangers_certificate_is_not_talked_to(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = make_pair(tmp_path, "other.example")
    with webhook(pair) as hook, pytest.raises(Undelivered, match="certificate is not accepted"):
        hooks(other).post(f"https://{NAME}:{hook.port}/", BODY, 0)
    with webhook(other) as hook, pytest.raises(Undelivered, match="certificate is not accepted"):
        hooks(other).post(f"https://{NAME}:{hook.port}/", BODY, 0)
    assert hook.got == []


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["169.254.169.254"], ["::1"]])
def test_a_name_that_leads_inside_is_not_called(pair: tuple[Path, Path], found: list[str]) -> None:
    with pytest.raises(Undelivered, match="where the bus does not call"):
        hooks(pair, networks=(), resolve=lambda host, port: found).post(f"https://{NAME}/", BODY, 0)


def test_a_name_without_an_address(pair: tuple[Path, Path]) -> None:
    def nothing(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Undelivered, match="cannot be resolved"):
        hooks(pair, resolve=nothing).post(f"https://{NAME}/", BODY, 0)
    with pytest.raises(Undelivered, match="no address"):
        hooks(pair, resolve=lambda host, port: []).post(f"https://{NAME}/", BODY, 0)


def test_a_hook_that_says_nothing_is_left(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esb.admin.webhook._STEP", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(Undelivered, match="cannot be reached or went away"):
            hooks(pair).post(f"https://{NAME}:{silent.getsockname()[1]}/", BODY, 0)


@pytest.mark.parametrize(
    ("address", "lawful"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("172.16.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("nonsense", False),
    ],
)
def test_where_a_webhook_may_be(address: str, lawful: bool) -> None:
    assert lawful_address(address, ()) is lawful


def test_networks_that_the_operator_lists() -> None:
    networks = (ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00:20::/32"))
    assert lawful_address("10.20.3.4", networks)
    assert lawful_address("::ffff:10.20.3.4", networks)
    assert lawful_address("fd00:20::1", networks)
    assert not lawful_address("10.21.3.4", networks)


def test_an_ed25519_key_says_what_it_is() -> None:
    headers = HookSigner(FileKey(ed25519.Ed25519PrivateKey.generate()), KEYID).headers("https://x.example/", b"{}", 5)
    assert 'created=5;keyid="' in headers["Signature-Input"]
    assert 'alg="ed25519"' in headers["Signature-Input"]
