"""Knows the addresses of the review page, and how each is answered over HTTP; knows no SQL, no pixel, and not who may
ask.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from threading import Event
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from framescribe.errors import RunError, UserError
from framescribe.plain_json import dumps
from framescribe.records import Row
from framescribe.review.api import Api, Asked, Said
from framescribe.review.media import Media, NotShown, answer, kept
from framescribe.review.pictures import Pictures
from framescribe.review.reading import LEFT, Abandoned
from framescribe.review.session import ASKS, Conflict, Locked

FRESH = 300  # seconds for which a browser need not ask for a picture again
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

_FORESEEN = (Said, Conflict, Locked, UserError, RunError, NotShown, HTTPException, ClientDisconnect)

Endpoint = Callable[[Request], Awaitable[Response]]
Work = Callable[[Asked], Any]

_log = logging.getLogger("framescribe")


def make_app(api: Api, media: Media, cache: Path) -> Starlette:
    """The page; what may ask for it, `guard` decides. Pictures are kept in the folder `cache`."""

    @asynccontextmanager
    async def while_served(app: Starlette) -> AsyncIterator[None]:
        app.state.pictures = Pictures(media, cache)
        try:
            yield
        finally:
            await app.state.pictures.close()

    async def video(request: Request) -> Response:
        row = await to_thread.run_sync(api.stored, request.path_params["key"])
        return answer(request, *await to_thread.run_sync(media.open, row, abandon_on_cancel=True))

    def picture(make: Callable[[Pictures, Row, Request], Awaitable[Path]], kind: str) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            row = await to_thread.run_sync(api.stored, request.path_params["key"])
            path = await _while_there(request, make(request.app.state.pictures, row, request))
            return answer(request, *await to_thread.run_sync(kept, path, kind), fresh=FRESH)

        return endpoint

    reads: dict[str, Work] = {
        "/api/result": api.result,
        "/api/list": api.list,
        "/api/list/{list}": api.rows,
        "/api/list/{list}/place": api.place,
        "/api/rows/{key}": api.row,
        "/api/charts": api.charts,
        "/api/asks": api.asks,
        "/api/compare": api.compared,
        "/api/compare/next": api.next,
    }
    writes: dict[str, Work] = {
        "/api/edit": api.edit,
        "/api/undo": api.undo,
        "/api/bulk/preview": api.preview,
        "/api/bulk/apply": api.apply,
        "/api/ask": api.ask,
        "/api/asks/{job}/stop": api.stop,
        "/api/candidates/{candidate}": api.decide,
        "/api/compare/{pair}": api.judge,
    }
    media_files: dict[str, Endpoint] = {
        "/media/{key}/video": video,
        "/media/{key}/preview.mp4": picture(lambda made, row, request: made.preview(row), "video/mp4"),
        "/media/{key}/thumb.jpg": picture(lambda made, row, request: made.thumb(row), "image/jpeg"),
        "/media/{key}/frame/{index:int}.jpg": picture(
            lambda made, row, request: made.frame(row, request.path_params["index"]), "image/jpeg"
        ),
    }
    app = Starlette(
        lifespan=while_served,
        routes=[
            Route("/", _page, methods=["GET"]),
            Route("/page/{name}", _page, methods=["GET"]),
            *(Route(path, _read(work), methods=["GET"]) for path, work in reads.items()),
            *(Route(path, _write(work), methods=["POST"]) for path, work in writes.items()),
            *(Route(path, endpoint, methods=["GET"]) for path, endpoint in media_files.items()),
        ],
        exception_handlers={
            kind: _told
            for kind in (
                Said,
                Conflict,
                Locked,
                UserError,
                RunError,
                NotShown,
                HTTPException,
                ClientDisconnect,
                Abandoned,
                Exception,
            )
        },
    )
    app.router.redirect_slashes = False
    return app


# ---------------------------------------------------------------------------------- requests and answers


def _read(work: Work) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        left = Event()
        LEFT.set(left)
        watching = asyncio.ensure_future(_gone(request))
        watching.add_done_callback(lambda _: left.set())
        try:
            return await _done(work, request, {})
        finally:
            watching.cancel()

    return endpoint


def _write(work: Work) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            given = json.loads(await request.body())
        except (ValueError, RecursionError):
            raise Said(400, "That is not JSON.") from None
        if not isinstance(given, dict):
            raise Said(400, "That is not a JSON object.")
        return await _done(work, request, given)

    return endpoint


async def _done(work: Work, request: Request, given: Mapping[str, Any]) -> Response:
    """The answer of the work, which is done in a thread, on behalf of whoever asks."""
    ASKS.set(request.scope.get("who"))
    asked = Asked(request.path_params, request.query_params.multi_items(), given)
    return _json(await to_thread.run_sync(work, asked))


def _json(value: Any, status: int = 200) -> Response:
    return Response(dumps(value).encode(), status, media_type="application/json")


async def _told(request: Request, error: Exception) -> Response:
    """What went wrong, in one line."""
    if isinstance(error, Said):
        return _json(error.said, error.status)
    if isinstance(error, HTTPException):
        known = {404: "There is nothing at this address.", 405: f"{request.method} is not used here."}
        return _json({"error": known.get(error.status_code, error.detail)}, error.status_code)
    if isinstance(error, NotShown):
        return _json({"error": str(error)}, error.status)
    if isinstance(error, ClientDisconnect | Abandoned):
        return Response(status_code=499)  # nobody reads it
    statuses = {Conflict: 409, Locked: 423, UserError: 400, RunError: 503}
    status = next((status for kind, status in statuses.items() if isinstance(error, kind)), None)
    if status is None:
        _log.error("the review page: %s: %s", type(error).__name__, error)
        return _json({"error": f"Something unforeseen went wrong: {type(error).__name__}."}, 500)
    return _json({"error": " ".join(str(error).split())}, status)


# ---------------------------------------------------------------------------------- pictures


async def _while_there(request: Request, work: Awaitable[Path]) -> Path:
    """What the work gives, unless whoever asked for it leaves before: it is cancelled then."""
    task, left = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        left.cancel()
        task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


# ---------------------------------------------------------------------------------- the page's own files


async def _page(request: Request) -> Response:
    name = request.path_params.get("name", "index.html")
    # The name that was asked for is only compared: it is never part of a path.
    found = next((one for one in files("framescribe.review").joinpath("page").iterdir() if one.name == name), None)
    kind = _KINDS.get("." + name.rpartition(".")[2])
    if found is None or kind is None:
        raise HTTPException(404)
    content = await to_thread.run_sync(found.read_bytes)
    etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)
