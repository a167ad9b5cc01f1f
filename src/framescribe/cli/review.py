"""The command `review`: a page in the browser to look through a result, correct its captions and ask again."""

from __future__ import annotations

import getpass
import ipaddress
import os
import socket
import sys
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.options import FrameModelOptions, SamplingOptions, SummaryModelOptions, option, takes
from framescribe.cli.recipes import asked
from framescribe.cli.terminal import say, tell
from framescribe.errors import MissingExtra, UserError
from framescribe.machine import share_heaps

if TYPE_CHECKING:
    from framescribe.python.recipe import Recipe

PASSWORD, SHORTEST = "FRAMESCRIBE_REVIEW_PASSWORD", 8
LOCAL = "127.0.0.1"
LAST_SECONDS = 0.5  # for a thread to end by itself
FIRST_SECONDS = 0.3  # until the page is there, even if not all rows are indexed by then


@dataclass(frozen=True, slots=True)
class ReviewOptions:
    """Which result, and where its page is."""

    output: Annotated[str, typer.Argument(help="The result: captions.jsonl", show_default=False)]
    against: Annotated[
        str | None,
        option("Review", "Another result of the same clips, for a blind comparison of two captions.", metavar="RESULT"),
    ] = None
    source: Annotated[
        list[str] | None,
        option(
            "Review",
            "Where the videos are, as for `caption`: needed if their addresses contain keys or queries, which "
            "rows do not keep. Default: the places in the rows.",
            metavar="SOURCE",
        ),
    ] = None
    port: Annotated[
        int | None,
        option("Page", "Default: the first that is free from 8765 on.", min=1, max=65535, metavar="N"),
    ] = None
    host: Annotated[
        str,
        option(
            "Page",
            "Another address of this machine than loopback, for a team: 0.0.0.0 for all. Needs a password, from "
            f"{PASSWORD} or the terminal.",
            metavar="HOST",
        ),
    ] = LOCAL
    browser: Annotated[bool, option("Page", "Open the page in the browser.", "--browser/--no-browser")] = True
    static: Annotated[
        str | None,
        option(
            "Saved page",
            "Write one file to mail instead, which needs no server: for a few hundred clips.",
            metavar="FILE",
        ),
    ] = None
    where: Annotated[
        list[str] | None,
        option("Saved page", "Only the clips that match, as for `recaption`.", metavar="CONDITION"),
    ] = None


@takes(ReviewOptions, SamplingOptions, FrameModelOptions, SummaryModelOptions, EngineOptions)
def review(
    page: ReviewOptions,
    sampling: SamplingOptions,
    frame: FrameModelOptions,
    summary: SummaryModelOptions,
    engine: EngineOptions,
) -> None:
    """Look through a result in the browser, correct captions, and ask a model again.

    The models' options, such as --model or --base-url, say who answers when you ask again.
    """
    if page.static is not None:
        from framescribe.review.saved import write_page

        write_page(page.output, page.static, where=tuple(page.where or ()), say=say)
        return
    if page.where:
        raise UserError("--where is for --static: the page itself has filters")
    _serve(page, asked(sampling, frame, summary, engine))


def _serve(page: ReviewOptions, recipe: Recipe) -> None:
    try:
        import platformdirs
        import regex  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtra("framescribe review", "review") from error
    from framescribe.review.api import Api
    from framescribe.review.app import make_app
    from framescribe.review.ask import Asker
    from framescribe.review.compare import Compare
    from framescribe.review.guard import LOOPBACK, Guard
    from framescribe.review.media import Media
    from framescribe.review.serving import has_browser, listen, open_browser, serve
    from framescribe.review.session import Session

    share_heaps()
    alone = _is_loopback(page.host)
    cache = platformdirs.user_cache_path("framescribe") / "review"
    session = Session(page.output, cache=cache)
    password = None if alone else _password()
    bound = listen(LOCAL if page.host == "localhost" else page.host, page.port)
    port = bound.getsockname()[1]
    with closing(bound), closing(session), ExitStack() as held:
        session.open()
        media = Media(page.source)
        asker = held.enter_context(closing(Asker(session, recipe, sources=page.source or ())))
        compare = held.enter_context(closing(Compare(session, page.against))) if page.against else None
        api = Api(session, media, asker, compare)
        names = LOOPBACK if alone else LOOPBACK | _names(page.host)
        guard = Guard(
            make_app(api, media, cache / "pictures"), port=port, names=names, anywhere=not alone, password=password
        )
        known = session.ready(FIRST_SECONDS)
        tell(f"Reviewing {page.output}: {session.result()['total']:,} clips{'' if known else ' so far'}")
        address = f"http://{_written(page.host)}:{port}/"
        tell(address + (f"?token={guard.token}" if alone else ""))
        if not alone:
            say(
                "This is HTTP without encryption: on the way, others can read the password and all that is shown. "
                "Over a network that you do not trust, leave --host out and forward the port: "
                f"ssh -L {port}:{LOCAL}:{port} …"
            )
        say("Ctrl-C ends it.")
        if page.browser and alone and has_browser():
            open_browser(f"{address}?token={guard.one_time_token()}")
        serve(guard, bound)
    if api.changed:
        _write_again(page.output)
    _leave()


def _write_again(output: str) -> None:
    """Put what was changed into the finished file, unless a run is about to do it."""
    from framescribe.results.rows import Results

    kept = f"{output.rstrip('/')}.parts"
    try:
        results = Results(output)
        if not results.finished:
            say(f"your changes are kept in {results.parts}, and will be in {output} once a run finishes it")
            return
        say(f"writing your changes into {output}")
        if not results.write_again():
            say(f"a run is writing there, and will put them into {output}; until then they are in {results.parts}")
    except KeyboardInterrupt:
        say(f"{output} was left as it was: your changes are kept in {kept}, and the next run puts them into it")


def _leave() -> None:
    """End the process if threads still wait for a server elsewhere: nobody wants their answer any more."""
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    for thread in others:
        if not thread.daemon:
            thread.join(LAST_SECONDS)
    if any(thread.is_alive() and not thread.daemon for thread in others):
        sys.stdout.flush()
        os._exit(0)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _names(host: str) -> frozenset[str]:
    """The names in the page's address, beside IP addresses."""
    mine = socket.gethostname()
    return frozenset({host, mine, mine.partition(".")[0], f"{mine.partition('.')[0]}.local"})


def _written(host: str) -> str:
    """The host as it stands in an address."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _password() -> str:
    """What the team signs in with. UserError if there is none, or too short a one."""
    password = os.environ.get(PASSWORD)
    if password is None and sys.stdin.isatty():
        password = getpass.getpass("Password for the page: ")
    if password is None:
        raise UserError(f"--host needs a password: set {PASSWORD}, or start it in a terminal, which asks for one")
    if len(password) < SHORTEST:
        raise UserError(f"the password is too short: at least {SHORTEST} characters")
    return password
