"""The OpenAPI 3.1 document of a model: commands as paths, messages as webhooks."""

from __future__ import annotations

from typing import Any

from .arguments import Parameter
from .model import Command, Direction, Message, ModelSchema, Track, pascal_case, snake_case
from .shapes import (
    COMPONENTS,
    UPLOAD,
    Place,
    Reader,
    mapping,
    object_of,
    sequence,
    text,
    upload_component,
)

OPENAPI = "3.1.0"
"""The version of OpenAPI."""
EXTENSION = "x-reactor"
"""The member that lists the tracks."""
EVENTS = "/events/"
"""The path of a command begins so; nothing is posted there, commands go over `data`."""

Json = dict[str, Any]


def write(model: ModelSchema) -> Json:
    """Write the document."""
    components = _components(model)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": model.name,
            "version": model.version,
            "description": model.description,
        },
        EXTENSION: {"tracks": [_track(track) for track in model.tracks]},
        "paths": {
            EVENTS + command.name: {"post": _operation(command, components)}
            for command in model.commands
        },
        "webhooks": {
            message.name: {"post": _webhook(message, components)} for message in model.messages
        },
        "components": {
            "schemas": {
                UPLOAD: upload_component(),
                **{
                    components[message.name]: object_of(message.fields)
                    for message in model.messages
                },
            }
        },
    }


def _components(model: ModelSchema) -> dict[str, str]:
    """The component of each message; two messages never share one."""
    taken: dict[str, str] = {}
    for message in model.messages:
        name = pascal_case(message.name)
        while name == UPLOAD or name in taken.values():
            name += "_"
        taken[message.name] = name
    return taken


def _track(track: Track) -> Json:
    written: Json = {"name": track.name, "kind": track.kind, "direction": track.direction.value}
    return {**written, "rate": track.rate} if track.rate else written


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _operation(command: Command, components: dict[str, str]) -> Json:
    if command.reply is None:
        responses: Json = {"202": {"description": "Command accepted"}}
    else:
        name = components[command.reply]
        content = {"application/json": {"schema": {"$ref": COMPONENTS + name}}}
        responses = {"200": {"description": name, "content": content}}
    return {
        "operationId": command.name,
        "summary": command.description,
        "requestBody": _body(object_of(command.parameters, moderated=True)),
        "responses": responses,
    }


def _webhook(message: Message, components: dict[str, str]) -> Json:
    webhook: Json = {
        "operationId": message.name,
        "requestBody": _body({"$ref": COMPONENTS + components[message.name]}),
    }
    return webhook | ({"summary": message.description} if message.description else {})


def read(document: Any) -> ModelSchema:
    """Read a document; raises ValueError with the place of what cannot be read."""
    root = Place()
    members = mapping(document, root)
    info = mapping(members.get("info"), root / "info")
    place = root / "components" / "schemas"
    components = mapping(members.get("components", {}), root / "components")
    reader = Reader(mapping(components.get("schemas", {}), place))
    extension = mapping(members.get(EXTENSION, {}), root / EXTENSION)
    messages = _messages(members, reader)
    commands = [
        _command(path.removeprefix(EVENTS), one, reader, messages, root / "paths" / path)
        for path, one in mapping(members.get("paths", {}), root / "paths").items()
        if path.startswith(EVENTS) and path != EVENTS
    ]
    return ModelSchema(
        name=text(info.get("title"), root / "info" / "title"),
        version=text(info.get("version", ""), root / "info" / "version"),
        description=text(info.get("description", ""), root / "info" / "description"),
        tracks=_tracks(extension.get("tracks", []), root / EXTENSION / "tracks"),
        commands=tuple(commands),
        messages=tuple(messages.values()),
    )


def _tracks(given: Any, place: Place) -> tuple[Track, ...]:
    tracks: dict[str, Track] = {}
    for number, one in enumerate(sequence(given, place)):
        at = place / number
        members = mapping(one, at)
        name = text(members.get("name"), at / "name")
        if name in tracks:
            raise (at / "name").wrong(f"there are two tracks called {name!r}")
        if members.get("direction") not in set(Direction):
            raise (at / "direction").wrong("expected 'in' or 'out'")
        if members.get("kind") != "video":
            raise (at / "kind").wrong("expected 'video'")
        rate = members.get("rate", 0)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or rate < 0:
            raise (at / "rate").wrong("expected a number, zero or greater")
        tracks[name] = Track(name=name, direction=Direction(members["direction"]), rate=rate)
    return tuple(tracks.values())


def _schema(content: Any, place: Place) -> tuple[Any, Place]:
    """The schema in a body, or None."""
    for step in ("content", "application/json", "schema"):
        content = mapping(content, place).get(step)
        place = place / step
        if content is None:
            return None, place
    return content, place


def _post(path: Any, place: Place) -> tuple[Json, Place]:
    return mapping(mapping(path, place).get("post"), place / "post"), place / "post"


def _messages(members: Json, reader: Reader) -> dict[str, Message]:
    """Every message, by the reference of its component or else by its place."""
    messages: dict[str, Message] = {}
    root = Place() / "webhooks"
    for name, one in mapping(members.get("webhooks", {}), root).items():
        post, place = _post(one, root / name)
        schema, at = _schema(post.get("requestBody", {}), place / "requestBody")
        fields = () if schema is None else reader.parameters(schema, at)
        messages[_reference(schema) or str(at)] = Message(
            name=name,
            fields=fields,
            description=text(post.get("summary", ""), place / "summary"),
        )
    return messages


def _reference(schema: Any) -> str | None:
    found = mapping(schema, Place()).get("$ref") if isinstance(schema, dict) else None
    return found if isinstance(found, str) else None


def _command(
    name: str, path: Any, reader: Reader, messages: dict[str, Message], place: Place
) -> Command:
    post, place = _post(path, place)
    schema, at = _schema(post.get("requestBody", {}), place / "requestBody")
    parameters: tuple[Parameter, ...] = () if schema is None else reader.parameters(schema, at)
    return Command(
        name=name,
        parameters=parameters,
        reply=_reply(post, reader, messages, place / "responses"),
        description=text(post.get("summary", ""), place / "summary"),
    )


def _reply(post: Json, reader: Reader, messages: dict[str, Message], place: Place) -> str | None:
    answer = mapping(post.get("responses", {}), place).get("200")
    if answer is None:
        return None
    schema, at = _schema(answer, place / "200")
    reference = _reference(schema)
    if reference is None:
        return None
    if reference not in messages:
        # A reply that is no webhook is still a message that comes.
        name = snake_case(reference.removeprefix(COMPONENTS))
        messages[reference] = Message(name=name, fields=reader.parameters(schema, at))
    return messages[reference].name
