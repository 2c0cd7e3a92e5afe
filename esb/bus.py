"""The bus: carries one message along the way, and is the only place that turns an error into a refusal."""

from collections.abc import Callable
from functools import partial
from types import CoroutineType
from typing import cast

from esb.certs.keys import KeyUnusable
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Authorized, Received, Replied, Validated
from esb.stages.order import REQUEST, RESPONSE, SIGNING
from esb.stages.progress import Progress
from esb.stages.reply import refuse, reply
from esb.stages.sign import Signed
from esb.stages.way import Way

_UNSIGNED = 503  # HTTP, where nothing can be signed
_AGAIN = 5  # seconds
_MENDED_RETRY = 30  # seconds
_ORDER = tuple((stage.__name__, stage) for stage in (*REQUEST, *RESPONSE))


class Bus:
    """Carries messages.  One per process; holds no state of its own but what ``way`` holds.

    Args:
        way: the departments.
        failed: told of an unexpected exception (exchange id, exception), for the log; must not raise.
    """

    def __init__(self, way: Way, failed: Callable[[str, BaseException], None]) -> None:
        self.way = way
        self._failed = failed
        self.stopping = False

    async def carry(self, received: Received) -> Replied:
        """Carry one message from parse to reply.  Never raises: whatever goes wrong is a signed, recorded fault."""
        progress = Progress.of(received)
        way = self.way
        if self.stopping:
            return await self.refuse(
                Refusal(rules.BUS_STOPPING, "This bus is shutting down: ask again, another answers.", {}, 1), progress
            )
        if way.believed_until is not None and way.clock.now() > way.believed_until:
            return await self.refuse(
                Refusal(
                    rules.BUS_REGISTRY_OLD,
                    "This node has heard nothing of the registry for too long to decide by what it knows.",
                    {},
                    _MENDED_RETRY,
                ),
                progress,
            )
        if way.undated is not None and way.undated():
            return await self.refuse(
                Refusal(
                    rules.BUS_UNDATED,
                    "No time-stamp could be had for longer than this bus goes on without one.",
                    {},
                    _MENDED_RETRY,
                ),
                progress,
            )
        try:
            way.load.enter()
        except Refusal as refusal:
            return await self.refuse(refusal, progress)
        try:
            return await self._walk(progress)
        except Refusal as refusal:
            return await self.refuse(refusal, progress)
        except Exception as error:  # noqa: BLE001 - a fault of the program must still end as a signed fault
            self._failed(progress.exchange, error)
            return await self.refuse(Refusal(rules.BUS_ERROR, "The bus failed; the operator has been told."), progress)
        finally:
            way.load.leave()
            self._give_back(progress)

    def _give_back(self, progress: Progress) -> None:
        """Give back the place with the provider; and to the grant's quota what did not become an accepted request:
        whoever sends a captured message a thousand times over must not use up its signer's day."""
        authorized = progress.authorized
        if authorized is None:
            return
        self.way.load.leave_service(authorized.service.id.text)
        if type(progress.message) in (Authorized, Validated):
            # By the time it came in: what was counted in a second that is over since is not taken off the next one's.
            self.way.quotas.give_back(authorized.grant, progress.at)

    async def _walk(self, progress: Progress) -> Replied:
        message, way = progress.message, self.way
        for name, stage in _ORDER:
            progress.stage = name
            if way.aside is not None and stage in SIGNING:
                message = await way.aside(partial(stage, message, way))
            else:
                message = stage(message, way)
            if isinstance(message, CoroutineType):
                message = await message
            if type(message) is Replied:
                self._told(progress, message)
                return message
            progress.came_to(message)
        raise RuntimeError("the way ended without a reply")

    async def refuse(self, refusal: Refusal, progress: Progress) -> Replied:
        """Answer with a signed fault that is on record.  When even that cannot be recorded, the fault says so (BUS-01)
        and nothing else happens.  When it cannot even be signed, because the device with the key is away, HTTP 503
        without a word is what is left: nothing unsigned is ever said."""
        try:
            return await self._refuse(refusal, progress)
        except KeyUnusable as error:
            self._failed(progress.exchange, error)
            self._log(progress, refusal, _UNSIGNED)
            return Replied(_UNSIGNED, progress.version, b"", _AGAIN)

    async def _signed(self, refusal: Refusal, progress: Progress) -> Signed:
        aside = self.way.aside
        work = partial(refuse, refusal, progress, self.way)
        return work() if aside is None else cast(Signed, await aside(work))

    async def _refuse(self, refusal: Refusal, progress: Progress) -> Replied:
        signed = await self._signed(refusal, progress)
        try:
            replied = await reply(signed, self.way)
        except Exception as error:  # noqa: BLE001 - the last border: nothing behind it would answer the consumer
            if not isinstance(error, Refusal):
                self._failed(progress.exchange, error)
            unrecorded = Refusal(
                rules.BUS_EVIDENCE, "A refusal could not be recorded, so it is not told: try again shortly.", {}, 5
            )
            self._log(progress, unrecorded, 0)
            progress.stage = "reply"
            signed = await self._signed(unrecorded, progress)
            replied = Replied(signed.status, signed.version, signed.envelope, signed.retry_after)
        self._log(progress, refusal, replied.status)
        return replied

    def _told(self, progress: Progress, replied: Replied) -> None:
        if self.way.trace is None:
            return
        authorized = progress.authorized
        self.way.trace(
            "exchange",
            exchange=progress.exchange,
            consumer=authorized.client if authorized else "",
            service=authorized.service.id.text if authorized else progress.path,
            operation=authorized.operation.name if authorized else "",
            status=replied.status,
            ms=round((self.way.clock.now() - progress.at) * 1000, 1),
        )

    def _log(self, progress: Progress, refusal: Refusal, status: int) -> None:
        authenticated = progress.authenticated
        self.way.log(
            "refused",
            exchange=progress.exchange,
            consumer=authenticated.consumer if authenticated else "",
            path=progress.path,
            code=refusal.code.value,
            rule=refusal.rule.id,
            stage=progress.stage,
            status=status,
            ms=round((self.way.clock.now() - progress.at) * 1000, 1),
        )
