"""Exchange ids are UUIDs of version 7 (RFC 9562 section 5.7)."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.kernel.ids import Ids, uuid7

RANDOM = st.binary(min_size=10, max_size=10)
TIME = st.floats(0, 2**47 / 1000, allow_nan=False)


def test_the_example_of_rfc_9562():
    # Appendix A.6: 2022-02-22T19:22:22.000Z, rand_a CC3, rand_b 18C4DC0C0C07398F.
    random = (0xCC3 << 68 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert uuid7(1645557742.0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(TIME, RANDOM)
def test_every_id_is_a_version_7_uuid_of_its_millisecond(at, random):
    made = uuid.UUID(uuid7(at, random))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == int(at * 1000)


@given(st.integers(0, 2**40), RANDOM, RANDOM)
def test_ids_sort_by_time(at, first, second):
    assert uuid7(at, first) < uuid7(at + 0.002, second)


@pytest.mark.parametrize("bit", [0, 1, 61, 68, 79])
def test_each_random_bit_that_fits_makes_another_id(bit):
    assert uuid7(1e9, bytes(10)) != uuid7(1e9, (1 << bit).to_bytes(10, "big"))


def test_ids_from_the_pool_are_never_the_same_and_use_each_octet_once():
    asked = []

    def random(count):
        asked.append(count)
        return bytes(len(asked) for _ in range(count)) if len(asked) > 1 else bytes(range(256)) * (count // 256)

    ids = Ids(random)
    made = [ids.new(1_700_000_000.0) for _ in range(409)]
    assert len(asked) == 1
    assert made[0] == uuid7(1_700_000_000.0, bytes(range(10)))
    assert made[1] == uuid7(1_700_000_000.0, bytes(range(10, 20)))
    ids.new(1_700_000_000.0)
    assert len(asked) == 2
