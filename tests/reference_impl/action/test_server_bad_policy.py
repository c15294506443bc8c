"""A policy may do its worst: the next observation is served."""

import asyncio

import pytest

from risp.reference_impl.action.serving.engine import Engine
from risp.reference_impl.action.serving.jobs import Done, Failed, Job
from tests.reference_impl.action.test_server_policy import STEP


class Client:
    """A session with a few jobs, which keeps what came of them."""

    def __init__(self, jobs, on_done):
        self.left, self.outcomes, self.on_done = jobs, [], on_done

    @property
    def has_work(self):
        return self.left > 0

    def take(self, now):
        self.left -= 1
        return Job(None, STEP)

    def finished(self, job, outcome, now):
        self.outcomes.append(outcome)
        self.on_done(len(self.outcomes))


def outcomes(policy, jobs=2):
    """What comes of so many observations in a row."""

    async def run():
        done = asyncio.Event()
        engine = Engine(policy)
        engine.start(lambda about: None, lambda error: None)
        client = Client(jobs, lambda count: done.set() if count == jobs else None)
        engine.offer(client)
        async with asyncio.timeout(5):
            await done.wait()
        return client.outcomes

    return [type(outcome) for outcome in asyncio.run(run())]


def once(error):
    """A policy that raises once, and a coroutine policy that does."""

    class Threaded:
        raised = False

        def infer(self, step):
            if not self.raised:
                self.raised = True
                raise error
            return [1.0]

    class Coroutine(Threaded):
        async def infer(self, step):
            return super().infer(step)

    return Threaded(), Coroutine()


@pytest.mark.requirement("A-ERR-21")
@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), asyncio.CancelledError()])
@pytest.mark.parametrize("kind", [0, 1], ids=["threaded", "coroutine"])
def test_even_what_is_no_exception_fails_one_inference_and_not_the_next(error, kind):
    assert outcomes(once(error)[kind]) == [Failed, Done]


def test_actions_that_end_the_program_when_looked_at_fail_one_inference():
    class Nasty:
        def tolist(self):
            raise SystemExit(1)

    class Policy:
        turns = 0

        def infer(self, step):
            self.turns += 1
            return Nasty() if self.turns == 1 else [1.0]

    assert outcomes(Policy()) == [Failed, Done]


@pytest.mark.parametrize("error", [SystemExit("usage: policy"), RuntimeError("no weights")])
def test_a_load_that_raises_anything_is_told(error):
    class Policy:
        def load(self):
            raise error

        def infer(self, step):
            return [1.0]

    async def run():
        failed = asyncio.get_running_loop().create_future()
        Engine(Policy()).start(lambda about: None, failed.set_result)
        async with asyncio.timeout(5):
            return await failed

    assert type(error).__name__ in str(asyncio.run(run()))
