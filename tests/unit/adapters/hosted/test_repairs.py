"""Each repair: the defect as the plain library has it, and that it is mended.

When a test of a defect fails after an update of Spyne, the release has mended it: take the repair and the test away.
"""

import datetime
import logging
import os
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from esb.adapters.hosted.repairs import Protocol, Transport, spyne

XSI = "http://www.w3.org/2001/XMLSchema-instance"


@pytest.fixture
def plain() -> Any:
    """The library's own protocol."""
    return spyne.protocol.soap.Soap11(validator="soft")


@pytest.fixture
def mended() -> Any:
    return Protocol()


def read(protocol: Any, cls: Any, xml: str) -> Any:
    return protocol.from_element(None, cls, etree.fromstring(xml))


def imports(statement: str) -> subprocess.CompletedProcess[str]:
    """Run an import with warnings about old importers as errors, as Python 3.12 treats them."""
    return subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", statement],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": ""},
    )


class TestImporter:
    @pytest.mark.skipif(sys.version_info >= (3, 12), reason="there it cannot be imported at all")
    def test_defect_the_copy_of_six_has_no_find_spec(self) -> None:
        assert "find_spec() not found" in imports("import spyne").stderr

    def test_mended(self) -> None:
        done = imports("from esb.adapters.hosted.repairs import spyne; spyne.util.six.moves.urllib.parse.quote")
        assert done.returncode == 0, done.stderr


class TestNil:
    XML = f'<a xmlns:xsi="{XSI}" xsi:nil="false">5</a>'

    def test_defect_false_is_taken_for_nil(self, plain: Any) -> None:
        assert read(plain, spyne.Unicode, self.XML) is None

    def test_mended(self, mended: Any) -> None:
        assert read(mended, spyne.Unicode, self.XML) == "5"
        assert read(mended, spyne.Unicode, self.XML.replace("false", " 0 ")) == "5"

    def test_true_is_still_nil(self, mended: Any) -> None:
        assert read(mended, spyne.Unicode, self.XML.replace("false", "true")) is None


class TestEmpty:
    def test_defect_an_empty_string_is_refused(self, plain: Any) -> None:
        with pytest.raises(spyne.ValidationError):
            read(plain, spyne.Unicode(nillable=False), "<a/>")

    def test_mended(self, mended: Any) -> None:
        assert read(mended, spyne.Unicode(nillable=False), "<a/>") == ""

    def test_nil_is_not_an_empty_string(self, mended: Any) -> None:
        assert read(mended, spyne.Unicode, f'<a xmlns:xsi="{XSI}" xsi:nil="true"/>') is None


class TestWhiteSpace:
    def test_defect_a_padded_true_is_false(self, plain: Any) -> None:
        assert read(plain, spyne.Boolean, "<a> true </a>") is False

    def test_defect_a_padded_date_is_refused(self, plain: Any) -> None:
        with pytest.raises(spyne.ValidationError):
            read(plain, spyne.Date, "<a> 2020-02-01\n</a>")

    def test_mended(self, mended: Any) -> None:
        assert read(mended, spyne.Boolean, "<a> true </a>") is True
        assert read(mended, spyne.Date, "<a> 2020-02-01\n</a>") == datetime.date(2020, 2, 1)

    def test_text_keeps_its_white_space(self, mended: Any) -> None:
        assert read(mended, spyne.Unicode, "<a> x </a>") == " x "


class TestNumbers:
    @pytest.mark.parametrize("value", ["1E+2", "0E-8", "1E-10"])
    def test_defect_decimals_have_exponents(self, plain: Any, mended: Any, value: str) -> None:
        number = Decimal(value)
        assert "E" in plain.to_unicode(spyne.Decimal, number)
        assert mended.to_unicode(spyne.Decimal, number) == format(number, "f")

    @pytest.mark.parametrize(
        ("value", "lexical"), [(float("inf"), "INF"), (float("-inf"), "-INF"), (float("nan"), "NaN")]
    )
    def test_defect_infinity_is_not_in_xml_schemas_words(
        self, plain: Any, mended: Any, value: float, lexical: str
    ) -> None:
        assert plain.to_unicode(spyne.Double, value) == repr(value)
        assert mended.to_unicode(spyne.Double, value) == lexical

    def test_integers_and_floats_stay(self, mended: Any) -> None:
        assert mended.to_unicode(spyne.Integer, 12) == "12"
        assert mended.to_unicode(spyne.Double, 0.5) == "0.5"


class TestTypes:
    @pytest.fixture
    def classes(self) -> tuple[Any, Any, Any, Any]:
        class Base(spyne.ComplexModel):
            __namespace__ = "urn:t"
            a = spyne.Unicode

        class Derived(Base):
            __namespace__ = "urn:t"
            b = spyne.Unicode

        class Other(spyne.ComplexModel):
            __namespace__ = "urn:t"
            a = spyne.Unicode

        class Service(spyne.ServiceBase):
            @spyne.rpc(Base, Derived, Other)
            def ask(ctx, base, derived, other): ...

        app = spyne.Application([Service], "urn:t", in_protocol=Protocol(), out_protocol=Protocol())
        context = spyne.MethodContext(Transport(app), spyne.MethodContext.SERVER)
        return Base, Derived, Other, context

    @staticmethod
    def typed(name: str) -> Any:
        return etree.fromstring(
            f'<x xmlns="urn:t" xmlns:t="urn:t" xmlns:i="{XSI}" i:type="{name}"><a>1</a><b>2</b></x>'
        )

    def test_defect_any_known_class_may_be_chosen(self, plain: Any, classes: tuple[Any, Any, Any, Any]) -> None:
        base, _, other, context = classes
        assert isinstance(plain.from_element(context, base, self.typed("t:Other")), other)

    @pytest.mark.parametrize("name", ["t:Other", "t:Base", "t:Missing", "u:Derived", ":", "", "string"])
    def test_mended_others_are_passed_over(self, mended: Any, classes: tuple[Any, Any, Any, Any], name: str) -> None:
        found = mended.from_element(classes[3], classes[0], self.typed(name))
        assert type(found) is classes[0]
        assert found.a == "1"

    @pytest.mark.parametrize("name", ["t:Derived", "Derived", " t:Derived "])
    def test_a_derived_type_is_taken(self, mended: Any, classes: tuple[Any, Any, Any, Any], name: str) -> None:
        found = mended.from_element(classes[3], classes[0].customize(min_occurs=1), self.typed(name))
        assert isinstance(found, classes[1])
        assert found.b == "2"


def test_the_library_logs_nothing_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("spyne.application.client").critical("FIN 5ABC123")
        logging.getLogger("spyne.protocol.xml").debug("a whole document")
    assert caplog.records == []


def test_defect_it_would_collect_garbage_every_second() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import spyne; print(spyne.const.MIN_GC_INTERVAL)"],
        capture_output=True,
        text=True,
    )
    assert float(done.stdout) == 1.0
    assert float("inf") == spyne.const.MIN_GC_INTERVAL


def test_the_transport_is_soap_over_http() -> None:
    assert spyne.NullServer.transport == "noconn://null.spyne"
    assert Transport.transport == "http://schemas.xmlsoap.org/soap/http"
