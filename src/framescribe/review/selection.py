"""Knows which rows a selection made on the page stands for; reads no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from framescribe.errors import UserError

if TYPE_CHECKING:
    from framescribe.review.session import Session


def selected(session: Session, selection: Mapping[str, Any]) -> Sequence[str]:
    """The keys of the selected rows, each once: {"list": all of this list} or {"keys": these}. KeyError if the list
    is not known any more, UserError if the selection is neither."""
    name, keys = selection.get("list"), selection.get("keys")
    if isinstance(name, str) and keys is None:
        return session.keys_of(name)
    if isinstance(keys, list) and name is None and all(isinstance(key, str) for key in keys):
        return list(dict.fromkeys(keys))
    raise UserError('a selection is {"list": …} or {"keys": […]}')
