"""JSON Merge Patch (RFC 7396): what a patch makes of a document, and the type of patches to a type."""

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

MEDIA_TYPE: Final = "application/merge-patch+json"

_NULL: Final = b"null"


def merge(target: bytes, patch: bytes) -> bytes:
    """The target (JSON) with the patch (JSON) applied.

    Members keep the text they were written with, so that an amount given as a number stays exact.
    """
    if not patch.lstrip().startswith(b"{"):
        return patch
    changes = msgspec.json.decode(patch, type=dict[str, Raw])
    members = msgspec.json.decode(target, type=dict[str, Raw]) if target.startswith(b"{") else {}
    for name, change in changes.items():
        if bytes(change) == _NULL:
            members.pop(name, None)
        else:
            members[name] = Raw(merge(bytes(members.get(name, b"")), bytes(change)))
    return msgspec.json.encode(members)


@cache
def patch_type(replacement: type[Struct], name: str) -> type[Struct]:
    """The type of patches to `replacement`: every member may be left out or null, in its objects too."""
    members = [
        (field.name, _optional(_patched(field.type)), UNSET) for field in msgspec.structs.fields(replacement)
    ]
    return msgspec.defstruct(
        name, members, forbid_unknown_fields=True, frozen=True, namespace={"__doc__": replacement.__doc__}
    )


def _optional(type_: Any) -> Any:  # noqa: ANN401 - a type as an annotation has it
    # Raw takes null by itself, and msgspec takes nothing but null for a union of the two.
    if get_origin(type_) is Annotated and get_args(type_)[0] is Raw:
        return Union[type_, UnsetType]  # noqa: UP007 - built of values
    return Union[type_, None, UnsetType]  # noqa: UP007 - built of values


def _patched(type_: Any) -> Any:  # noqa: ANN401 - a type as an annotation has it
    """The type of a member in a patch. Arrays are replaced as a whole; of an object, member by member."""
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (Union, UnionType):
        (inner, *others) = (each for each in arguments if each not in (NoneType, UnsetType))
        return type_ if others else _patched(inner)
    if origin is Annotated and get_origin(arguments[0]) is dict:
        # How many pairs there are is known once they are merged.
        return _patched(arguments[0])
    if origin is dict:
        key, value = arguments
        return dict[key, value | None]  # type: ignore[valid-type]
    if isinstance(type_, type) and issubclass(type_, Struct):
        return patch_type(type_, type_.__name__.removesuffix("Input") + "Patch")
    return type_
