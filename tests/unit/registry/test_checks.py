"""What the registry lets in, and what it says when it does not."""

import pytest

from esb.kernel.names import ServiceId
from esb.registry import checks
from esb.registry.errors import Invalid


@pytest.mark.parametrize("code", ["", "a b", "-a", "x" * 65, "ə", "a/b", "a\n"])
def test_a_code_that_would_not_fit_a_url_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="member code"):
        checks.lawful_code(code, "member code")


def test_a_service_put_together_from_unchecked_parts_is_checked() -> None:
    assert checks.lawful_service(ServiceId("A", "B", "C", "v1")) == ServiceId("A", "B", "C", "v1")
    for wrong in (ServiceId("A/B", "C", "D", "v1"), ServiceId("A", "B", "C", "1"), ServiceId("", "B", "C", "v1")):
        with pytest.raises(Invalid):
            checks.lawful_service(wrong)


def test_a_consumer_is_a_member_or_a_system_of_one() -> None:
    assert checks.lawful_consumer("DIN") == ("DIN", None)
    assert checks.lawful_consumer("DIN/IAMAS") == ("DIN", "IAMAS")
    for wrong in ("", "/", "DIN/", "A/B/C"):
        with pytest.raises(Invalid):
            checks.lawful_consumer(wrong)


def test_text_is_trimmed_and_composed() -> None:
    assert checks.lawful_text("  Du\u0308nya ", "name") == "D\u00fcnya"


@pytest.mark.parametrize("text", ["", "   ", "two\nlines", "bell\x07", "\x1b[31m", "half\ud800", "x" * 4_001, "a\x00b"])
def test_text_that_could_mislead_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="name"):
        checks.lawful_text(text, "name")


@pytest.mark.parametrize("voen", ["123", "12345678901", "12345678ab", "١٢٣٤٥٦٧٨٩٠", ""])
def test_a_voen_is_ten_digits(voen: str) -> None:
    assert checks.lawful_voen("1400040231") == "1400040231"
    with pytest.raises(Invalid, match="ten digits"):
        checks.lawful_voen(voen)


@pytest.mark.parametrize("moment", [-1.0, float("nan"), float("inf"), 253_402_300_800.0])
def test_a_time_that_no_database_can_write_is_refused(moment: float) -> None:
    with pytest.raises(Invalid, match="beginning"):
        checks.lawful_moment(moment, "beginning")


def test_a_time_is_kept_to_the_microsecond() -> None:
    kept = checks.lawful_moment(1_764_000_000.123_456_7, "time")
    assert checks.lawful_moment(kept, "time") == kept


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 3_601.0])
def test_a_timeout_is_above_nothing_and_below_an_hour(seconds: float) -> None:
    assert checks.lawful_timeout(0.5) == 0.5
    with pytest.raises(Invalid, match="timeout"):
        checks.lawful_timeout(seconds)


@pytest.mark.parametrize(
    "endpoint", ["https://provider.example/soap", "http://127.0.0.1:8080/a?b=c", "https://[::1]:8443/"]
)
def test_an_absolute_url_is_an_endpoint(endpoint: str) -> None:
    assert checks.lawful_endpoint(endpoint, "soap") == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "/soap",
        "provider.example/soap",
        "ftp://provider.example/",
        "file:///etc/passwd",
        "https:///soap",
        "https://user:hunter2@provider.example/",
        "https://provider.example/#part",
        "https://provider.example/a b",
        "https://provider.example/a\r\nHost: x",
        "https://provider.example:99999/",
        "https://provider.example:0/",
        "https://[::1/",
        "https://nazirlik.əz/",
    ],
)
def test_what_is_no_plain_absolute_url_is_refused(endpoint: str) -> None:
    with pytest.raises(Invalid) as caught:
        checks.lawful_endpoint(endpoint, "soap")
    assert "hunter2" not in str(caught.value)


def test_a_hosted_service_has_a_name_for_an_endpoint() -> None:
    assert checks.lawful_endpoint("pension-calculator", "hosted") == "pension-calculator"
    with pytest.raises(Invalid, match="soap or hosted"):
        checks.lawful_endpoint("http://x/", "carrier-pigeon")


@pytest.mark.parametrize("quota", [0, -1, 2**31])
def test_a_quota_lets_at_least_one_pass(quota: int) -> None:
    assert checks.lawful_quota(None, "per day") is None
    assert checks.lawful_quota(1, "per day") == 1
    with pytest.raises(Invalid, match="per day"):
        checks.lawful_quota(quota, "per day")


def test_only_known_header_fields_can_be_demanded() -> None:
    assert checks.lawful_fields(["id", "purpose"]) == {"id", "purpose"}
    with pytest.raises(Invalid, match="legalBasis"):
        checks.lawful_fields(["shoe-size"])
