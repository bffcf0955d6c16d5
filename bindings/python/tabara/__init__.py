"""Tabara's core for Python: the same calls, types and errors as on a phone.

`tabara.py` and the library beside it are written by `bindings/build.sh`.
"""

from .tabara import *  # noqa: F401,F403
