"""The size of modules, a test for each of them, and no rooms without a name."""

import ast
from pathlib import Path, PurePosixPath

LONGEST = 500


def test_no_module_is_too_long(sources: dict[str, str]) -> None:
    long = {name: count for name, text in sources.items() if (count := text.count("\n")) > LONGEST}
    assert long == {}


def test_every_module_has_its_tests(sources: dict[str, str], root: Path) -> None:
    """esb/kernel/xml.py → tests/unit/kernel/test_xml.py; certs/verify.py → tests/unit/certs/test_verify.py."""
    missing = []
    for name in sources:
        path = PurePosixPath(name)
        if path.name == "__init__.py" or path.is_relative_to("registry/migrations"):
            continue
        inner = path.relative_to("esb") if path.parts[0] == "esb" else path
        test = PurePosixPath("tests/unit") / inner.with_name(f"test_{inner.name}")
        if not (root / test).is_file():
            missing.append(f"{name} wants {test}")
    assert not missing, "\n".join(missing)


def test_no_module_is_a_drawer_for_odds_and_ends(sources: dict[str, str]) -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py", "tools.py"}
    assert [name for name in sources if PurePosixPath(name).name in drawers] == []


def test_every_module_says_what_it_is_for(trees: dict[str, ast.Module]) -> None:
    assert [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []
