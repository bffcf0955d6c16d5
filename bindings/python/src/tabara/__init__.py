"""Tabara's core for Python: the same calls, types and errors as on a phone.

`tabara.py` and the library beside it are written by `bindings/build.sh`.
"""

import enum

from .tabara import *  # noqa: F401,F403


def _look_like_text():
    """The generated classes have a `__str__` only: let lists and debuggers show the same."""
    seen, rest = set(), [value for value in globals().values() if isinstance(value, type)]
    while rest:
        kind = rest.pop()
        if kind in seen or issubclass(kind, enum.Enum):
            continue
        seen.add(kind)
        rest += [value for value in vars(kind).values() if isinstance(value, type)]
        if "__str__" in vars(kind):
            kind.__repr__ = kind.__str__


_look_like_text()
