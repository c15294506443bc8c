"""The links of an editable install, and the one file which the hook puts into a wheel."""

from pathlib import Path
from typing import Any

from hatch_build import LINKED, ImportNames, link_rooms


def hook(root: Path) -> ImportNames:
    return ImportNames(str(root), {}, None, None, str(root), "wheel")


def test_an_editable_install_links_the_rooms_and_the_command(tmp_path):
    build_data: dict[str, Any] = {"force_include": {}}
    hook(tmp_path).initialize("editable", build_data)
    links = {path.name: path.readlink() for path in (tmp_path / ".editable" / "risp").iterdir()}
    assert links == {name: Path("..", "..", name) for name in LINKED}
    assert build_data == {"force_include": {}}


def test_what_an_earlier_install_left_is_removed_and_the_tree_is_not(tmp_path):
    room = tmp_path / "protocol"
    room.mkdir()
    (room / "codec.py").touch()
    namespace = tmp_path / ".editable" / "risp"
    (namespace / "copied").mkdir(parents=True)
    (namespace / "old.py").touch()
    (namespace / "protocol").symlink_to(room)
    link_rooms(tmp_path)
    link_rooms(tmp_path)
    assert sorted(path.name for path in namespace.iterdir()) == sorted(LINKED)
    assert (namespace / "protocol" / "codec.py").exists()


def test_a_wheel_gets_the_command_and_the_tree_no_links(tmp_path):
    build_data: dict[str, Any] = {"force_include": {}}
    hook(tmp_path).initialize("standard", build_data)
    assert build_data == {"force_include": {"command.py": "risp/command.py"}}
    assert list(tmp_path.iterdir()) == []
