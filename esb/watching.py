"""A serving bus's eye on the registry, on trust and on what else is followed, and what it publishes itself."""

from collections.abc import Callable
from secrets import token_bytes
from typing import Any, Final

from esb.admin.answer_fetcher import AnswerFetcher
from esb.admin.believing import belief_stamp, believe
from esb.admin.list_fetcher import ListFetcher
from esb.admin.recording import Recorded
from esb.admin.trust import Trust
from esb.audit.record import StoreUnavailable
from esb.certs.keys import KeyUnusable
from esb.fittings import Follower
from esb.kernel.directory import Directory
from esb.kernel.faults import EsbError
from esb.logs import logger
from esb.waiting import Threads
from esb.wiring import Node

_TRUST_EVERY: Final = 5.0  # seconds between looks at the folders of anchors and revocation lists


class Watch:
    """Looks for changes in threads, and brings them into force on the reactor.

    Args:
        publishes: whether this one of several processes publishes the registry, where that is wanted.
    """

    def __init__(self, node: Node, reactor: Any, *, publishes: bool) -> None:
        self._publishes = publishes and node.publisher is not None
        self._unpublished = False
        self._node = node
        self._reactor = reactor
        self._log = logger("server")
        self._over = False
        self._fetching = Threads(reactor, 2)  # its own: an authority that is slow keeps nothing else waiting
        self._trust_looked_at = 0.0
        self._unrecorded: Directory | None = None  # waits for its changes' records before it comes into force

    def start(self) -> None:
        """Begin to look; the node's threads run already."""
        node = self._node
        self._reactor.callLater(node.settings.registry.poll_seconds, self._look)
        self._reactor.callLater(0, self._follow)
        if self._publishes:
            self._reactor.callLater(0, self._publish)
        certs = node.settings.certs
        self._fetching.start()
        if certs.crl_urls:
            lists = ListFetcher(certs.crl_urls, certs.crl, certs.anchors, logger("lists"), node.settings.bus.node)
            engine = node.engine if self._has_database else None
            self._fetch(lambda: lists.run(engine, node.clock.now()), certs.crl_minutes * 60)
        if certs.ocsp != "off":
            answers = AnswerFetcher(
                certs, logger("answers"), node.settings.bus.node, token_bytes, lambda: not self._over
            )
            self._fetch(lambda: answers.run(node.engine, node.clock.now()), answers.pause)

    def cease(self) -> None:
        """Look no more: the bus ends, and what is in force stays in force until then."""
        self._over = True

    def stop(self) -> None:
        """End the threads of what is fetched."""
        self._over = True
        self._fetching.stop()

    def _fetch(self, fetch: Callable[[], int], seconds: float) -> None:
        """Fetch what outside authorities say of revocation in a thread; again after some seconds."""
        if self._over:
            return
        fetching = self._fetching.run(fetch)
        fetching.addErrback(lambda failure: self._log.error("revocation was not fetched", exc_info=failure.value))
        fetching.addBoth(lambda _: self._reactor.callLater(seconds, self._fetch, fetch, seconds))

    def _look(self) -> None:
        """Look for changes of registry and trust in a thread; again after the polling time."""
        if self._over:
            return
        if news := self._node.lists.news():
            self._log.warning("revocation lists", news=news)
        looking = self._node.threads.run(self._poll)
        looking.addCallbacks(self._found, self._missed)
        looking.addBoth(lambda _: self._reactor.callLater(self._node.settings.registry.poll_seconds, self._look))

    def _follow(self) -> None:
        """Let each follower look in a thread for what concerns it; again after the polling time."""
        if self._over:
            return
        fittings = self._node.fittings
        following = fittings.aides.run(lambda: [step for step in map(self._followed, fittings.followers) if step])
        following.addCallback(lambda steps: [step() for step in steps])
        following.addErrback(lambda failure: self._log.error("a follower failed", exc_info=failure.value))
        following.addBoth(lambda _: self._reactor.callLater(self._node.settings.registry.poll_seconds, self._follow))

    def _followed(self, follower: Follower) -> Callable[[], None] | None:
        """One that fails is told of and does not keep the others."""
        try:
            return follower()
        except EsbError as error:
            self._log.warning("what is followed cannot be read now", problem=str(error))
            return None

    def _publish(self) -> None:
        """Publish the registry's changes in a thread; again after the polling time."""
        publisher = self._node.publisher
        if self._over or publisher is None:
            return
        settings = self._node.settings
        publishing = self._node.threads.run(lambda: publisher.tick(settings.snapshot.stamp_seconds))
        publishing.addCallbacks(self._was_published, self._not_published)
        publishing.addBoth(lambda _: self._reactor.callLater(settings.registry.poll_seconds / 2, self._publish))

    def _was_published(self, _: bool) -> None:
        if self._unpublished:
            self._log.info("the registry is published again")
        self._unpublished = False

    def _not_published(self, failure: Any) -> None:
        if not self._unpublished:
            self._log.error("the registry cannot be published; nodes go on by the last", exc_info=failure.value)
        self._unpublished = True

    def _poll(self) -> Directory | None:
        """Return what is to come into force; its changes are on record (EVD-04).

        Raises:
            StoreUnavailable: they cannot be recorded now.  The next look tries again.
            RegistryUnavailable: the registry cannot be read.
        """
        fresh = self._changed()
        node = self._node
        if fresh is not None:
            if self._has_database:
                node.hosted.refresh(node.engine)
            self._unrecorded = fresh
        if self._unrecorded is None:
            return None
        if problem := node.writer.problem:
            raise StoreUnavailable(problem)
        node.subjects.ready(self._unrecorded)
        self.put_on_record()
        fresh, self._unrecorded = self._unrecorded, None
        return fresh

    @property
    def _has_database(self) -> bool:
        """Whether the registry is this node's own, and not a publication that it follows."""
        return self._node.settings.registry.source == "database"

    def put_on_record(self) -> None:
        """Put the registry's changes on record; a node that follows a publication has none of its own."""
        if self._has_database:
            self._told_declined(self._node.recorder.catch_up())

    def _changed(self) -> Directory | None:
        node = self._node
        node.ring.retry()
        now = node.clock.monotonic()
        if now - self._trust_looked_at >= _TRUST_EVERY:
            self._trust_looked_at = now
            fresh = self._fresh_trust()
            if fresh is not None:
                node.trust.replace(fresh)
                return node.watcher.rebuild()
        return node.watcher.poll()

    def _told_declined(self, recorded: Recorded) -> None:
        for name in recorded.declined:
            self._log.error("the evidence log does not take the record of a change", record=name)
            self._node.undocumented += 1

    def _fresh_trust(self) -> Trust | None:
        certs = self._node.settings.certs
        engine = self._node.engine if self._has_database else None
        if belief_stamp(certs, engine) == self._node.trust.trust.stamp:
            return None
        try:
            return believe(certs, engine, self._node.clock.now())
        except EsbError as error:
            # What was believed before stays in force; a list that is not replaced in time refuses by itself (CRT-07).
            self._log.error("anchors or revocation lists cannot be read", problem=str(error))
            return None

    def _found(self, directory: Directory | None) -> None:
        if self._node.registry_problem:
            self._log.info("the registry can be read again")
            self._node.registry_problem = ""
        if self._node.changes_problem:
            self._log.info("changes of the registry can be recorded again")
            self._node.changes_problem = ""
        self._node.way.believed_until = getattr(self._node.watcher, "believed_until", None)
        if directory is not None:
            self._node.install(directory)
            self._log.info("registry changed", version=directory.version, services=len(directory.services))

    def _missed(self, failure: Any) -> None:
        if isinstance(failure.value, StoreUnavailable):
            if not self._node.changes_problem:
                self._log.error("changes of the registry cannot be recorded and wait", exc_info=failure.value)
            self._node.changes_problem = "wait for the evidence log"
            return
        # A service that names persons comes into force with a key for their pseudonyms, or not at all.
        problem = "waits for a key" if isinstance(failure.value, KeyUnusable) else "cannot be read"
        if not self._node.registry_problem:
            self._log.error(f"the registry {problem}; the last known one stays in force", exc_info=failure.value)
        self._node.registry_problem = problem
