"""A few thousand inputs for every fuzz target, the same each time; ``make fuzz`` tries a million new ones."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fuzz import signature
from fuzz.catalogue import PLACES, get_target
from fuzz.dice import Dice
from fuzz.mutate import inputs
from fuzz.target import Found, Target

from esb.certs import references, verify
from esb.certs.canonical import exclusive
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import SignedPart

COUNTS = {
    "xml": 1500, "xml-words": 800, "http-in": 500, "http-out": 1500, "signature-octets": 700, "signature-tree": 900,
    "way": 350, "leaf": 1500, "text": 1500, "certificate": 700, "settings": 250, "wsdl": 120, "xsd": 40,
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_found(name: str) -> None:
    target = get_target(name)
    for data in inputs(target, COUNTS[name], seed=1):
        target.one(data)


@pytest.mark.parametrize("name", PLACES)
def test_the_seeds_are_a_beginning(name: str) -> None:
    """An engine begins with these: they are not too long for their target, and no two are the same."""
    target = get_target(name)
    seeds = target.seeds()
    assert len(seeds) > 1
    assert len(set(seeds)) == len(seeds)
    assert max(map(len, seeds)) <= target.longest


def found(target: Target, count: int) -> str:
    """What the first finding says, "" when there is none."""
    for data in inputs(target, count, seed=2):
        try:
            target.one(data)
        except Found as finding:
            return str(finding)
    return ""


def searching(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classic mistake: what has the identifier is digested, and what has the name is used."""

    def find_targets(envelope: Any, security: Any, key: Any, wanted: Any) -> Any:
        targets = []
        for reference in wanted:
            names = (
                each for each in envelope.root.iter() if reference.id in (each.get(signature.WSU_ID), each.get("Id"))
            )
            element = next(names, None)
            if element is None:
                raise Refusal(rules.SIG_REFERENCE, "Nothing has this name.")
            targets.append(references.Target(reference, element))
        return tuple(targets)

    strict = references.digest

    def digest(target: Any, *known: Any) -> Any:
        part = strict(target, *known)
        root = target.element.getroottree().getroot()
        local = str(target.element.tag).rpartition("}")[2]
        used = {"Body": root[-1], "Timestamp": next(root.iter(f"{{{ns.WSU}}}Timestamp"))}.get(local)
        if used is None:
            return part
        return replace(part, element=used, canonical=exclusive(used, part.prefixes))

    monkeypatch.setattr(verify, "find_targets", find_targets)
    monkeypatch.setattr(verify, "check_coverage", lambda *_, **__: None)
    monkeypatch.setattr(verify, "check_unique", lambda *_: None)
    monkeypatch.setattr(verify, "digest", digest)


def digesting_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def digest(target: Any, *_: Any) -> Any:
        octets = exclusive(target.element, target.reference.prefixes)
        return SignedPart(target.element, target.reference.id, octets, target.reference.prefixes, b"")

    monkeypatch.setattr(verify, "digest", digest)


def believing_every_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "verify_value", lambda algorithm, key, value, octets: value)


def reading_unsigned_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = references.check_coverage

    def lenient(*given: Any, **more: Any) -> None:
        try:
            strict(*given, **more)
        except Refusal as refusal:
            if refusal.rule is not rules.SIG_HEADERS:
                raise

    monkeypatch.setattr(verify, "check_coverage", lenient)


@pytest.mark.parametrize(
    "mistake",
    [searching, digesting_nothing, believing_every_value, reading_unsigned_headers],
    ids=lambda each: each.__name__,
)
def test_a_verifier_with_a_mistake_is_found_out(monkeypatch: pytest.MonkeyPatch, mistake: Any) -> None:
    """Each mistake that verifiers are known to make is caught: the measure has teeth."""
    mistake(monkeypatch)
    try:
        what = found(signature.STRUCTURE, 4000)
    except (KeyError, StopIteration):
        what = "the verifier broke"
    assert what


def test_a_target_that_fails_is_told(tmp_path: Path) -> None:
    """The runner keeps what it finds, and its exit status says that there is something."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "SHLUZ_FUZZ": str(tmp_path)}
    command = [sys.executable, "-m", "fuzz.run", "--inputs", "300", "--seconds", "60", "--target", "leaf"]
    done = subprocess.run([*command, "--engine", "plain"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "300 inputs" in done.stdout
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import fuzz.texts\n"
        "def bad(data): raise KeyError(data[:1])\n"
        "from dataclasses import replace\n"
        "fuzz.texts.LEAF = replace(fuzz.texts.LEAF, one=bad)\n"
        "import sys\nfrom fuzz.child import main\n"
        "main()\n"
    )
    (tmp_path / "found").mkdir()
    arguments = ["leaf", "plain", "5", "1", "60", str(tmp_path)]
    subprocess.run([sys.executable, str(broken), *arguments], env=environment, check=True)
    kept = sorted(path.suffix for path in (tmp_path / "found").iterdir())
    assert kept == [".evidence", ".input", ".txt"]


def test_one_input_is_one_case() -> None:
    """The same octets draw the same, and drawing never runs out."""
    for octets in (b"", b"\x00", bytes(range(50))):
        first, second = Dice(octets), Dice(octets)
        drawn = [first.below(7), first.pick("abc"), first.octets(5), *first.cut(b"abcdef"), first.rest()]
        assert drawn == [second.below(7), second.pick("abc"), second.octets(5), *second.cut(b"abcdef"), second.rest()]
        assert b"".join(Dice(octets).cut(b"abcdef")) == b"abcdef"
    assert list(inputs(get_target("leaf"), 50, 1)) == list(inputs(get_target("leaf"), 50, 1))
    assert list(inputs(get_target("leaf"), 50, 1)) != list(inputs(get_target("leaf"), 50, 2))
