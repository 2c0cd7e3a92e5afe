"""HTTP that two readers could take for two things, against a served bus over a real socket.

Each form hides a good, signed request in what another reader might take for a body, a header or a trailer.  The
provider's journal is the witness: the hidden one is delivered never, and whoever hid it is cut off with a bare 4xx.
"""

import itertools
import re
import socket
from typing import Final

import pytest
from attacks.siege import besiege
from support.client import GET_PERSON, Consumer
from support.place import PERSONS, Place
from support.way import path_of, raw_http

from esb.kernel.soap import SoapVersion

PATH: Final = path_of(PERSONS).encode()
HEAD: Final = b"POST %b HTTP/1.1\r\nHost: bus\r\nContent-Type: text/xml\r\n" % PATH
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
END: Final = b"0\r\n\r\n"


def request(message: bytes) -> bytes:
    """A whole, good request."""
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(message) + message


def codings() -> list[bytes]:
    """Ways to write a transfer coding that some reader takes for chunked and another for none."""
    blanks = (
        b" ",
        b"\t",
        b"\x0b",
        b"\x0c",
        b"\x00",
        b"\x7f",
        b"\xa0",
        b"\x85",
        b"\xc2\xa0",
        b"\r",
        b"\r\n ",
        b"\r\n\t",
    )
    names = (b"Transfer-Encoding", b"transfer-encoding", b"TRANSFER-ENCODING")
    found = [b"Transfer-Encoding:" + blank + b"chunked\r\n" for blank in blanks[2:]]
    found += [b"Transfer-Encoding" + blank + b": chunked\r\n" for blank in blanks]
    found += [b"Transfer-Encoding: chunked" + blank + b"x\r\n" for blank in blanks]
    found += [blank + b"Transfer-Encoding: chunked\r\n" for blank in blanks[:-2]]
    found += [b"X: y" + blank + b"Transfer-Encoding: chunked\r\n" for blank in (b"\n", b"\r", b"\x00\r\n"[:1])]
    values = (
        b"Chunked, identity", b"identity, chunked", b"chunked, chunked", b"xchunked", b"chunkedx", b'"chunked"',
        b"'chunked'", b"chunked;q=0", b";chunked", b"chunked,", b",chunked", b",", b"", b"chunk", b"cow", b"gzip",
        b"gzip, chunked", b"chunked\\r\\n", b"%63hunked", b"=?utf-8?q?chunked?=", b"c\xccunked", b"chun ked", b"none",
        b"identity", b"compress", b"deflate, chunked", b"chunked\tchunked", b"{chunked}", b"chunked/1", b"(x)chunked",
    )  # fmt: skip
    found += [b"Transfer-Encoding: " + value + b"\r\n" for value in values]
    found += [
        name + b": chunked\r\n" + other + b": " + value + b"\r\n"
        for name, other in itertools.product(names, names)
        for value in (b"chunked", b"identity", b"x")
    ]
    near = (b"Transfer_Encoding", b"Transfer Encoding", b"TransferEncoding", b"Transfer-Encodin\xc4\x9f", b"T\xc5\x97")
    found += [name + b": chunked\r\nContent-Length: 5\r\nContent-Length: 6\r\n" for name in near]
    return found


