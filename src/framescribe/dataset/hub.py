"""Knows how a data set's folder gets to the Hugging Face Hub, whole or with one line about why not; knows no format.

HF_ENDPOINT, HF_HOME and HF_TOKEN are huggingface_hub's own and work as usual; the token is never shown.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from framescribe.addresses import without_access
from framescribe.engines.redaction import host, redacted
from framescribe.errors import MissingExtra, RunError, UserError

OURS = (".framescribe-*", "*/.framescribe-*")  # notes of the export, and temporary files
MOST_IN_A_FOLDER = 10_000  # https://huggingface.co/docs/hub/storage-limits#repository-limitations-and-recommendations
SHOWN = 3


def push(folder: Path, repo: str, *, private: bool, say: Callable[[str], None]) -> str:
    """Upload a folder to the data set `repo` ("name", or "owner/name") on the Hub, which is created if there is none,
    and return its address. What links lead to is uploaded as files. Files that are in the repository alone stay there.

    UserError if the user must change something; RunError if the Hub fails, or if files did not arrive. MissingExtra
    without huggingface_hub.
    """
    try:
        import huggingface_hub
        from huggingface_hub import constants, errors
    except ImportError as error:
        raise MissingExtra("--push-to-hub", "remote") from error

    files = _files(folder)
    token = huggingface_hub.get_token()
    where = host(constants.ENDPOINT)
    if token is None:
        raise UserError(f"no token for {where} was found: log in with `hf auth login`, or set HF_TOKEN")
    if constants.HF_HUB_OFFLINE:
        raise UserError("HF_HUB_OFFLINE is set, so nothing can be pushed: unset it")
    api = huggingface_hub.HfApi(token=token)
    try:
        made = api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        if private and api.repo_info(made.repo_id, repo_type="dataset").private is False:
            raise UserError(f"{made.repo_id} is there already and is public: make it private, or choose another name")
        size = sum(files.values())
        say(f"uploading {len(files):,} files ({size / 10**6:,.1f} MB) to {without_access(str(made))}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its advice about cards is not about mistakes
            api.upload_folder(
                folder_path=folder,
                repo_id=made.repo_id,
                repo_type="dataset",
                ignore_patterns=list(OURS),
                commit_message="Export from framescribe",
            )
        there = set(api.list_repo_files(made.repo_id, repo_type="dataset"))
    except (errors.HTTPError, OSError, ValueError, RuntimeError) as error:
        raise _told(error, repo, where, token) from error
    if missing := sorted(files.keys() - there):
        raise RunError(
            f"{len(missing):,} of {len(files):,} files are not in {made.repo_id} ({', '.join(missing[:SHOWN])}): does "
            "a .gitignore there leave them out?"
        )
    return str(made)


def _files(folder: Path) -> dict[str, int]:
    """The size of each file that is to be uploaded, by its path. UserError if one cannot be."""
    found = dict(_sizes(folder))
    if not found:
        raise UserError(f"{folder} holds no files to push")
    folders = Counter(path.rpartition("/")[0] for path in found)
    largest, count = folders.most_common(1)[0]
    if count > MOST_IN_A_FOLDER:
        raise UserError(
            f"{folder / largest} holds {count:,} files, and the Hub takes at most {MOST_IN_A_FOLDER:,} in a folder: "
            "export it --to webdataset, or --to datasets, which pack them"
        )
    return found


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", ".cache")]
        for name in sorted(names):
            path = Path(at, name)
            if name.startswith(".framescribe-"):
                continue
            try:
                yield path.relative_to(folder).as_posix(), path.stat().st_size
            except OSError as error:
                raise UserError(f"{path} cannot be read, so it cannot be pushed ({error.strerror})") from None
        if linked := [name for name in folders if os.path.islink(os.path.join(at, name))]:
            raise UserError(
                f"{Path(at, linked[0])} is a link to a folder, which is not followed: copy the folder there"
            )


def _told(error: Exception, repo: str, where: str, token: str) -> UserError | RunError:
    """One line about what huggingface_hub raised."""
    from huggingface_hub import errors

    chain: list[BaseException] = [error]
    while (below := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 20:
        chain.append(below)
    if isinstance(
        invalid := next((one for one in chain if isinstance(one, errors.HFValidationError)), None), Exception
    ):
        return UserError(f"{repo!r} cannot be the name of a data set on the Hub (owner/name): {_line(invalid, token)}")
    answer = next((one for one in chain if isinstance(one, errors.HfHubHTTPError)), None)
    if answer is not None and answer.response is not None:
        status = answer.response.status_code
        if status in (401, 403, 404):
            return UserError(
                f"{where} does not let your token write to {repo} (status {status}): log in with one that may "
                "(hf auth login, or HF_TOKEN), and see that the owner's name is right"
            )
        said = answer.server_message or _line(answer, token)
        return RunError(f"{where} answers {status} to the upload to {repo}: {' '.join(said.split())[:300]}")
    if any(isinstance(one, errors.HTTPError | ConnectionError) for one in chain):
        return RunError(f"{where} cannot be reached ({_line(chain[-1], token)}); the same command goes on later")
    return RunError(f"the upload to {repo} failed: {_line(error, token)}")


def _line(error: BaseException, token: str) -> str:
    """What an error says in one line, without keys."""
    said = " ".join(str(error).split()) or type(error).__name__
    return redacted(without_access(said), [token])[:300]
