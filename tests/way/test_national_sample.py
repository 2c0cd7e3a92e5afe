"""The national sample as an integrator meets it: every service of the state is asked with its own published sample,
through the bus, and answers by its contract."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from support.client import Consumer, post
from support.place import Place, cached_key, make_place
from support.provider import Provider

from esb.sample.load import load_sample
from esb.sample.mix import national_month


@pytest.fixture
def base() -> Iterator[str]:
    """Where the sample's provider answers, as `esb sample provider` runs it."""
    command = [sys.executable, "-u", "-m", "esb.cli", "sample", "provider", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("277 services answer below http://"), said
        yield said.split("below ")[1].split(";")[0]
        process.terminate()


@pytest.mark.long
def test_every_service_of_the_state_is_asked_and_answers(base: str, tmp_path: Path) -> None:
    provider = Provider()
    place: Place = make_place(tmp_path / "home", provider)
    load_sample(place.engine, author="operator", now=time.time(), provider=base, into_existing=True)
    key = cached_key("p256")
    portal = Consumer("EHP", key, place.enrol("EHP", key))
    wrong = {}
    with place.serve():
        for service in national_month().services:
            url = f"http://127.0.0.1:{place.port}{service.id.path}?sample={service.kind.operation}"
            with urllib.request.urlopen(url, timeout=20) as answer:
                sample = etree.fromstring(answer.read())
            body = sample.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
            reply = post(place.port, service.id.path, portal.sign(etree.tostring(body[0])))
            if reply.status != 200 or reply.payload.tag.rpartition("}")[2] != service.kind.answered:
                wrong[service.id.text] = reply.code or reply.body[:200]
    provider.close()
    place.engine.dispose()
    assert wrong == {}
