"""`esb serve`: the bus itself."""

import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.kernel.faults import EsbError

if TYPE_CHECKING:
    from esb.conf.settings import Settings


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    metavar="N",
    help="Serve with N processes under a supervisor; 0 with a single one.  [default: workers.count]",
)
@click.option("--worker", hidden=True, help="What a supervisor gives to each of its workers.")
@pass_place
@click.pass_context
def serve(ctx: click.Context, place: Place, workers: int | None, worker: str | None) -> None:
    """Serve the bus of this home until it is told to stop (SIGTERM, Ctrl-C).

    It answers at the address of [door]: resources under /services/, /healthz and /readyz for supervisors.  On a stop it
    takes no more connections, answers what was begun (for at most door.drain_seconds) and makes all evidence durable.

    With workers a supervisor holds the port, replaces a worker that dies, and on SIGHUP renews them one by one, with
    the configuration, keys and code of that time, while no connection is refused.
    """
    if worker is not None:
        _work(ctx, place, worker)
        return
    settings = _prepare(place)
    _warn(settings)
    count = settings.workers.count if workers is None else workers
    if count:
        _supervise(place, settings, count, ctx.find_root().params["debug"])
        return
    from esb.supervision.notify import Notifier

    _ready_database(place, settings)

    from esb.server import serve as serve_until_told

    serve_until_told(settings, lambda _port: Notifier(os.environ).ready("one process serves"))


def _prepare(place: Place, **facts: object) -> "Settings":
    from esb.logs import configure

    settings = place.load().settings
    configure(settings.log.format, settings.log.level, facts=facts)
    return settings


def _ready_database(place: Place, settings: "Settings") -> None:
    """Make the registry's database, or bring it up to date; a node that follows a publication has none."""
    if settings.registry.source == "database":
        from esb.cli.desk import sit_down

        sit_down(place, recording=False).engine.dispose()


def _warn(settings: "Settings") -> None:
    from esb.conf.check import one_officer
    from esb.logs import logger

    for warning in one_officer(settings):
        logger("bus").warning("setting to think about", warning=warning)


def _supervise(place: Place, settings: "Settings", count: int, debug: bool) -> None:
    if sys.platform != "linux":
        raise click.UsageError("Workers need Linux: elsewhere serve with a single process (--workers 0).")
    from esb.supervision.sockets import listening_sockets
    from esb.supervision.supervisor import Supervisor

    command = [
        *(["--debug"] if debug else []),
        *("--home", str(place.home.absolute())),
        *(["--config", str(place.config.absolute())] if place.config else []),
        *("serve", "--worker"),
    ]
    sockets = listening_sockets(settings.door.host, settings.door.port, count)
    Supervisor(command, sockets, os.environ, settings.door.drain_seconds).run()


def _work(ctx: click.Context, place: Place, worker: str) -> None:
    import socket

    from esb.supervision.channel import Channel
    from esb.supervision.inheritance import Inheritance
    from esb.supervision.lifeline import end_with_parent

    # What a terminal sends to all of its programs is for the supervisor to act on.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    given = Inheritance.read(worker)
    end_with_parent()
    channel = Channel(socket.socket(fileno=given.channel))
    try:
        settings = _prepare(place, worker=given.slot)

        _ready_database(place, settings)

        from esb.worker import work

        work(settings, given, channel)
    except EsbError as error:
        # The supervisor tells it, once for all who fail alike.
        channel.say("failed", error)
        ctx.exit(1)
