"""`esb sample`: a registry and providers of a state's size, to try things on."""

import sys

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import json_option, say, say_json


@click.group()
def sample() -> None:
    """The national sample: a registry and providers of a state's size.

    \b
    A living bus that an integrator can call:
      esb init && esb ca init
      esb sample load
      esb sample provider &
      esb serve
    """


@sample.command()
@click.option(
    "--provider",
    default="http://127.0.0.1:8090",
    show_default=True,
    metavar="URL",
    help="Where the agencies' systems are reached: see esb sample provider.",
)
@click.option("--into-existing", is_flag=True, help="Load it beside what the registry holds already.")
@json_option
@pass_place
def load(place: Place, provider: str, into_existing: bool, as_json: bool) -> None:
    """Load the 43 agencies, 237 systems, 277 services and their grants of February 2015.

    Agencies and services are those that the national portal's bulletin published; contracts and taxpayers' numbers are
    made up, and no person is in it.  It is the same each time.  Loaded again, it adds what is missing and changes
    nothing that is there.

    \b
    Example:
      esb sample load --provider http://127.0.0.1:8090
    """
    import time

    from esb.cli.desk import sit_down
    from esb.sample.load import load_sample, steps
    from esb.sample.mix import national_month

    desk = sit_down(place)
    if desk.settings.grants.two_officers:
        raise click.UsageError(
            "The sample gives its grants in one act, and grants.two_officers is on: load it elsewhere."
        )
    began = time.monotonic()
    with click.progressbar(
        length=steps(national_month()),
        label="loading",
        file=sys.stderr,
        item_show_func=lambda what: what,
        update_min_steps=20,
    ) as bar:
        added = load_sample(
            desk.engine,
            author=desk.author,
            now=desk.now,
            provider=provider,
            into_existing=into_existing,
            told=lambda what, count: bar.update(count, what),
        )
    counts = {name: getattr(added, name) for name in ("members", "systems", "services", "grants")}
    if as_json:
        say_json({**counts, "seconds": round(time.monotonic() - began, 1)})
        return
    if not any(counts.values()):
        say("The sample was loaded already: nothing was changed.")
        return
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    say(f"Loaded {told} in {time.monotonic() - began:.0f} s.")
    say("Next, in two terminals:  esb sample provider   and   esb serve")
    say("To ask as an agency, certify a key for it:  esb member enrol EESMN --csr FILE --out eesmn.pem")
    say("A question to send:  /services/DSMF/EXIDMET/CalculatePension/v1?sample=CalculatePension")


@sample.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0 takes any free one.")
def provider(host: str, port: int) -> None:
    """Answer for all agencies of the sample, on made-up people, until told to stop (SIGTERM, Ctrl-C).

    Every answer is valid under its service's contract.

    \b
    Example:
      esb sample provider --port 8090
    """
    from esb.sample.provider import provide

    provide(host, port, lambda base, count: say(f"{count} services answer below {base}; stop with Ctrl-C."))
