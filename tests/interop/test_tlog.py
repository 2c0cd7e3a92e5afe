"""The log's tree in the hands of a stranger: torchwood, a client of C2SP's formats, and Go's sumdb packages."""

import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from interop.programs import run
from support.packages import Packages
from support.place import Place
from support.way import Asker, expect_person

from esb.audit.tree_reader import TreeReader

pytestmark = pytest.mark.interop


def fetched(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def size(port: int) -> int:
    lines = fetched(port, "/log/checkpoint").split(b"\n")
    return int(lines[1]) if len(lines) > 3 else 0


def asked(place: Place, times: int) -> None:
    """Put some records into the log, and wait until a checkpoint covers them."""
    before = size(place.port)
    for _ in range(times):
        expect_person(Asker(place).ask())
    until = time.monotonic() + 20
    while size(place.port) < before + 2 * times:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_stranger_verifies_checkpoint_inclusion_and_consistency(tlog: Path, place: Place, tmp_path: Path) -> None:
    asked(place, 3)
    kept = fetched(place.port, "/log/checkpoint")
    (tmp_path / "kept").write_bytes(kept)
    asked(place, 140)  # beyond the first tile
    total = size(place.port)
    assert total > 256
    reader = TreeReader(place.settings.evidence.url)
    chosen = []
    for index, _, leaf in reader.leaves(0, total):
        if index in (0, 1, 5, 200, 255, 256, total - 1):
            assert leaf is not None
            path = tmp_path / f"{index}.leaf"
            path.write_bytes(leaf)
            chosen.append(path)
    reader.close()
    key = fetched(place.port, "/log/key").decode().strip()
    base = f"http://127.0.0.1:{place.port}/log"
    said = json.loads(run(tmp_path, tlog, base, key, tmp_path / "kept", *chosen))
    assert said["included"] == len(chosen) == 7
    assert said["consistent"] == int(kept.split(b"\n")[1])
    assert said["size"] >= total


def test_a_stranger_opens_a_package_and_verifies_its_proofs_and_its_signature(
    tlog: Path, need: Callable[..., None], place: Place, tmp_path: Path
) -> None:
    need("unzip", "xmlsec1", "openssl")
    exchange = Asker(place).ask()
    packages = Packages(place, {})
    (tmp_path / "package.asice").write_bytes(packages.export(expect_person(exchange).exchange).octets)
    run(tmp_path, "unzip", "-q", "package.asice")
    leaves = sorted((tmp_path / "records").glob("*.json")) + sorted((tmp_path / "registry").glob("*.leaf.json"))
    pairs = [(leaf, Path(str(leaf).removesuffix(".json").removesuffix(".leaf") + ".tlog-proof")) for leaf in leaves]
    said = json.loads(run(tmp_path, tlog, "proofs", packages.log_key.text, *(path for pair in pairs for path in pair)))
    assert said["proved"] == len(leaves) > 6
    anchor = place.home.path / "anchors" / "shluz-ca.pem"
    uris = ("--enabled-reference-uris", "same-doc,remote", "--id-attr:Id", "SignedProperties")
    run(tmp_path, "xmlsec1", "--verify", *uris, "--trusted-pem", anchor, "META-INF/signatures0.xml")
    for name, kind in (("certificates/consumer.cer", "x509"), ("revocation/1.crl", "crl")):
        run(tmp_path, "openssl", kind, "-inform", "DER", "-in", name, "-noout", "-issuer")
