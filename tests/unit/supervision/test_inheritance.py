"""What a supervisor hands on arrives whole, and is not handed further."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.supervision.inheritance import Inheritance, InheritanceBroken


def test_it_arrives_as_it_was_sent_and_stays_from_children() -> None:
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in listening:
            each.bind(("127.0.0.1", 0))
            each.listen()
            each.set_inheritable(True)
        ends = [stack.enter_context(one) for one in socket.socketpair()]
        sent = Inheritance(1, ends[0].fileno(), ends[1].fileno(), tuple(os.dup(each.fileno()) for each in listening))
        got = Inheritance.read(sent.text())
        assert got == sent
        assert got.workers == 2
        assert not any(os.get_inheritable(fd) for fd in (got.channel, got.quotas, *got.sockets))
        taken = got.listening()
        assert [each.getsockname() for each in taken] == [each.getsockname() for each in listening]
        for each in taken:
            each.close()


@given(st.text(max_size=30))
def test_anything_else_is_told_to_a_person(text: str) -> None:
    with pytest.raises(InheritanceBroken):
        Inheritance.read(text)


@pytest.mark.parametrize("text", ["0 of 1: 900 901 902", "5 of 1: 0 0 0", "0 of 2: 0 0 0", "0 of 1: 0 0 0 0", ""])
def test_what_does_not_agree_is_refused(text: str) -> None:
    # In a process of its own, whose standard streams it may touch.
    code = (
        "from esb.supervision.inheritance import *\n"
        f"try: Inheritance.read({text!r})\nexcept InheritanceBroken as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "supervisor" in done.stdout
