"""`LiveModel`: what an interactive model extends."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from .annotations import Around, enclosing, own_annotations, resolved
from .events import Handler, handlers, refuse_async
from .files import UploadedFile
from .messages import ModelMessage
from .outputs import told, yielded
from .state import InputState, declared
from .tracks import Input, Output

HOOKS = ("load", "on_connect", "on_disconnect", "file_uploaded")
"""Methods that a model may have, and how many arguments each is offered at most: one."""
RESERVED = frozenset(
    {*HOOKS, "inference", "send", "state", "input", "output", "name", "version", "description"}
    | {"fps"}
)
"""Names that no event can have."""


class LiveModel:
    """The base of an interactive model.

    Its weights are loaded once, on one object; each session works on a shallow copy of it with a
    `state` and an `input` of its own. What `load` keeps is therefore shared by all sessions, and
    what a session assigns to `self` is its own.

    Annotate `state` with an InputState and `input` with an Input. The outputs are what `output` is
    annotated with, or what `inference` is annotated to yield, or else every Output in the model's
    module; `output: None` says that there are none.

    Raises TypeError where a class is declared that cannot be served, naming the place.
    """

    name: ClassVar[str] = ""
    """What clients ask for; the class's name in kebab case if empty."""
    version: ClassVar[str] = "v0.0.0"
    """Its version."""
    description: ClassVar[str] = ""
    """What it is, for people; the first line of the docstring if empty."""
    fps: ClassVar[float] = 30
    """How many steps of `inference` a second are taken, at most."""

    state: Any = None
    """The session's state; None outside a session."""
    input: Any = None
    """The newest frame of each input track; None outside a session."""

    __handlers__: ClassVar[Mapping[str, Handler]] = {}
    __state__: ClassVar[type[InputState]] = InputState
    __input__: ClassVar[type[Input]] = Input
    __outputs__: ClassVar[tuple[type[Output], ...] | None] = None
    """None: look for them when the model is served."""
    _risp_send: Callable[[ModelMessage], None] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        around = enclosing()
        cls.__state__ = declared(_annotated(cls, "state", InputState, cls.__state__, around))
        cls.__input__ = _annotated(cls, "input", Input, cls.__input__, around)
        cls.__outputs__ = _outputs(cls, around)
        for hook in HOOKS:
            _check_hook(cls, hook)
        refuse_async(cls.inference, f"{cls.__name__}.inference")
        inherited = {one.method: one for one in cls.__handlers__.values() if one.method is not None}
        cls.__handlers__ = handlers(cls, cls.__state__, RESERVED, around, inherited)

    def load(self, *arguments: Any, **options: Any) -> Any:
        """Load weights, once per process; takes the path of a configuration, or nothing."""

    def on_connect(self, *arguments: Any, **options: Any) -> Any:
        """Somebody has connected; takes the connection's id, or nothing."""

    def on_disconnect(self, *arguments: Any, **options: Any) -> Any:
        """A connection is gone; takes its id, or nothing."""

    def file_uploaded(self, *arguments: Any, **options: Any) -> Any:
        """A file is there, which no command need have named; takes the UploadedFile."""

    def inference(self) -> Iterator[Any]:
        """Yield an Output for each step, or None for a step that shows nothing."""
        yield from ()

    def send(self, message: ModelMessage) -> None:
        """Tell every connection; raises RuntimeError outside a session."""
        # Models need not be typed.
        if not isinstance(message, ModelMessage):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"send() takes a ModelMessage, and got a {type(message).__name__}")
        if self._risp_send is None:
            raise RuntimeError("send() outside a session: there is nobody to tell")
        self._risp_send(message)


ReactorPipeline = LiveModel


def kebab_case(name: str) -> str:
    """A class's name as a model's: `VideoToVideo` is `video-to-video`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_", "-", name).lower()


def takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    return True


def call_hook(model: LiveModel, name: str, argument: int | UploadedFile | str | None) -> None:
    """Call a hook with the argument, if it takes one."""
    hook = getattr(model, name)
    if takes(hook, 1):
        hook(argument)
    else:
        hook()


def _check_hook(cls: type, hook: str) -> None:
    function = getattr(cls, hook)
    refuse_async(function, f"{cls.__name__}.{hook}")
    if not (takes(function, 1) or takes(function, 2)):
        raise TypeError(f"{cls.__name__}.{hook} is called with one argument or none besides self")


def _outputs(cls: type[LiveModel], around: Around) -> tuple[type[Output], ...] | None:
    declared_here = told(cls, around)
    if declared_here is not None:
        return declared_here
    if "inference" in vars(cls):
        return tuple(yielded(cls.inference, around)) or None
    return cls.__outputs__


def _annotated(cls: type, name: str, base: type, inherited: Any, around: Around) -> Any:
    """The class that an attribute is annotated with in the class itself, or what is inherited."""
    annotation = own_annotations(cls).get(name)
    if annotation is None:
        return inherited
    place = f"{cls.__name__}.{name}"
    known = resolved(annotation, around, cls, place)
    if not (isinstance(known, type) and issubclass(known, base)):
        raise TypeError(f"{place}: annotate it with a subclass of {base.__name__}")
    return known
