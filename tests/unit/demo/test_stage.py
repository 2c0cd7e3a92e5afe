"""Setting the stage and taking it down: nothing is left behind, and nothing of others is removed."""

from pathlib import Path

import pytest

from esb.admin.home import HomeError
from esb.demo.stage import Stage, folder_for_home, set_stage


def fail(chosen: Path | None, made: list[Path]) -> None:
    with folder_for_home(chosen, keep=False) as path:
        path.mkdir(exist_ok=True)
        (path / "registry.db").touch()
        made.append(path)
        raise KeyboardInterrupt


def test_a_temporary_folder_is_removed_also_after_ctrl_c(tmp_path: Path) -> None:
    made: list[Path] = []
    for chosen in (None, tmp_path / "chosen"):
        with pytest.raises(KeyboardInterrupt):
            fail(chosen, made)
    assert [path.exists() for path in made] == [False, False]


def test_a_folder_with_something_in_it_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(HomeError), folder_for_home(tmp_path, keep=False) as path, set_stage(path, lambda _: None):
        pass
    assert (tmp_path / "mine").exists()


def test_a_home_that_is_kept_stays(tmp_path: Path) -> None:
    with folder_for_home(tmp_path / "kept", keep=True) as path:
        path.mkdir()
    assert path.exists()


def test_the_stage_is_whole(stage: Stage) -> None:
    assert set(stage.providers) == {"identity", "employment", "insurance"}
    assert all(process.popen.poll() is None for process in stage.providers.values())
    assert isinstance(stage.delivered("employment"), list)
