"""A leaf and its entry are one to one, for any texts and numbers at all."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from esb.audit import leaf as forms
from esb.audit.entry import Entry, Kind, clip, record_id
from esb.audit.leaf import LeafInvalid, leaf_bytes, read_leaf

_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
_number = st.none() | st.integers(-(2**53) + 1, 2**53 - 1)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    exchange, kind = draw(_text), draw(st.sampled_from(Kind))
    texts = {
        name: draw(_text)
        for name, written in Entry.__annotations__.items()
        if written is str and name not in ("record", "exchange")
    }
    return Entry(
        record=record_id(exchange, kind),
        exchange=exchange,
        kind=kind,
        at=draw(st.integers(-(2**53) + 1, 2**53 - 1)),
        grant=draw(_number),
        duration_us=draw(_number),
        provider_us=draw(_number),
        unnamed=draw(_number),
        **texts,
    )


@given(entries())
def test_what_is_written_is_read_back(entry: Entry) -> None:
    assert read_leaf(leaf_bytes(entry)) == entry


@given(entries(), entries())
def test_two_entries_share_no_leaf(one: Entry, other: Entry) -> None:
    assert (leaf_bytes(one) == leaf_bytes(other)) == (one == other)


@given(entries())
def test_a_leaf_is_rfc_8785(entry: Entry) -> None:
    # For strings and safe integers the standard library's encoder, so told, writes RFC 8785's form; DEL and the
    # separators U+2028 and U+2029 stay as they are in both.
    leaf = leaf_bytes(entry)
    again = json.dumps(json.loads(leaf), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert again == leaf


@given(entries(), st.data())
def test_a_changed_byte_is_another_entry_or_none(entry: Entry, data: st.DataObject) -> None:
    leaf = bytearray(leaf_bytes(entry))
    place = data.draw(st.integers(0, len(leaf) - 1))
    leaf[place] ^= data.draw(st.integers(1, 255))
    with suppress(LeafInvalid):
        assert read_leaf(bytes(leaf)) != entry


@given(entries(), st.data())
def test_the_short_way_reads_nothing_that_the_long_way_does_not(entry: Entry, data: st.DataObject) -> None:
    """What is cut out, put in, doubled or exchanged, in places where it matters more often than elsewhere."""
    leaf = leaf_bytes(entry)
    marks = [at for at, octet in enumerate(leaf) if octet in b'{},:"-0123456789']
    at, to = sorted((data.draw(st.sampled_from(marks)), data.draw(st.integers(0, len(leaf)))))
    pieces = st.sampled_from(
        [b"", b'"', b"\\", b",", b" ", b"0", b"-", b"\n", b"\x7f", b"\xff", b'"at":1,', leaf[at:to]]
    )
    leaf = leaf[:at] + data.draw(pieces) + leaf[data.draw(st.sampled_from([at, at + 1, to])) :]
    short = forms._read_plain(leaf)
    try:
        long = forms._read_any(leaf)
    except LeafInvalid:
        assert short is None
    else:
        assert short == (None if b"\\" in leaf else long)


@given(st.binary(max_size=60))
def test_junk_is_refused_and_never_breaks_the_reader(junk: bytes) -> None:
    try:
        read_leaf(junk)
    except LeafInvalid:
        return
    raise AssertionError("junk was read as a leaf")


@given(st.text(max_size=300) | st.text(st.characters(categories=("Cs", "Cc", "Lu")), max_size=300))
def test_a_clipped_text_is_fit_for_every_store(text: str) -> None:
    kept = clip(text)
    assert len(kept) <= 256
    assert "\0" not in kept
    kept.encode()
