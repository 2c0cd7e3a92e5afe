"""The loopback adapter: answers from a function in memory.  For tests and rehearsals; held to the same contract suite
as the adapters that use a network."""

from collections.abc import Callable

from esb.kernel.message import Outgoing, ProviderAnswer


class LoopbackAdapter:
    """Gives each envelope to ``answer`` and keeps a journal of what was delivered.

    Args:
        answer: makes the provider's envelope, or raises Refusal as a network would.
    """

    def __init__(self, answer: Callable[[Outgoing], ProviderAnswer]) -> None:
        self._answer = answer
        self.journal: list[Outgoing] = []

    async def ask(self, outgoing: Outgoing) -> ProviderAnswer:
        """Deliver once."""
        self.journal.append(outgoing)
        return self._answer(outgoing)
