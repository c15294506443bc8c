"""A control loop made of marked methods: look, ask, move, in lock step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from .client import ActionStream
from .failures import ObservationLost

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])
RobotT = TypeVar("RobotT")

_MARK = "__risp_mark__"


def observation(method: F) -> F:
    """Mark the method that returns what the robot sees: an observation's members, None to end."""
    return _mark(method, "observation")


def action(method: F) -> F:
    """Mark the method that takes the rows of a chunk and moves the robot."""
    return _mark(method, "action")


def enabled(method: F) -> F:
    """Mark the method, optional, that says before each step whether to go on."""
    return _mark(method, "enabled")


class Controller(Generic[RobotT]):
    """A robot and its stream; a context manager that keeps the session open between runs."""

    def __init__(self, robot: RobotT, stream: ActionStream) -> None:
        self.robot = robot
        """The object whose methods are marked."""
        self.stream = stream
        """The stream, open while `run` works or the context lasts."""
        self._look = _marked(robot, "observation")
        self._move = _marked(robot, "action")
        self._enabled = _marked(robot, "enabled", always)
        self._is_entered = False

    def run(self, max_steps: int | None = None) -> int:
        """Take an observation, wait for its chunk, hand over its rows; returns the steps done.

        Ends with `max_steps`, when the observation is None, or when `enabled` says no; with it
        ends the session, unless the controller was entered with `with`. Raises what the stream
        and the robot raise. A step whose observation was dropped is taken anew.
        """
        if self._is_entered:
            return self._loop(max_steps)
        with self:
            return self._loop(max_steps)

    def _loop(self, max_steps: int | None) -> int:
        steps = 0
        while (max_steps is None or steps < max_steps) and self._enabled():
            seen: Any = self._look()
            if seen is None:
                break
            if not isinstance(seen, Mapping):
                raise TypeError("the method marked @observation returns a mapping with `state`")
            self.stream.send_observation_frame({**seen})
            try:
                chunk = self.stream.recv_action()
            except ObservationLost:
                continue
            self._move(chunk["actions"])
            steps += 1
        return steps

    def __enter__(self) -> Self:
        self.stream.open()
        self._is_entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_entered = False
        self.stream.close()


class Connected:
    """What `connect` returns: it makes a class of marked methods a maker of controllers."""

    def __init__(self, make_stream: Callable[[], ActionStream]) -> None:
        self._make_stream = make_stream

    def __call__(self, make: Callable[P, RobotT]) -> Callable[P, Controller[RobotT]]:
        """Return a function with the class's parameters that makes a robot and its controller."""

        @functools.wraps(make, updated=())
        def build(*args: P.args, **kwargs: P.kwargs) -> Controller[RobotT]:
            return Controller(make(*args, **kwargs), self._make_stream())

        return build


def _as_decorator(kind: Callable[P, ActionStream]) -> Callable[P, Connected]:
    """Give a decorator the parameters of the stream that it makes."""

    @functools.wraps(kind, assigned=(), updated=())
    def connect(*args: P.args, **kwargs: P.kwargs) -> Connected:
        """Make a class of marked methods a maker of controllers, by an `ActionStream`'s parameters.

        ::

            @connect(prompt="pick up the cup", model="pi0.5")
            class Arm:
                @observation
                def look(self): return {"state": joints(), "images": {"wrist": jpeg()}}

                @action
                def move(self, actions): ...

            Arm().run(max_steps=100)
        """
        return Connected(functools.partial(kind, *args, **kwargs))

    return connect


connect = _as_decorator(ActionStream)


def always() -> bool:
    """Go on: what a robot without a method marked `@enabled` says."""
    return True


def _mark(method: F, name: str) -> F:
    setattr(method, _MARK, name)
    return method


def _marked(
    robot: object, name: str, default: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """The bound method that bears a mark; raises TypeError for none, or for two."""
    kind = type(robot)
    found = {
        attribute
        for attribute in dir(kind)
        if getattr(getattr(kind, attribute, None), _MARK, None) == name
    }
    if len(found) == 1:
        method: Callable[..., Any] = getattr(robot, found.pop())
        return method
    if not found and default is not None:
        return default
    raise TypeError(f"{kind.__name__} needs one method marked @{name}, and has {len(found)}")
