"""Running the command as a person would, in a place of its own."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.keys import generate_key
from esb.certs.requests import make_request
from esb.cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("config", "check", SHLUZ_DOOR_PORT="1")`` in an empty working folder, with no variable of ours set."""
    for name in [name for name in os.environ if name.startswith("SHLUZ_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(main, arguments, env=environ, catch_exceptions=False)

    return run


@pytest.fixture(scope="session")
def _office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an authority and two members, made by the commands themselves."""
    home = tmp_path_factory.mktemp("office") / "shluz-home"
    for arguments in (
        ("init",),
        ("ca", "init", "--key", "p256"),
        ("member", "add", "DIN", "--az", "Daxili İşlər Nazirliyi", "--en", "Ministry of Internal Affairs"),
        ("member", "add", "EESMN", "--az", "Əmək Nazirliyi", "--en", "Ministry of Labour"),
    ):
        result = CliRunner().invoke(main, ("--home", str(home), *arguments), env={}, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    return home


@pytest.fixture
def office(run: Run, tmp_path: Path, _office: Path) -> Run:
    """``run`` in a working folder whose shluz-home has an authority and the members DIN and EESMN."""
    shutil.copytree(_office, tmp_path / "shluz-home")
    return run


@pytest.fixture
def csr(tmp_path: Path) -> Path:
    """A request that a member made."""
    path = tmp_path / "request.csr"
    path.write_bytes(make_request(generate_key("p256"), "whatever").public_bytes(Encoding.PEM))
    return path
