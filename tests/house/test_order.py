"""The order of the way is kept by types, and what a signature did not cover is out of reach afterwards."""

import ast
from collections.abc import Iterator

# What a later stage may read of the message as it came in: how and when, never what its envelope says.
_OF_PARSED = {"received"}
_BEFORE_TRUST = {"esb/stages/receive.py", "esb/stages/parse.py", "esb/stages/authenticate.py"}


def test_only_authenticate_makes_an_authenticated(trees: dict[str, ast.Module]) -> None:
    makers = {
        path
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last_name(node.func) == "Authenticated"
    }
    assert makers <= {"esb/stages/authenticate.py"}


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_later_stages_do_not_read_the_unsigned_envelope(trees: dict[str, ast.Module]) -> None:
    reaching = [
        f"{path}:{line}"
        for path, tree in trees.items()
        if path.startswith(("esb/stages/", "esb/bus.py", "adapters/")) and path not in _BEFORE_TRUST
        for line in _reaches_into_parsed(tree)
    ]
    assert reaching == []


def _reaches_into_parsed(tree: ast.Module) -> Iterator[int]:
    allowed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in _OF_PARSED}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "parsed" and id(node) not in allowed:
            yield node.lineno
