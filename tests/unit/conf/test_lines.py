"""Where a key stands in a TOML file."""

import tomllib

from esb.conf.lines import key_lines


def test_tables_dotted_and_quoted_keys() -> None:
    text = """# first
door.port = 1
[bus] # who
  address = "x"  # [not.a.table]
"also_known_as" = [
  "https://a.example",
]
[ 'log' ]
format="json"
"""
    tomllib.loads(text)
    assert key_lines(text) == {
        "door.port": 2,
        "bus": 3,
        "bus.address": 4,
        "bus.also_known_as": 5,
        "log": 8,
        "log.format": 9,
    }


def test_a_string_over_several_lines_hides_what_looks_like_keys() -> None:
    text = 'a = """\nport = 1\n[door]\n"""\nb = """one line"""\nc = \'\'\'\nd = 1\n\'\'\'\ne = 2\n'
    tomllib.loads(text)
    assert key_lines(text) == {"a": 1, "b": 5, "c": 6, "e": 9}


def test_a_comment_is_no_key() -> None:
    assert key_lines("#port = 1\n  # host = 2\n") == {}
