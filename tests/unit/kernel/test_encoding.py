"""In which encodings a document may come: those that agree with each other, and nothing is guessed."""

import pytest

from esb.kernel import rules
from esb.kernel.encoding import as_utf8, declaration
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, parse_message

LIMITS = XmlLimits()
BOM8, BOM16LE, BOM16BE = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"


def rule_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.rule


@pytest.mark.parametrize("charset", [None, "utf-8", "UTF-8", "utf8", "US-ASCII", "ascii"])
@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        BOM8 + b"<a/>",
        b'<?xml version="1.0"?><a/>',
        b'<?xml version="1.0" encoding="UTF-8"?><a/>',
        b"<?xml version='1.0' encoding = 'utf-8' standalone='yes' ?><a/>",
        BOM8 + b'<?xml version="1.0" encoding="us-ascii"?><a/>',
    ],
)
def test_utf8_comes_back_as_it_is(data, charset):
    assert as_utf8(data, charset) is data


@pytest.mark.parametrize(
    ("bom", "codec", "charsets"),
    [
        (BOM16LE, "utf-16-le", [None, "utf-16", "UTF-16LE"]),
        (BOM16BE, "utf-16-be", [None, "UTF-16", "utf-16be"]),
    ],
)
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-16"?>'])
def test_utf16_with_a_mark_is_transcoded(bom, codec, charsets, declared):
    data = bom + f"{declared}<a>şlüz 🏛</a>".encode(codec)
    assert {as_utf8(data, charset) for charset in charsets} == {"<a>şlüz 🏛</a>".encode()}


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ("<a/>".encode("utf-16"), "utf-8"),
        (b"<a/>", "utf-16"),
        ("<a/>".encode("utf-16-le"), "utf-16le"),  # no mark
        (BOM16LE + "<a/>".encode("utf-16-le"), "utf-16be"),
        (BOM16BE + "<a/>".encode("utf-16-be"), "utf-16le"),
        (b"<a/>", "iso-8859-1"),
        (b"<a/>", "utf-7"),
        (b"<a/>", ""),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', None),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-', None),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', None),
        (BOM8 + b'<?xml version="1.0" encoding="windows-1251"?><a/>', "utf-8"),
        (b'<?xml version="1.0"' + b" " * 500 + b'encoding="ISO-8859-1"?><a/>', None),
        ('<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"), None),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a/>'.encode("utf-16"), "utf-16"),
        (BOM16LE + '<?xml version="1.0" encoding="utf-16be"?><a/>'.encode("utf-16-le"), None),
        ("\ufeff\ufeff<a/>".encode("utf-16-le"), None),
        (BOM16LE + b"<", None),  # half a unit
        (BOM16LE + b"<\x00\x00\xd8", None),  # half a surrogate pair
        (BOM16LE + b"\x00\xdc\x00\xd8", None),  # the halves the wrong way round
    ],
)
def test_other_encodings_and_contradictions_are_refused(data, charset):
    assert rule_of(as_utf8, data, charset) is rules.HTTP_CHARSET


def test_a_refusal_does_not_repeat_endless_names():
    with pytest.raises(Refusal) as caught:
        as_utf8(b"<a/>", "x" * 10_000)
    assert max(map(len, caught.value.particulars.values())) <= 40


def test_only_the_declaration_is_dropped_from_utf16():
    """What merely looks like one is an instruction, and stays for the parser to refuse."""
    data = as_utf8('<?xml-stylesheet href="a"?><a/>'.encode("utf-16"))
    assert rule_of(parse_message, data, LIMITS) is rules.XML_NO_PI


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"<a/>", (None, 0)),
        (BOM8 + b"<a/>", (None, 3)),
        (b"<?xml-stylesheet encoding='x'?><a/>", (None, 0)),
        (b'<?xml version="1.0"?><a/>', (None, 21)),
        (BOM8 + b"<?xml version='1.0' encoding='UTF-8'?><a/>", ("utf-8", 41)),
    ],
)
def test_a_declaration_names_an_encoding_and_ends_somewhere(data, found):
    assert declaration(data) == found
