"""The real agencies."""

from esb.demo.agencies import read_agencies
from esb.kernel.names import check_code


def test_all_agencies_of_the_bulletin_are_there_with_lawful_codes() -> None:
    agencies = read_agencies()
    assert len(agencies) == len({agency.code for agency in agencies}) == 43
    for agency in agencies:
        check_code(agency.code)
        assert agency.name_az
        assert agency.name_en


def test_names_keep_their_azerbaijani_letters() -> None:
    labour = read_agencies()[0]
    assert (labour.code, labour.name_az) == ("EESMN", "Əmək və Əhalinin Sosial Müdafiəsi Nazirliyi")
