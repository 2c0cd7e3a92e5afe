"""lxml and xmlsec that do not fit together are told before anything crashes."""

import builtins
import sys
from typing import Any

import pytest
import xmlsec

from esb.demo.pair import PairUnfit, check_pair


def test_what_is_installed_fits() -> None:
    check_pair()


def test_another_libxml2_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlsec, "get_libxml_version", lambda: (2, 11, 9))
    with pytest.raises(PairUnfit, match=r"libxml2 2\.11\.9 and lxml with .*pip install"):
        check_pair()


def test_a_pair_that_refuses_to_be_imported_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def refuse(name: str, *more: Any) -> Any:
        if name == "xmlsec":
            raise xmlsec.InternalError(-1, "lxml & xmlsec libxml2 library version mismatch")
        return plain(name, *more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(PairUnfit, match=r"(?s)version mismatch.*pip install"):
        check_pair()


def test_an_import_that_fails_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xmlsec", None)
    with pytest.raises(PairUnfit, match="pip install"):
        check_pair()
