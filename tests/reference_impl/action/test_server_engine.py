"""Turns of one policy among many sessions."""

import asyncio
import threading

from risp.reference_impl.action.serving.engine import Engine
from risp.reference_impl.action.serving.jobs import Done, Job
from tests.reference_impl.action.test_server_policy import STEP
from tests.reference_impl.action.wire import hear, observe, opened, talking
from tests.support import spawn_server


class Client:
    """A session with so many jobs."""

    def __init__(self, name, jobs, on_done):
        self.name, self.left, self.on_done = name, jobs, on_done

    @property
    def has_work(self):
        return self.left > 0

    def take(self, now):
        self.left -= 1
        return Job(None, STEP)

    def finished(self, job, outcome, now):
        assert isinstance(outcome, Done)
        self.on_done(self.name)


def turns(policy, jobs, within=5.0):
    """The order in which the jobs of several sessions are done."""
    done = []

    async def run():
        is_all = asyncio.Event()

        def on_done(name):
            done.append(name)
            if len(done) == sum(jobs.values()):
                is_all.set()

        engine = Engine(policy)
        engine.start(lambda about: None, lambda error: None)
        clients = [Client(name, count, on_done) for name, count in jobs.items()]
        for client in clients:
            engine.offer(client)
        async with asyncio.timeout(within):
            await is_all.wait()

    asyncio.run(run())
    return done


class Plain:
    def infer(self, step):
        return [1.0]


def test_sessions_take_turns_however_much_each_has_waiting():
    # The first takes its turn, and has queued for the next, before the others have come.
    assert turns(Plain(), {"a": 4, "b": 2, "c": 1}) == ["a", "a", "b", "c", "a", "b", "a"]


def test_no_more_run_at_a_time_than_the_policy_bears():
    class Three:
        max_concurrency = 3

        def __init__(self):
            self.gate = threading.Barrier(3, timeout=5)

        def infer(self, step):
            self.gate.wait()  # passes only if three are here
            return [1.0]

    assert sorted(turns(Three(), {"a": 3, "b": 3})) == list("aaabbb")


def test_a_defect_ends_its_own_session_and_no_other(tmp_path):
    (tmp_path / "wrong.py").write_text(
        "from risp.reference_impl.action.server import ServerSession\n"
        "class Defect(ServerSession):\n"
        "    def make_chunk(self, slot, actions, metadata):\n"
        "        if slot.seq == 1:\n"
        "            raise KeyError('secret')\n"
        "        return super().make_chunk(slot, actions, metadata)\n"
    )
    with (
        spawn_server("--session", "wrong:Defect", cwd=tmp_path) as server,
        talking(server.url) as one,
        talking(server.url) as other,
    ):
        opened(one)
        opened(other)
        observe(one, 1, *[0] * 6)
        assert hear(one) == {
            "type": "error",
            "code": "internal",
            "message": "the server met a defect of its own",
            "fatal": True,
            "retryable": True,
        }
        observe(other, 0, *[0] * 6)
        assert hear(other)["type"] == "action_chunk"
