"""Knows how an error that nobody foresaw is told in one line: what, and where in the code; not what to do about it."""

from __future__ import annotations

import re
import traceback
from pathlib import PurePath

MOST = 500  # characters of its own message
_PLACE = re.compile(r'File "(.+?)", line (\d+)')


def told(error: BaseException) -> str:
    """Its type, its message, and the line of code that raised it, in a worker's process too."""
    message = " ".join(str(error).split())[:MOST]
    where = _where(error)
    return type(error).__name__ + (f": {message}" if message else "") + (f" (at {where})" if where else "")


def _where(error: BaseException) -> str:
    remote = getattr(error, "traceback", None)  # the text that Pebble brings from a decoder's process
    if isinstance(remote, str) and (places := _PLACE.findall(remote)):
        file, line = places[-1]
    elif own := traceback.extract_tb(error.__traceback__):
        file, line = own[-1].filename, own[-1].lineno
    else:
        return ""
    return f"{'/'.join(PurePath(file).parts[-2:])}:{line}"
