"""What is said to whoever keeps the demo up."""

from esb.demo.keep import directions
from esb.demo.offers import HOSTED, OFFERS
from esb.demo.stage import Stage


def test_the_directions_name_the_contracts_the_home_and_commands_to_copy(stage: Stage) -> None:
    text = "\n".join(directions(stage))
    for service in (*(offer.service for offer in OFFERS), *HOSTED):
        assert f"{stage.place.address}/services/{service}?wsdl" in text
    home = str(stage.place.home.path)
    assert f"esb --home {home} log search" in text
    assert f"-m esb.demo.ask --home {home}" in text
    assert "curl -sS" in text
