"""Staying up after the story: how to look around and go on by hand, until Ctrl-C."""

import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from esb.demo import offers
from esb.demo.people import make_population
from esb.demo.scenes import OFFICER, choose_hero
from esb.demo.stage import Stage


def stay(stage: Stage, say: Callable[[str], None]) -> None:
    """Say how to go on, and wait for Ctrl-C (or SIGTERM)."""
    for line in directions(stage):
        say(line)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
    say("\nEnding in order.")


def directions(stage: Stage) -> Iterator[str]:
    """What can be done while the demo is up, as lines to be copied."""
    place = stage.place
    home = shlex.quote(str(place.home.path))
    python = shlex.quote(sys.executable)
    fin = choose_hero(make_population()).person.fin
    ask = (
        f"{python} -m esb.demo.ask --home {home} --as EESMN {offers.PERSONS} FindPerson fin={fin} "
        f"officer={shlex.quote(OFFICER)}"
    )
    yield "\nThe bus stays up; Labour's system was stopped in the story. Ctrl-C ends everything.\n"
    yield "Contracts:"
    for service in (*(offer.service for offer in offers.OFFERS), *offers.HOSTED):
        yield f"  {place.address}/services/{service}?wsdl"
    yield "\nLook into a contract with zeep:"
    yield f"  {python} -m zeep {place.address}/services/{offers.PERSONS}?wsdl"
    yield "\nAsk with a signature, through zeep:"
    yield f"  {ask}"
    yield "\nThe same with curl (a signed question is good once, for five minutes, so it is made fresh):"
    yield f"  {ask} --write question.xml && \\"
    yield "    curl -sS -H 'Content-Type: text/xml; charset=utf-8' --data-binary @question.xml \\"
    yield f"      {place.address}/services/{offers.PERSONS}"
    yield "\nLook at the evidence log:"
    yield f"  esb --home {home} log search"
    yield f"  esb --home {home} grant list"
    yield f"\nThe home is {place.home.path}; logs and databases of the demo's processes lie in its folder demo."
