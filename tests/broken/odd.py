"""Odd but legal servers: nothing about them may be held against them."""

from .catalogue import Served

ODD: dict[str, tuple[type, Served]] = {}
