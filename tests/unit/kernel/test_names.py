"""Names: what is lawful, and that the error says what would be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.kernel.names import NameInvalid, ServiceId, check_client, check_code

LAWFUL = ["DIN", "a", "0", "A.b_c-d", "x" * 64]
UNLAWFUL = [
    "",
    ".",
    "..",
    "-a",
    "_a",
    ".a",
    "x" * 65,
    "a b",
    "a/b",
    "a\n",
    "\na",
    "DİN",
    "a%2F",
    "a\\b",
    "a?b",
    "a\x00",
    "а",
]  # fmt: skip  (the last is Cyrillic)


@pytest.mark.parametrize("code", LAWFUL)
def test_a_lawful_code_comes_back(code):
    assert check_code(code) == code


@pytest.mark.parametrize("code", UNLAWFUL)
def test_an_unlawful_code_is_refused_by_what_it_is(code):
    with pytest.raises(NameInvalid, match=r"^system code .* is not lawful: 1 to 64 letters"):
        check_code(code, "system code")


def test_an_error_quotes_neither_controls_nor_endless_text():
    with pytest.raises(NameInvalid) as caught:
        check_code("\x1b[31m\r\n" + "x" * 10_000)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_a_service_name_is_read_and_written():
    service = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
    assert service == ServiceId("DIN", "IAMAS", "PersonQuery", "v1")
    assert service.text == str(service) == "DIN/IAMAS/PersonQuery/v1"
    assert service.path == "/services/DIN/IAMAS/PersonQuery/v1"


@pytest.mark.parametrize(
    "text",
    [
        "", "DIN", "DIN/IAMAS/PersonQuery", "DIN/IAMAS/PersonQuery/v1/", "/DIN/IAMAS/PersonQuery/v1",
        "DIN//PersonQuery/v1",
        "DIN/IAMAS/PersonQuery/1", "DIN/IAMAS/PersonQuery/v0", "DIN/IAMAS/PersonQuery/v01", "DIN/IAMAS/PersonQuery/V1",
        "DIN/IAMAS/PersonQuery/v10000", "DIN/IAMAS/PersonQuery/v1.0", "DIN/IAMAS/PersonQuery/v1\n",
        "DIN/IAMAS/PersonQuery/v١", "DIN/../PersonQuery/v1",
    ],
)  # fmt: skip
def test_other_service_names_are_refused(text):
    with pytest.raises(NameInvalid):
        ServiceId.parse(text)


@given(st.text(max_size=60))
def test_a_name_that_is_read_is_written_the_same(text):
    try:
        service = ServiceId.parse(text)
    except NameInvalid:
        return
    assert service.text == text


@pytest.mark.parametrize("client", ["DIN", "DIN/IAMAS"])
def test_a_consumer_is_a_member_or_its_system(client):
    assert check_client(client) == client


@pytest.mark.parametrize("client", ["", "/", "DIN/", "/IAMAS", "DIN/IAMAS/PersonQuery", "DIN/ IAMAS"])
def test_other_consumers_are_refused(client):
    with pytest.raises(NameInvalid):
        check_client(client)
