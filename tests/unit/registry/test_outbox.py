"""The outbox; what databases have to do with it is in tests/contract/test_notices.py."""

from sqlalchemy import Engine

from esb.registry.acts import acting
from esb.registry.channels import add_channel, verify_channel
from esb.registry.notice_models import ChannelKind
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.outbox import claim, delivered, postponed


def test_the_longest_due_goes_first(engine: Engine) -> None:
    with acting(engine, "officer", 1_000.0) as act:
        channel = add_channel(act, OPERATOR, ChannelKind.WEBHOOK, "https://bus.example/hook", "code")
        verify_channel(act, channel, "code")
    [code] = claim(engine, "a", 1_000.0, 60)
    assert delivered(engine, code, "a", 1_000.0)
    for at in (1_003.0, 1_001.0, 1_002.0):
        with acting(engine, "officer", at) as act:
            tell(act, Topic.OPERATOR_MESSAGE, f"message:{at:.0f}", OPERATOR, {})
    first = claim(engine, "a", 1_010.0, 60, limit=2)
    assert [parcel.about for parcel in first] == ["message:1001", "message:1002"]
    assert postponed(engine, first[0], "a", 2_000.0, "x" * 1_000)
    assert [parcel.about for parcel in claim(engine, "a", 1_010.0, 60)] == ["message:1003"]
