"""Hashes of frozen dataclasses that are worked out once: the same hazards are looked up once a patient class."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T", bound=type[Any])


def hashed_once(cls: T) -> T:
    """Let a frozen dataclass remember its hash; put it above ``@dataclass(frozen=True)``.

    It is left out of a pickle, because another process hashes strings otherwise.
    """
    plain: Any = cls.__hash__

    def remembered(self: Any) -> int:
        found = self.__dict__.get("_hash")
        if found is None:
            found = plain(self)
            object.__setattr__(self, "_hash", found)
        return int(found)

    def state(self: Any) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_hash"}

    for name, method in (("__hash__", remembered), ("__getstate__", state)):
        setattr(cls, name, method)
    return cls
