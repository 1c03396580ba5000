"""Marks the fields that hold personal data where they are declared, and empties them. Pure types."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final, NamedTuple, TypeVar, get_args

from msgspec import NODEFAULT, Struct, structs

T = TypeVar("T")
Held = TypeVar("Held", bound=Struct)


class _Mark:
    """Says of a field that it holds personal data; msgspec passes it over."""


PERSONAL: Final = _Mark()

Personal = Annotated[T, PERSONAL]
"""The type of a field that tells something of a person, or in which anything may be written of one.

What is marked goes when a customer is erased: an optional field back to its default, a required text becomes
empty. A marked struct goes as a whole.
"""


class _Step(NamedTuple):
    """A field that is emptied, or that has parts in which fields are."""

    name: str
    emptied: Callable[[Any], Any]


def without_personal_data(value: Held) -> Held:
    """The value with all marked fields empty, in all of its parts; the same object if they are already."""
    changes: dict[str, Any] = {}
    for name, emptied in _steps(type(value)):
        before = getattr(value, name)
        after = emptied(before)
        if after != before:
            changes[name] = after
    return structs.replace(value, **changes) if changes else value


def is_marked(type_: object) -> bool:
    """Whether a declared type, of a field, says that it is personal."""
    return PERSONAL in get_args(type_) or any(is_marked(each) for each in get_args(type_))


@cache
def _steps(type_: type[Struct]) -> tuple[_Step, ...]:
    found: list[_Step] = []
    for field in structs.fields(type_):
        if is_marked(field.type):
            found.append(_Step(field.name, _emptying(field)))
        elif any(_steps(part) for part in _structs_in(field.type)):
            found.append(_Step(field.name, _in_parts))
    return tuple(found)


def _emptying(field: structs.FieldInfo) -> Callable[[Any], Any]:
    if field.default_factory is not NODEFAULT:
        factory: Callable[[], Any] = field.default_factory
        return lambda _: factory()
    default = "" if field.default is NODEFAULT else field.default
    return lambda _: default


def _in_parts(value: Any) -> Any:  # noqa: ANN401 - a field of any type that has structs in it
    if isinstance(value, Struct):
        return without_personal_data(value)
    return tuple(map(without_personal_data, value)) if isinstance(value, tuple) else value


def _structs_in(type_: object) -> list[type[Struct]]:
    if isinstance(type_, type) and issubclass(type_, Struct):
        return [type_]
    return [each for part in get_args(type_) for each in _structs_in(part)]