def lengths(message: bytes) -> list[bytes]:
    """Ways to write a length that some reader takes for another."""
    size = len(message)
    own = [b"%d, %d" % (size, size), b"%d,0" % size, b"0, %d" % size, b"+%d" % size, b"-%d" % size, b"0x%x" % size]
    own += [
        b"%d.0" % size,
        b"%de0" % size,
        b"0%d" % size,
        b"%d;" % size,
        b"'%d'" % size,
        b'"%d"' % size,
        b"%d%%20" % size,
    ]
    own += [b"%d_0" % size, b"%d " % size + b"0", b"%d\t0" % size, b"\x0b%d" % size, b"%d\x00" % size, b"", b" "]
    own += [str(size).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")).encode(), b"%d" % (2**64 + size)]
    own += [b"%d" % (2**32 + size) + b"0" * 20, b"NaN", b"Infinity", b"1e9"]
    found = [b"Content-Length: " + value + b"\r\n" for value in own]
    pairs = itertools.permutations((b"0", b"%d" % size, b"%d" % (size + 1)), 2)
    for (one, other), (first, second) in itertools.product(
        pairs, itertools.product((b"Content-Length", b"content-length"), repeat=2)
    ):
        found.append(first + b": " + one + b"\r\n" + second + b": " + other + b"\r\n")
    found.append(b"Content-Length: %d\r\n" % size * 2)
    found += [b"Content-Length: %d\r\n" % size + CHUNKED, CHUNKED + b"Content-Length: %d\r\n" % size]
    found += [b"Content-Length : %d\r\n" % size, b"Content-Length\t: %d\r\n" % size, b" Content-Length: %d\r\n" % size]
    found += [b"Content-Length:\r\n %d\r\n" % size, b"Content-Length\x00: %d\r\n" % size]
    return found


def answers(place: Place, octets: bytes) -> list[int]:
    """The status codes that come back on one connection, until the bus closes it."""
    said = raw_http(place.port, octets)
    return [int(code) for code in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", said)]


def expect_cut_off(place: Place, octets: bytes, form: object) -> None:
    """One bare refusal, the connection closed, nothing delivered."""
    try:
        codes = answers(place, octets)
    except TimeoutError:
        raise AssertionError((form, "the connection is kept")) from None
    assert codes, (form, "no answer at all")
    assert codes[-1] in (400, 408, 411, 413, 417, 431, 501, 505), (form, codes)
    assert len(codes) == 1, (form, codes)
    assert place.provider.journal == [], form


def test_transfer_codings_that_hide_a_request(place: Place, eesmn: Consumer) -> None:
    """The same request stands behind as a chunk's content, as a body, and bare."""
    hidden = request(eesmn.sign())
    with besiege(place, least=0):
        for number, coding in enumerate(codings()):
            bodies = (END + hidden, b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden))
            expect_cut_off(place, HEAD + coding + b"\r\n" + bodies[number % 2], coding)
            both = HEAD + coding + b"Content-Length: 5\r\n\r\n" + END + hidden
            expect_cut_off(place, both, (coding, "with a length"))


def test_lengths_that_hide_a_request(place: Place, eesmn: Consumer) -> None:
    with besiege(place, least=0):
        hidden = request(eesmn.sign())
        for line in lengths(hidden):
            expect_cut_off(place, HEAD + line + b"\r\n" + hidden, line)


CHUNKS: Final = (
    b";", b";a", b";a=b", b';a="b"', b";\nHIDDEN", b" ", b"\t", b"\x0b", b"\x00", b" ;x", b"\r", b"\n", b"\r\r\n", b",",
    b"\xa0", b"h", b"_0", b".0", b"%20", b";" + b"x" * 40_000, b";a=\r\nHIDDEN", b'; a="\r\n"', b"\r\nX", b"0" * 4_000,
)  # fmt: skip
SIZES: Final = (
    b"0x0", b"-0", b"+0", b" 0", b"", b"g", b"0;0", b"00;x", b"1" * 17, b"ffffffffffffffff", b"10000000000000000",
    b"-1", b"\xd9\xa0", b"0 0", b"0.", b"0,", b"0h", b"\\0", b"\x000", b"O",
)  # fmt: skip
TRAILERS: Final = (
    b"Content-Length: 9999\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: other\r\n", b"X: y\r\n", b" X: y\r\n",
    b"X : y\r\n", b"X\r\n", b": y\r\n", b"X: a\nY: b\r\n", b"X: a\rY: b\r\n", b"X: \x00\r\n", b"\n", b"\r", b"HIDDEN",
    b"Authorization: x\r\n", b"X: " + b"y" * 70_000 + b"\r\n", b"X: y\r\n" * 5_000,
)  # fmt: skip


def test_chunks_that_hide_a_request(place: Place, eesmn: Consumer) -> None:
    hidden = request(eesmn.sign())
    with besiege(place, least=0):
        for suffix in CHUNKS:
            filled = suffix.replace(b"HIDDEN", hidden)
            stream = HEAD + CHUNKED + b"\r\n5" + filled + b"\r\nhello\r\n" + END + hidden
            expect_cut_off(place, stream, suffix[:20])
            expect_cut_off(place, HEAD + CHUNKED + b"\r\n0" + filled + b"\r\n\r\n" + hidden, (suffix[:20], "last"))
        for size in SIZES:
            expect_cut_off(place, HEAD + CHUNKED + b"\r\n" + size + b"\r\n\r\n" + hidden, size)
        for end in (b"", b"\n", b"\r", b"X", b"\r\r\n", b" \r\n", b"\x00\r\n"):
            stream = HEAD + CHUNKED + b"\r\n5\r\nhello" + end + END + hidden
            expect_cut_off(place, stream, ("after the content", end))


def test_trailers_that_hide_a_request(place: Place, eesmn: Consumer) -> None:
    """A trailer is no header: it is thrown away where it is lawful, and neither frames nor names anything."""
    hidden = request(eesmn.sign())
    body = b"<x/>"
    with besiege(place, least=0):
        for trailer in TRAILERS:
            filled = trailer.replace(b"HIDDEN", hidden)
            stream = HEAD + CHUNKED + b"Connection: close\r\n\r\n4\r\n%b\r\n0\r\n%b\r\n" % (body, filled)
            codes = answers(place, stream + hidden)
            assert len(codes) == 1, (trailer[:20], codes)
            assert codes[0] in (400, 431, 500), (trailer[:20], codes)
            assert place.provider.journal == [], trailer[:20]
        place.provider.journal.clear()


def test_line_ends_that_hide_a_request(place: Place, eesmn: Consumer) -> None:
    hidden = request(eesmn.sign())
    length = b"Content-Length: %d" % len(hidden)
    ends = (
        b"\n",
        b"\r",
        b"\r\r\n",
        b"\n\r",
        b"\x0b\r\n",
        b"\x0c\r\n",
        b"\x00\r\n",
        b"\r\n \r\n",
    )
    with besiege(place, least=0):
        for end, where in itertools.product(ends, range(4)):
            lines = [b"POST %b HTTP/1.1" % PATH, b"Host: bus", b"Content-Type: text/xml", length]
            stream = b"".join(line + (end if number == where else b"\r\n") for number, line in enumerate(lines))
            expect_cut_off(place, stream + b"\r\n" + hidden, (end, where))


TARGETS: Final = (
    b"*", b"", b"services", b"http:/x", b"http:///x", b"https://u@bus/x", b"ftp://bus/x", b"file:///etc/passwd",
    b"http://bus#x", b"/a#b", b"/a b", b"/a\tb", b"/\x00", b"/\x7f", b"/\xc5\x9f", b"javascript:x",
    b"bus:80", b"http://bus\\x", b"?wsdl", b"#", b"\\", b"/a\r\nX:",
)  # fmt: skip
METHODS: Final = (
    b"post", b"Post", b"P\xc3\x96ST", b"PO ST", b"POST\x00", b"POST:", b"", b"\x16\x03\x01", b"SMUGGLE", b"PRI",
    b"CONNECT", b"A" * 100, b"GET\tX", b"<POST>", b"POST,GET",
)  # fmt: skip
VERSIONS: Final = (
    b"", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2", b"HTTP/2.0", b"HTTP/1", b"HTTP/1.", b"HTTP/.1", b"HTTP/11",
    b"HTTP/1.1.1", b"http/1.1", b"HTTP/1.1 ", b" HTTP/1.1", b"HTTP /1.1", b"HTTP/ 1.1", b"HTTP/1,1", b"HTTP/+1.1",
    b"HTTP/1.1x", b"SIP/2.0", b"ICAP/1.0", b"HTTP/\xd9\xa1.1", b"HTTP/1.1\x0b",
)  # fmt: skip
HOSTS: Final = (
    b"", b"Host:\r\n", b"Host: a b\r\n", b"Host: a\r\nHost: a\r\n", b"Host: a\r\nhost: b\r\n", b"Host: a, b\r\n",
    b"Host: a/b\r\n", b"Host: u@a\r\n", b"Host: a:80:80\r\n", b"Host: a:x\r\n", b"Host: a\x00\r\n", b"Host: a?b\r\n",
    b"Host : a\r\n", b"Host: \xc5\x9f\r\n", b"Host: [::1\r\n", b"Host: a#b\r\n", b"Host: a\\b\r\n", b" Host: a\r\n",
    b"Host:\r\n a\r\n", b"Host: <a>\r\n", b"Host: a;b\r\n", b"X-Host: a\r\n", b"Host: a:999999\r\n", b"Host: ${a}\r\n",
)  # fmt: skip


def test_request_lines_and_hosts(place: Place, eesmn: Consumer) -> None:
    message = eesmn.sign()
    rest = b"Content-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(message) + message
    host = b"Host: bus\r\n"
    with besiege(place, least=0):
        for target in TARGETS:
            expect_cut_off(place, b"POST %b HTTP/1.1\r\n" % target + host + rest, target)
        for method in METHODS:
            expect_cut_off(place, b"%b %b HTTP/1.1\r\n" % (method, PATH) + host + rest, method)
        for version in VERSIONS:
            expect_cut_off(place, b"POST %b %b\r\n" % (PATH, version) + host + rest, version)
        for line in HOSTS:
            expect_cut_off(place, b"POST %b HTTP/1.1\r\n" % PATH + line + rest, line)


def test_headers_over_the_limits(place: Place, eesmn: Consumer) -> None:
    message = eesmn.sign()
    length = b"Content-Length: %d\r\n" % len(message)
    forms = (
        b"X: " + b"y" * 40_000 + b"\r\n",
        b"X" * 40_000 + b": y\r\n",
        b"X: y\r\n" * 101,
        b"".join(b"X%d: y\r\n" % number for number in range(2_000)),
        b"X:\r\n" * 8_000,
        b"Cookie: " + b"a=b; " * 8_000 + b"\r\n",
    )
    with besiege(place, least=0):
        for number, lines in enumerate(forms):
            expect_cut_off(place, HEAD + lines + length + b"\r\n" + message, number)
        expect_cut_off(place, b"POST /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: b\r\n\r\n", "a long target")
        expect_cut_off(place, b"POST " + b"/x?" + b"&" * 40_000, "a target without an end")


SPELLINGS: Final = (
    "/services/DIN/IAMAS/PersonQuery/v1%s", "/services/DIN/IAMAS/%%50ersonQuery/v1",
    "/services/DIN%%2FIAMAS/PersonQuery/v1", "/services/./DIN/IAMAS/PersonQuery/v1",
    "/x/../services/DIN/IAMAS/PersonQuery/v1", "/services/DIN/IAMAS/PersonQuery/v1/.",
    "/services/DIN/IAMAS/x/..%%2fPersonQuery/v1", "/services/DIN/IAMAS/x/%%2e%%2e/PersonQuery/v1",
    "//services/DIN/IAMAS/PersonQuery/v1", "/services/DIN/IAMAS/PersonQuery/v1//",
    "/services/DIN/IAMAS/PersonQuery/V1", "/SERVICES/DIN/IAMAS/PersonQuery/v1",
    "/services/DIN/IAMAS/PersonQuery/v1;jsessionid=1", "/services/DIN/IAMAS/PersonQuery/v1%%20",
    "/services/DIN/IAMAS/PersonQuery/v1%%00", "/services/DIN/IAMAS/PersonQuery/v1%%0d%%0aX:%%20y",
    "/services/DIN/IAMAS/PersonQuery/v%%C2%%B9", "/services/DIN/IAMAS/PersonQuery/v01",
    "/services/DIN/IAMAS/PersonQuery/v1%%252e", "/services/DIN/IAMAS/PersonQuery/v1%%u002e",
    "/services/DIN/IAMAS/PersonQuery/%%E2%%80%%AEv1", "//bus\\@evil/x", "/services\\DIN\\IAMAS\\PersonQuery\\v1",
    "/services/*/IAMAS/PersonQuery/v1", "/services/DIN/IAMAS/PersonQuery/v1'--",
    "/services/DIN/IAMAS/PersonQuery/v1%%c0%%af", "/services/DIN/IAMAS/PersonQuery/v1.wsdl",
    "/services/DIN/IAMAS/PersonQuery", "/services/DIN/IAMAS/PersonQuery/v1/extra", "/services/DIN/IAMAS//v1",
    "/services////", "/services/", "/services", "/", "/metrics/../services/DIN",
)  # fmt: skip


def test_paths_that_are_only_like_a_resources(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """A resource has one spelling: nothing is decoded, folded or normalized into it."""
    from esb.kernel import rules

    with besiege(place, least=30) as siege:
        for spelling in SPELLINGS:
            path = spelling % () if "%s" not in spelling else spelling.replace("%s", "%2e")
            siege.refused(path, eesmn.sign(version=version), version, rules.RTE_RESOURCE, path=path)


ENCODED: Final = tuple(
    prefix + step * depth + name
    for prefix in ("", "person.xsd/", "./", "/")
    for step in ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..%c0%af", "%252e%252e%252f", "....//", "..;/")
    for depth in (1, 6)
    for name in ("etc/passwd", "esb.toml")
)  # fmt: skip


def test_files_that_are_not_the_contracts(place: Place) -> None:
    others = (
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "CON",
        "person.xsd%00",
        "person.xsd::$DATA",
        "PERSON~1.XSD",
        "",
        ".",
    )
    with besiege(place, least=0) as siege:
        for name in (*ENCODED, *others, siege.canary.url):
            for parameter in ("xsd", "XSD", "sample", "wsdl"):
                said = raw_http(
                    place.port,
                    b"GET %b?%b=%b HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"
                    % (PATH, parameter.encode(), name.encode()),
                )
                status, _, body = said.partition(b"\r\n\r\n")
                code = int(status[9:12])
                assert code in (404, 400) or parameter == "wsdl", (name, parameter, code)
                for foreign in (b"root:", b"[door]", b"SQLite", str(place.home.path).encode()):
                    assert foreign not in body, (name, parameter)


def test_many_sent_ahead_with_one_hidden(place: Place, eesmn: Consumer) -> None:
    """What comes behind a broken request is believed by nobody, however much good came before it."""
    good = [request(eesmn.sign()) for _ in range(3)]
    hidden = request(eesmn.sign(GET_PERSON))
    codes = answers(place, b"".join(good) + HEAD + b"Content-Length: x\r\n\r\n" + hidden)
    assert codes == [200, 200, 200, 400]
    assert len(place.provider.journal) == 3


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/0.9\r\n\r\n", b"GET /\r\n", b"\x00", b"\x16\x03\x01\x00\xa5\x01", b"SSH-2.0-x\r\n"]
)
def test_other_protocols(place: Place, first: bytes) -> None:
    with besiege(place, least=0):
        with socket.create_connection(("127.0.0.1", place.port), timeout=20) as connection:
            connection.sendall(first)
            connection.shutdown(socket.SHUT_WR)
            said = b""
            while octets := connection.recv(65_536):
                said += octets
            assert said == b"" or said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 505", b"HTTP/1.1 501")), said[:50]
