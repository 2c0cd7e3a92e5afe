"""InternalError: an error of the bus is told as one, signed and recorded, without a word of what it was."""

from collections.abc import Callable

from support.place import Place
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion


class Broken:
    """An adapter with a mistake in it."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("secret-of-the-house 5ABC123")

    def __call__(self, *_: object) -> object:
        raise RuntimeError("secret-of-the-house 5ABC123")


def test_a_mistake_of_the_program(own_place: Callable[..., Place]) -> None:
    place = own_place()
    with place.serve():
        asker, node = Asker(place), place.node
        assert node is not None
        adapters = node.way.adapters
        for version in SoapVersion:
            node.way.adapters = {**adapters, "soap": Broken()}  # type: ignore[dict-item]
            exchange = asker.ask(version=version)
            expect_refusal(
                exchange,
                rules.BUS_ERROR,
                consumer="EESMN",
                after_record=True,
                secrets=("5ABC123", "secret-of-the-house", "RuntimeError", "Traceback"),
            )
            assert exchange.delivered == ()
            node.way.adapters = adapters
            expect_person(asker.ask(version=version))
