"""What a disk may hold after a power loss: all that was synced, and any part of what was not."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.durability.disk_trace.recording import Kind, Operation

SECTOR = 512
DIRECTORY = "."


@dataclass
class _File:
    """A file's content as of its last sync, and the changes since."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)


class Disk:
    """Takes operations one by one; an `image` is what it could hold if the power failed now.

    Names of files are durable once their directory is synced; of the changes of names since then the first
    few are kept, as a journal of the file system keeps them in order.
    """

    def __init__(self, *, ignores_syncs: bool = False) -> None:
        self._ignores_syncs = ignores_syncs
        self._files: dict[str, _File] = {}
        self._durable: dict[str, _File] = {}
        self._renamings: list[dict[str, _File]] = []

    def take(self, operation: Operation) -> None:
        """Let the operation happen."""
        kind, path = operation.kind, operation.path
        if kind is Kind.SYNC:
            self._sync(path)
        elif kind in (Kind.WRITE, Kind.TRUNCATE):
            self._files[path].pending.append(operation)
        elif kind is not Kind.CREATE or path not in self._files:
            if kind is Kind.CREATE:
                self._files[path] = _File()
            else:
                file = self._files.pop(path)
                if kind is Kind.RENAME:
                    self._files[operation.data.decode()] = file
            self._renamings.append(dict(self._files))

    def image(self, random: Random, folder: Path) -> None:
        """Leave in a new folder what the disk could hold."""
        folder.mkdir()
        names = random.choice((self._durable, *self._renamings))
        kept = random.choice((0.0, 0.5, 0.9))
        for name, file in names.items():
            content = bytearray(file.synced)
            for operation in file.pending:
                if random.random() < kept:
                    _apply(operation, content, torn=random if random.random() < 0.2 else None)
            (folder / name).write_bytes(content)

    def _sync(self, path: str) -> None:
        if self._ignores_syncs:
            return
        if path == DIRECTORY:
            self._durable, self._renamings = dict(self._files), []
            return
        file = self._files[path]
        for operation in file.pending:
            _apply(operation, file.synced)
        file.pending.clear()


def _apply(operation: Operation, content: bytearray, torn: Random | None = None) -> None:
    """Change the content. Of a write that is torn, some sectors are as they were before."""
    data, start = operation.data, operation.offset
    if operation.kind is Kind.TRUNCATE:
        del content[start:]
    content.extend(bytes(max(0, start + len(data) - len(content))))
    for at in range(0, len(data), SECTOR):
        if torn is None or torn.random() < 0.5:
            content[start + at : start + at + SECTOR] = data[at : at + SECTOR]
