"""Knows how files behind URLs are listed, read whole and written whole, through fsspec; not what they hold.

Credentials come from where each store's package looks for them (environment, files in the home folder, the machine's
role); framescribe never asks for any. Error texts name no address, because it may contain a key.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import Any, Literal, NamedTuple, TypeVar

from framescribe.errors import FramescribeError, MissingExtra

TRIES, FIRST_WAIT = 4, 0.5  # seconds, doubled each time
TRIES_OF_STORES = 2  # object stores' packages retry by themselves
AT_ONCE = 16  # objects read together
# The variables in which stores' packages look for credentials (boto3, adlfs, huggingface_hub), by store.
CREDENTIALS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION"),
    (
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_ACCOUNT_NAME",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
    ),
    ("HF_TOKEN",),
)

T = TypeVar("T")


def is_remote(path: str) -> bool:
    return "://" in path and re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", path) is not None


def is_web(path: str) -> bool:
    """Whether it is an http or https address, which can be read but neither listed nor written."""
    return path.lower().startswith(("http://", "https://"))


class StoreError(FramescribeError):
    """What went wrong with a store, as the end of a sentence: "there is no such file …", "permission is denied"."""

    def __init__(self, kind: Literal["missing", "denied", "changed", "failed"], text: str) -> None:
        self.kind: Literal["missing", "denied", "changed", "failed"] = kind
        super().__init__(text)


def filesystem(url: str) -> Any:
    """The fsspec file system for a URL. MissingExtra without its package, ValueError for an unknown protocol."""
    import fsspec

    scheme = url.split("://", 1)[0].lower()
    try:
        kind = fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        raise MissingExtra(f"{scheme}://", "remote") from error
    try:
        return kind(**kind._get_kwargs_from_urls(url))
    except ImportError as error:
        raise MissingExtra(f"{scheme}://", "remote") from error
    except ValueError as error:  # adlfs, if nothing says which account
        raise StoreError("denied", f"no credentials for {scheme}:// were found") from error


def tried(url: str, call: Callable[[], T]) -> T:
    """What `call` returns; several tries if the store fails. Raises StoreError."""
    tries, last = (TRIES if is_web(url) else TRIES_OF_STORES), ""
    for attempt in range(tries):
        if attempt:
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
        try:
            return call()
        except (ImportError, ValueError, FramescribeError):
            raise
        except Exception as error:  # every kind of store has its own errors
            cause = _first_cause(error)
            status = _status(cause)
            if type(error).__name__ == "FileExpired":  # s3fs, by the object's ETag
                raise StoreError("changed", "it changed while it was read") from None
            if isinstance(cause, FileNotFoundError) or status in (404, 410):
                raise StoreError("missing", "there is no such file, folder or bucket") from None
            if "NoCredentials" in type(cause).__name__:
                raise StoreError("denied", "no credentials were found") from None
            if isinstance(cause, PermissionError) or status in (401, 403):
                raise StoreError("denied", "permission is denied") from None
            last = f"HTTP status {status}" if status else type(cause).__name__
    raise StoreError("failed", f"it failed {tries} times ({last})")


def _first_cause(error: BaseException) -> BaseException:
    """The original error: fsspec says that there is no such file, whatever the server said."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _status(error: BaseException) -> int | None:
    answer = getattr(error, "response", None)  # botocore's
    metadata = answer.get("ResponseMetadata", {}) if isinstance(answer, dict) else {}
    status = getattr(error, "status", None) or metadata.get("HTTPStatusCode")
    return status if isinstance(status, int) else None


Listed = tuple[str, int | None, str | None]  # a name, a size, and what the store says of its version (`stamp_in`)


def listed(folder: str, depth: int | None = None) -> Iterator[Listed]:
    """The files beneath a folder, by name, relative to it; all, or those at most `depth` deep.

    One request per thousand names, and about 1.2 KB of memory for each until it is yielded. StoreError if the folder
    cannot be listed; nothing if it is empty.
    """
    fs = filesystem(folder)
    base = fs._strip_protocol(folder).rstrip("/") + "/"
    fs.invalidate_cache()
    found: dict[str, Any] = tried(folder, lambda: fs.find(base, maxdepth=depth, detail=True))
    fs.invalidate_cache()  # it would keep the listing for the whole run
    for path in sorted(found):
        entry = found.pop(path)
        if _is_file(entry, path, base):
            yield path[len(base) :], entry.get("size"), stamp_in(entry)


