"""What a user writes, and what is dialled."""

import pytest

from risp.reference_impl.action.address import dial


@pytest.mark.parametrize(
    ("given", "dialled"),
    [
        ("ws://h:1", "ws://h:1/v1/actions"),
        ("ws://h:1/", "ws://h:1/v1/actions"),
        ("ws://h:1/a/b", "ws://h:1/a/b"),
        ("ws://h:1?x=1", "ws://h:1/?x=1"),
        ("ws://h:1/?x=1", "ws://h:1/?x=1"),
        ("ws://h:1/a?x=1&token=t", "ws://h:1/a?x=1&token=t"),
        ("http://h:1", "ws://h:1/v1/actions"),
        ("http://h:1/q?x=1", "ws://h:1/v1/actions"),
        ("https://h", "wss://h/v1/actions"),
        ("wss://h/a#part", "wss://h/a"),
        ("ws://[::1]:8/a", "ws://[::1]:8/a"),
        ("ws://h/a b/é%20", "ws://h/a%20b/%C3%A9%20"),
    ],
)
def test_a_url_maps_to_an_endpoint(given, dialled):
    assert dial(given).url == dialled


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("ws://h:80/a", "h"),
        ("wss://h:443/a", "h"),
        ("wss://h:80/a", "h:80"),
        ("ws://[::1]/a", "[::1]"),
        ("ws://h:1/a", "h:1"),
    ],
)
def test_the_host_header_names_the_port_only_where_it_is_not_the_usual_one(given, host):
    assert dial(given).host_header == host


@pytest.mark.parametrize("given", ["h:1", "ftp://h", "ws://", "", "ws://h:x", "ws://user:key@h"])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ValueError):  # noqa: PT011  # the messages differ, the kind is what counts
        dial(given)


def test_a_refusal_does_not_repeat_a_token():
    with pytest.raises(ValueError, match="reads like ws://host") as caught:
        dial("h/?token=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "has"),
    [("ws://h/?token=t", True), ("ws://h/?token=", False), ("ws://h/?tokens=t", False)],
)
def test_only_a_token_that_is_not_empty_stands_for_a_key(given, has):
    assert dial(given).has_token is has
