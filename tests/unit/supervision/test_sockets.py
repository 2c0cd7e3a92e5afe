"""Listening sockets that share one address, and nobody else's."""

import socket

import pytest

from esb.supervision.sockets import CannotListen, listening_sockets


def test_they_share_one_port_and_each_gets_connections() -> None:
    opened = listening_sockets("127.0.0.1", 0, 3)
    port = opened[0].getsockname()[1]
    assert {each.getsockname() for each in opened} == {("127.0.0.1", port)}
    clients, got = [], [0, 0, 0]
    for _ in range(60):
        clients.append(socket.create_connection(("127.0.0.1", port), 5))
    for number, each in enumerate(opened):
        while True:
            try:
                each.accept()[0].close()
            except BlockingIOError:
                break
            got[number] += 1
    for one in (*clients, *opened):
        one.close()
    assert sum(got) == 60
    assert min(got) > 0


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_name_and_an_ipv6_address_where_there_are_such() -> None:
    for host in ("localhost", "::1") if _has_ipv6() else ("localhost",):
        opened = listening_sockets(host, 0, 2)
        assert opened[0].getsockname() == opened[1].getsockname()
        for each in opened:
            each.close()


def test_a_port_that_somebody_serves_is_waited_for_and_then_told() -> None:
    slept: list[float] = []
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port} cannot be listened on .*set door.port"):
            listening_sockets("127.0.0.1", port, 2, slept.append)
    assert 2 < sum(slept) < 10


def test_a_port_that_is_let_go_meanwhile_is_taken() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    opened = listening_sockets("127.0.0.1", port, 1, lambda _: taken.close())
    assert opened[0].getsockname()[1] == port
    opened[0].close()


def test_an_address_of_another_machine_is_told_at_once() -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1"):
        listening_sockets("192.0.2.1", 0, 1, lambda _: pytest.fail("nothing to wait for"))
    with pytest.raises(CannotListen, match=r"host\.invalid"):
        listening_sockets("host.invalid", 0, 1, lambda _: pytest.fail("nothing to wait for"))
