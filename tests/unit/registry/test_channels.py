"""Which addresses a channel may have; what databases have to do with it is in tests/contract/test_notices.py."""

import pytest

from esb.registry.acts import Act
from esb.registry.channels import add_channel, lawful_mail, lawful_webhook
from esb.registry.errors import Invalid
from esb.registry.notice_models import ChannelKind
from esb.registry.notices import OPERATOR


@pytest.mark.parametrize("address", ["duty@din.example", "a.b+c@x-y.gov.example", "o'neil@localhost"])
def test_mail_addresses(address: str) -> None:
    assert lawful_mail(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "duty",
        "@din.example",
        "duty@",
        "a b@din.example",
        "duty@din.example\r\nBcc: x@y.example",
        "duty@din.example\n",
        "Duty <duty@din.example>",
        "a@b@c.example",
        "a..b@c.example",
        "şöbə@din.example",
        "a@" + "x" * 300,
        "a,b@din.example",
        '"a b"@din.example',
    ],
)
def test_what_is_no_mail_address(address: str) -> None:
    with pytest.raises(Invalid, match="e-mail address"):
        lawful_mail(address)


@pytest.mark.parametrize("url", ["https://din.example/hook", "https://din.example:8443/a?b=c", "https://a.b.example"])
def test_webhooks(url: str) -> None:
    assert lawful_webhook(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://din.example/hook",
        "https://user:secret@din.example/",
        "https://din.example/#x",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://localhost/",
        "https://din.example/a b",
        "https://din.example/\r\nX: y",
        "https://din.example:99999/",
        "https://" + "d" * 2_000 + ".example/",
        "/hook",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_webhook(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        lawful_webhook(url)
    assert "secret" not in str(caught.value)


def test_a_channel_for_no_topic_is_a_mistake(act: Act) -> None:
    with pytest.raises(Invalid, match="no topic at all"):
        add_channel(act, OPERATOR, ChannelKind.MAIL, "duty@din.example", "code", topics=[])
