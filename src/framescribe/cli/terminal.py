"""Knows how text reaches standard output and standard error, whatever these are, and how a program ends; not what it
says.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TextIO

from framescribe.errors import RunError, UserError
from framescribe.machine import LOADING
from framescribe.names import shown, shown_lines

PIPED_WIDTH = 100  # columns of a table that goes into a file or a pipe
_UNWRITABLE = "standard output cannot be written"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
_ERRORS = "framescribe"
_PLAIN = {"×": "x", "…": "...", "°": " degrees", "–": "-", "—": "-", "·": "-", "─": "-", "━": "-"}


def ended(program: str, command: Callable[[], int], *, words: Callable[[str], str] = str) -> int:
    """Run the command, and return the exit code: the command's own, 2 for a user error, 1 for an error of the run or an
    output that cannot be written, 130 after Ctrl-C. `words` translates errors."""
    _open_streams()
    out = sys.stdout  # which typer replaces when it breaks
    try:
        _stand_somewhere()
        code = command()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except (UserError, RunError) as error:
        code = 2 if isinstance(error, UserError) else 1
        _put(sys.stderr, f"{program}: {shown_lines(words(str(error)), *sys.argv)}")
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 1
    except OSError as error:
        code = 1 if error.errno in _FULL else 2
        if error.filename is not None:
            _put(sys.stderr, f"{program}: {shown(os.fsdecode(error.filename))}: {error.strerror}")
        elif error.errno in _FULL:
            _put(sys.stderr, f"{program}: {_UNWRITABLE}: {error.strerror}")
            drop(out)
        else:
            raise
    code = code if _flushed(out, program) else code or 1
    if any(thread.name == LOADING for thread in threading.enumerate()):
        os._exit(code)  # native code would crash while the interpreter is taken apart under it
    return code


def say(line: str) -> None:
    """One line on standard error; nothing if that cannot be written."""
    _put(sys.stderr, shown(line))


def tell(line: str) -> None:
    """One line of a command's answer, on standard output. OSError if that cannot be written."""
    print(shown(line))


def width(stream: TextIO) -> int:
    """The columns of the terminal that the stream is, or PIPED_WIDTH."""
    return shutil.get_terminal_size().columns if stream.isatty() else PIPED_WIDTH


def drop(stream: TextIO) -> None:
    """What is written to this stream from now on goes nowhere: it is closed, or its disk is full."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _put(stream: TextIO, text: str) -> None:
    try:
        print(text, file=stream, flush=True)
    except (OSError, ValueError):
        drop(stream)


def _flushed(out: TextIO, program: str) -> bool:
    """Whether standard output took everything; if its reader has gone, as `head` does, nobody wants to hear of it."""
    try:
        out.flush()
    except BrokenPipeError:
        drop(out)
        return False
    except OSError as error:
        drop(out)
        _put(sys.stderr, f"{program}: {_UNWRITABLE}: {error.strerror}")
        return False
    except ValueError:  # it was closed on purpose
        pass
    return True


def _open_streams() -> None:
    """Give closed streams a place, so that no file opened later takes theirs, and let every character be written."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    codecs.register_error(_ERRORS, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking: Sequence[str] = error.object[error.start : error.end]
    return "".join(_PLAIN.get(one) or one.encode("ascii", "backslashreplace").decode() for one in lacking), error.end


def _stand_somewhere() -> None:
    try:
        os.getcwd()
    except OSError as error:
        raise UserError(
            f"the working folder cannot be used ({error.strerror}; was it deleted?): cd to one that exists"
        ) from error
