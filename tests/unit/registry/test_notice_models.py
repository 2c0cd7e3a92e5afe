"""The words of notices and what the tables demand of them."""

import pytest
from sqlalchemy.exc import IntegrityError

from esb.registry.acts import Act
from esb.registry.notice_models import ChannelKind, ChannelRow, DeliveryRow, DeliveryState, Topic


def test_topics_are_words_that_fit_their_column() -> None:
    assert all(len(topic.value) <= 24 and topic.value == topic.value.lower() for topic in Topic)


def test_a_channel_has_a_code_until_it_is_verified(act: Act) -> None:
    act.session.add(
        ChannelRow(recipient="DIN", kind=ChannelKind.MAIL, address="a@example.org", added_at=1.0, verified_at=None)
    )
    with pytest.raises(IntegrityError, match="ck_channels_code"):
        act.session.flush()
    act.session.rollback()


def test_a_delivery_is_of_a_channel(act: Act) -> None:
    act.session.add(DeliveryRow(channel=7, state=DeliveryState.WAITING, attempts=0, made_at=1.0, next_at=1.0))
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        act.session.flush()
    act.session.rollback()
