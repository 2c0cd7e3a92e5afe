"""The channel between a supervisor and a worker: whole texts, and an end that is noticed."""

from esb.supervision.channel import READY, Channel, make_channel


def test_each_text_arrives_whole_and_in_order() -> None:
    one, other = (Channel(end) for end in make_channel())
    assert other.hear() == []
    one.say(READY)
    one.say("serve", 3)
    one.say("failed", "keys/bus.pem: no such file\nand a second line")
    assert other.hear() == [("ready", ""), ("serve", "3"), ("failed", "keys/bus.pem: no such file\nand a second line")]
    assert other.hear() == []
    one.close()
    other.close()


def test_the_end_of_the_other_is_told_after_its_last_words() -> None:
    one, other = (Channel(end) for end in make_channel())
    one.say("failed", "why")
    one.close()
    assert other.hear() == [("failed", "why")]
    assert other.hear() is None
    other.say("serve", 1)  # to nobody, and no error
    other.close()


def test_a_text_that_is_too_long_is_cut_and_a_full_channel_is_no_error() -> None:
    one, other = (Channel(end) for end in make_channel())
    one.say("failed", "ə" * 10_000)
    heard = other.hear()
    assert heard is not None
    assert len(heard[0][1]) <= 4096
    for _ in range(10_000):
        one.say("beat")
    assert other.hear()
    one.close()
    other.close()
