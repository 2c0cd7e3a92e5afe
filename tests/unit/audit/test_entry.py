"""What can go wrong in an entry: a name that does not follow, a stranger's text that no store would take."""

import pytest

from esb.audit.entry import Kind, clip, record_id


@pytest.mark.parametrize(("kind", "suffix"), [(Kind.REQUEST, "-q"), (Kind.ANSWER, "-a"), (Kind.REFUSAL, "-r")])
def test_a_record_is_named_after_its_exchange_and_kind(kind: Kind, suffix: str) -> None:
    assert record_id("0192f3a0", kind) == "0192f3a0" + suffix


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("/services/DIN/IAMAS", "/services/DIN/IAMAS"),
        ("şəxs\n", "şəxs\n"),
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("\U0001f600", "\U0001f600"),
        ("x" * 300, "x" * 256),
    ],
)
def test_a_strangers_text_is_made_fit(text: str, kept: str) -> None:
    assert clip(text) == kept
