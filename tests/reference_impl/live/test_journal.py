"""What happens, for those who watch."""

import asyncio
import json

import pytest

from risp.reference_impl.live import journal as journals
from risp.reference_impl.live.journal import Journal


def written(event):
    return json.loads(event.text)


def add(journal, number=1):
    for at in range(number):
        journal.add("command", "streaming", "streaming", {"at": at})


def test_an_event_is_written_as_a_transition():
    journal = Journal(wall=lambda: 12.3456)
    journal.add("command", "ready", "streaming", {"name": "set_prompt", "args": {"a": 1}})
    (event,) = journal.since(0)
    assert event.id == 1
    assert written(event) == {
        "type": "transition",
        "event": "command",
        "from": "ready",
        "to": "streaming",
        "ts": 12345,
        "detail": {"name": "set_prompt", "args": {"a": 1}},
    }


@pytest.mark.requirement("L-LOCAL-12")
def test_what_follows_an_event_is_told():
    journal = Journal()
    add(journal, 5)
    assert [event.id for event in journal.since(3)] == [4, 5]
    assert [event.id for event in journal.since(99)] == []


def test_only_the_newest_are_kept():
    journal = Journal()
    add(journal, journals.MAX_EVENTS + 3)
    assert [journal.since(0)[0].id, len(journal.since(0))] == [4, journals.MAX_EVENTS]


def test_long_details_are_cut_and_do_not_add_up_without_bounds():
    journal = Journal()
    for _ in range(journals.MAX_EVENTS):
        journal.add("command", "a", "b", {"name": "n", "args": {"x": "y" * (1 << 18)}})
    kept = journal.since(0)
    assert written(kept[0])["detail"] == {"name": "n", "cut": True}
    for _ in range(journals.MAX_EVENTS):
        journal.add("command", "a", "b", {"args": "y" * (journals.MAX_DETAIL - 100)})
    assert sum(len(event.text) for event in journal.since(0)) <= journals.MAX_KEPT
    assert journal.since(0)[-1].id == 2 * journals.MAX_EVENTS


def test_a_detail_that_is_no_json_is_left_out():
    journal = Journal()
    journal.add("error", "a", "b", {"message": "m", "odd": object()})
    assert written(journal.since(0)[0])["detail"] == {"message": "m", "cut": True}


def test_a_watcher_gets_what_it_missed_and_what_comes():
    async def run():
        journal = Journal()
        add(journal, 3)
        async with journal.watch(1) as old, journal.watch() as new:
            add(journal)
            journal.close()
            return [e.id async for e in old], [e.id async for e in new]

    assert asyncio.run(run()) == ([2, 3, 4], [4])


def test_a_watcher_waits_and_may_be_interrupted():
    async def run():
        journal = Journal()
        async with journal.watch() as watch:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await watch.next()
            asyncio.get_running_loop().call_later(0.01, add, journal)
            return await watch.next()

    assert asyncio.run(run()).id == 1


def test_a_watcher_who_does_not_read_is_sent_away_and_the_others_are_not():
    async def run():
        journal = Journal()
        async with journal.watch() as slow, journal.watch() as quick:
            for _ in range(journals.MAX_BEHIND + journals.MAX_EVENTS + 1):
                add(journal)
                await quick.next()
            held = len([event async for event in slow])
            add(journal)
            return held, (await quick.next()).id

    most = journals.MAX_BEHIND + journals.MAX_EVENTS
    assert asyncio.run(run()) == (most, most + 2)


def test_a_watcher_who_has_gone_is_forgotten_and_nobody_begins_after_the_end():
    async def run():
        journal = Journal()
        async with journal.watch():
            assert len(journal._watches) == 1
        assert len(journal._watches) == 0
        journal.close()
        return await journal.watch().next()

    assert asyncio.run(run()) is None
