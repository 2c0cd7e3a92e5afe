"""What several rooms' tests share."""

import pytest
from support.packages import Packages, make_packages


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """Evidence packages of one bus, made once and only read."""
    return make_packages(tmp_path_factory.mktemp("packages"))