def walked(folder: str, depth: int | None = None) -> Iterator[Listed]:
    """As `listed`, with a request or more per folder, made when the first of its names is asked for."""
    fs = filesystem(folder)
    base = fs._strip_protocol(folder).rstrip("/") + "/"
    levels = [iter([(base, None)])]
    while levels:
        path, entry = next(levels[-1], (None, None))
        if path is None:
            levels.pop()
        elif entry is not None:
            yield path[len(base) :], entry.get("size"), stamp_in(entry)
        elif depth is None or path[len(base) :].count("/") < depth:
            levels.append(iter(_within(fs, folder, path, base)))


def _within(fs: Any, folder: str, path: str, base: str) -> list[tuple[str, Any]]:
    """What is in a folder, by name: files with their entries, and folders, whose paths end in a slash, with None."""
    fs.invalidate_cache()
    try:
        entries = tried(folder, lambda: fs.ls(path, detail=True))
    except StoreError as error:
        if path == base or error.kind != "missing":
            raise
        entries = []  # it was removed meanwhile
    fs.invalidate_cache()
    found = dict[str, Any]()
    for entry in entries:
        name = entry["name"]
        if entry.get("type") == "directory":
            if len(name.rstrip("/")) >= len(path):  # not the folder itself, as some stores say
                found[name.rstrip("/") + "/"] = None
        elif _is_file(entry, name, base):
            found[name] = entry
    return sorted(found.items(), key=lambda one: one[0])


def _is_file(entry: Mapping[str, Any], path: str, base: str) -> bool:
    # A name that ends in a slash stands for an empty folder.
    return entry.get("type") == "file" and path.startswith(base) and not path.endswith("/")


def size_of(url: str) -> int | None:
    """The size of the file there, None if the store does not say. StoreError if there is no file."""
    fs = filesystem(url)
    size = tried(url, lambda: fs.info(url)).get("size")
    fs.invalidate_cache()
    return size if isinstance(size, int) else None


class Described(NamedTuple):
    """What a store says of a file: bytes, its version (`stamp_in`), and when it was changed, in seconds."""

    size: int | None
    stamp: str | None
    modified: float | None


def described(url: str) -> Described:
    """What the store says of the file there. Raises StoreError."""
    fs = filesystem(url)
    entry = tried(url, lambda: fs.info(url))
    fs.invalidate_cache()
    names = ("LastModified", "last_modified", "mtime", "updated")
    modified = next((entry[name] for name in names if name in entry), None)
    seconds = modified.timestamp() if isinstance(modified, datetime) else modified
    size = entry.get("size")
    return Described(
        size if isinstance(size, int) else None,
        stamp_in(entry),
        seconds if isinstance(seconds, int | float) else None,
    )


def stamp_in(entry: Mapping[str, Any]) -> str | None:
    """What a store says of a file's version in its listing: an ETag, a generation, a hash; None where it says nothing.

    The names are those of s3fs, gcsfs, adlfs and huggingface_hub.
    """
    names = ("ETag", "etag", "generation", "md5Hash", "content_settings.content_md5", "blob_id", "LastModified")
    found = next((entry[name] for name in names if entry.get(name)), None)
    return None if found is None else str(found).strip('"')


def read_whole(url: str) -> bytes:
    """All bytes of a file. Raises StoreError."""
    fs = filesystem(url)
    content: bytes = tried(url, lambda: fs.cat_file(url))
    return content


def read_all(folder: str, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Files beneath a folder, whole, in the order of `names`; some are fetched ahead. Raises StoreError."""
    rest = iter(names)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="read") as threads:
        while some := list(islice(rest, 4 * AT_ONCE)):
            yield from zip(some, threads.map(lambda name: read_whole(f"{folder}/{name}"), some), strict=True)


def write_whole(url: str, content: bytes) -> None:
    """Make or replace a small file at once. Raises StoreError."""
    fs = filesystem(url)
    tried(url, lambda: fs.pipe_file(url, content))
    fs.invalidate_cache()


def upload(local: str, url: str) -> None:
    """Make or replace a file from one on this machine: it appears whole or not at all. Raises StoreError."""
    fs = filesystem(url)
    tried(url, lambda: fs.put_file(local, url))
    fs.invalidate_cache()
