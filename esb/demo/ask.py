"""Ask a running demo by hand: ``python -m esb.demo.ask --home HOME --as EESMN SERVICE OPERATION fin=…``.

Arguments are ``name=value``; ``officer`` and ``purpose`` go into exch:Exchange, all others to the operation.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from esb.conf.load import load
from esb.demo.consumers import Consumer
from esb.demo.offers import ground_for
from esb.demo.signing import read_identity
from esb.kernel.faults import EsbError

_OF_EXCHANGE = ("officer", "purpose")


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, and print the answer; returns 0 for an answer, 1 for a fault, 2 when the question could not be asked."""
    parser = argparse.ArgumentParser(prog="python -m esb.demo.ask", description="Ask a running demo by hand.")
    parser.add_argument("--home", type=Path, required=True, help="the demo's home")
    parser.add_argument("--as", dest="code", default="EESMN", help="the member that asks (default: EESMN)")
    parser.add_argument("--write", type=Path, help="write the signed question to this file instead of sending it")
    parser.add_argument("service", help="such as DIN/IAMAS/PersonQuery/v1")
    parser.add_argument("operation", help="such as FindPerson")
    parser.add_argument("values", nargs="*", metavar="name=value", help="such as fin=5ABC123 officer='Nərgiz Səfərova'")
    given = parser.parse_args(arguments)
    pairs = [value.partition("=") for value in given.values]
    if any(not separator for _, separator, _ in pairs):
        parser.error("each value is written name=value")
    values = {name: value for name, _, value in pairs}
    exchange = {name: values.pop(name) for name in _OF_EXCHANGE if name in values}
    ground = ground_for(given.code, given.service)
    if ground is not None:
        exchange.setdefault("purpose", ground.purpose)
    try:
        settings = load(given.home.absolute(), {}).settings
        identity = read_identity(given.home / "demo" / "keys", given.code)
        consumer = Consumer(identity, settings.bus.address, settings.keys.certificate.read_bytes())
        if given.write is not None:
            given.write.write_bytes(consumer.write(given.service, given.operation, values, exchange))
            return 0
        answer = consumer.ask(given.service, given.operation, values, exchange)
    except (EsbError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if answer.doubt:
        print(f"The answer is not believed: {answer.doubt}")
        return 1
    if answer.fault:
        print(f"{answer.rule or 'fault'}: {answer.fault}")
    else:
        print(answer.value)
    if answer.receipt is not None:
        print(f"The bus's signature holds over Body, Timestamp and Receipt; exchange {answer.receipt.exchange}")
    return 1 if answer.fault else 0


if __name__ == "__main__":
    sys.exit(main())
