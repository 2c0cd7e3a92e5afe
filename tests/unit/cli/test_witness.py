"""`esb witness key|add|list|look|remove`, as a person runs them; `run` stands in tests/way."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.doors import served

from esb.audit.log_key import LogSigner
from esb.audit.notes import COSIGNATURE, NoteKey
from esb.kernel.http import HttpRequest, HttpResponse

Run = Callable[..., Result]
_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
ONE, OTHER = SIGNER.checkpoint(1, bytes(32)), SIGNER.checkpoint(1, bytes(31) + b"\1")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Commands set up logging for their process, which is ours here."""
    yield
    structlog.reset_defaults()


def test_from_a_key_to_a_proof(run: Run, tmp_path: Path) -> None:
    folder = str(tmp_path / "w")
    made = run("witness", "key", folder, "reserve.example/w1")
    assert NoteKey.parse(made.stdout.splitlines()[0]).kind == COSIGNATURE
    assert "Next: esb witness add" in made.stdout
    assert "No log is witnessed" in run("witness", "list", folder).stdout
    published = {"/log/checkpoint": ONE, "/log/tile/0/000.p/1": bytes(32)}

    async def handle(request: HttpRequest) -> HttpResponse:
        found = published.get(request.path)
        return HttpResponse(200 if found else 404, "text/plain", found or b"")

    with served(handle) as base:
        added = run("witness", "add", folder, SIGNER.key.text, f"{base}/log")
        assert "bus.example/log is witnessed from now on" in added.stdout
        looked = run("witness", "look", folder)
        assert (looked.exit_code, "well   bus.example/log: 1 records" in looked.stdout) == (0, True)
        published["/log/checkpoint"] = OTHER
        looked = run("witness", "look", folder, "--json")
        assert (looked.exit_code, json.loads(looked.stdout)[0]["words"]) == (1, "it has two histories")
        published.clear()
        assert run("witness", "look", folder).exit_code == 1
    (told,) = json.loads(run("witness", "list", folder, "--json").stdout)
    assert (told["size"], told["problem"]) == (1, "two histories")
    assert OTHER.decode() in Path(told["proof"]).read_text()
    assert "PROOF" in run("witness", "list", folder).stdout
    assert run("witness", "remove", folder, "bus.example/log").exit_code == 1
    removed = run("witness", "remove", folder, "bus.example/log", "--yes")
    assert ONE.decode() in removed.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "nowhere"), "no witness's folder"),
        (("run", "nowhere", "--listen", "here"), "HOST:PORT"),
        (("run", "nowhere"), "no witness's folder"),
    ],
)
def test_what_is_wrong_is_told(arguments: tuple[str, ...], words: str, run: Run) -> None:
    result = run("witness", *arguments)
    assert result.exit_code != 0
    assert words in result.stderr
