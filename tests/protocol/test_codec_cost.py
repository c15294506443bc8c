"""No text costs more than its length: what is quadratic lets one frame hold up every session.

Work is counted, and not timed.
"""

import pytest
from pydantic import ValidationError

from risp.protocol import codec
from risp.protocol.action.frames import Observation, SessionOpen
from risp.protocol.errors import DecodeError


@pytest.mark.parametrize("text", ['\\"' * 50, '"' + '\\"' * 50, '"a\\"', '"', '"a"b"'])
def test_strings_are_taken_out_in_one_pass_even_if_the_last_has_no_end(text):
    """A pattern that needs a last quote fails, and begins anew, at each quote of such a string."""
    spans = [found.span() for found in codec._STRING.finditer(text)]
    assert spans[0][0] == text.index('"')
    assert '"' not in codec._STRING.sub("", text)


def test_a_key_that_comes_twice_is_found_without_comparing_all_with_all():
    compared = 0

    class Key(str):
        __hash__ = str.__hash__

        def __eq__(self, other):
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    names = [f"{number}" for number in range(2000)]
    with pytest.raises(DecodeError, match="'1999' stands twice"):
        codec._object([(Key(name), 0) for name in [*names, names[-1]]])
    assert compared < 3 * len(names)


@pytest.mark.parametrize(
    ("frame", "members"),
    [
        (Observation, {"seq": 0, "state": [{}] * 1000}),
        (SessionOpen, {"prompt": "", "capabilities": [0] * 1000}),
        (SessionOpen, {"prompt": "", "cameras": [0] * 1000}),
    ],
)
def test_a_list_is_refused_for_its_first_wrong_item_and_no_other_is_described(frame, members):
    with pytest.raises(ValidationError) as caught:
        frame.model_validate({"type": frame.tag(), **members})
    assert caught.value.error_count() == 1
