"""lxml and xmlsec that do not fit together are told before anything crashes."""

import pytest
import xmlsec

from esb.demo.pair import PairUnfit, check_pair


def test_what_is_installed_fits() -> None:
    check_pair()


def test_another_libxml2_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlsec, "get_libxml_version", lambda: (2, 11, 9))
    with pytest.raises(PairUnfit, match=r"libxml2 2\.11\.9 and lxml with .*pip install"):
        check_pair()


def test_an_import_that_fails_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xmlsec", None)
    with pytest.raises(PairUnfit, match="pip install"):
        check_pair()
