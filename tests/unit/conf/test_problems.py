"""How wrong settings are told."""

from esb.conf.problems import DEFAULT, ConfigError, Origin, Problem


def test_every_problem_stands_in_the_text() -> None:
    error = ConfigError(
        [
            Problem("door.port", Origin("/h/esb.toml line 4"), "99999 is out of range", "Give less."),
            Problem("log.level", DEFAULT, "is odd", "Give another."),
        ]
    )
    assert str(error).splitlines() == [
        "2 settings are wrong:",
        "  door.port (from /h/esb.toml line 4): 99999 is out of range. Give less.",
        "  log.level (from default): is odd. Give another.",
    ]


def test_one_problem_is_told_in_the_singular() -> None:
    assert str(ConfigError([Problem("a", DEFAULT, "b", "c")])).startswith("A setting is wrong:\n")
