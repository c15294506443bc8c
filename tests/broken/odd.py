"""Odd but legal servers: nothing about them may be held against them."""

from . import odd_answers, odd_ends, odd_serving, odd_trouble, odd_writing
from .oddity import ODD, Odd

FILES = (odd_writing, odd_answers, odd_trouble, odd_ends, odd_serving)
"""Where they are; to import these is what enters them."""

__all__ = ["FILES", "ODD", "Odd"]
