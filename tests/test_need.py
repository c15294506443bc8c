import pytest

from tests.need import need

ABSENT = "no-such-peer"


def test_a_peer_that_is_there_lets_the_test_go_on():
    need("pytest", "a module")
    need("git", "a command")
    need("tests/need.py", "a path below the tree")


@pytest.mark.parametrize("peer", [ABSENT, f"examples/{ABSENT}"])
def test_on_a_desk_a_missing_peer_is_a_skip_with_its_reason(peer, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"{peer} is missing: runs the stranger"):
        need(peer, "runs the stranger's server")


def test_in_ci_a_missing_peer_is_a_failure(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"{ABSENT} is missing"):
        need(ABSENT, "runs the stranger's server")
