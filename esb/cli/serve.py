"""`esb serve`: the bus itself."""

import click

from esb.cli.place import Place, pass_place


@click.command()
@pass_place
def serve(place: Place) -> None:
    """Serve the bus of this home until it is told to stop (SIGTERM, Ctrl-C).

    It answers at the address of [door]: resources under /services/, /healthz and /readyz for supervisors.  On a stop it
    takes no more connections, answers what was begun (for at most door.drain_seconds) and makes all evidence durable.
    """
    from esb.cli.desk import sit_down
    from esb.logs import configure

    settings = place.load().settings
    configure(settings.log.format, settings.log.level)
    sit_down(place).engine.dispose()  # makes the registry's database, or brings it up to date

    from esb.server import serve as serve_until_told

    serve_until_told(settings)
