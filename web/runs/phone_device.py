"""Virtual phones of runs: each lives in its run's folder and comes back as it was after the last finished action."""

from __future__ import annotations

import asyncio
import os
import pickle
import re
import secrets
import shutil
import zlib
from pathlib import Path

from ...durable import CallRecord, Ledger
from ...errors import RunError
from ...tools.android import InProcessDevice, VirtualAndroid

_DONE = "phone:done:"


class KeptPhone:
    """A virtual phone in a folder: one file for each action that was done.

    The files are this program's own, written with pickle, as LangGraph's checkpoints beside them are; nothing that came
    from outside is read from them.

    Args:
        folder: Of this run's phone.
        seed: What a phone that was not touched yet begins from.
    """

    def __init__(self, folder: Path, *, seed: int = 0) -> None:
        self._folder = folder
        self._seed = seed
        self._android: VirtualAndroid | None = None

    def open(self, done: int) -> InProcessDevice:
        """The phone as it was after its last kept action.

        Args:
            done: Number of the last action of which the run's ledger says that it was done; 0 for none.

        Raises:
            RunError: The phone after that action is not here.
        """
        self._android = android = VirtualAndroid(seed=self._seed)
        last = max(self._kept(), default=0)
        if last < done:
            raise RunError(
                f"The virtual phone of this run is not on this machine as it was after step {done}.",
                mend="Servers that share a database must share their data folder too.",
            )
        if last:
            android.restore(pickle.loads(zlib.decompress(self._file(last).read_bytes())))
        return InProcessDevice(android, shell=True)

    def keep(self, step: int) -> None:
        """Write the phone as it is after an action; on the disk when this returns."""
        assert self._android is not None
        with self._android.lock:
            data = zlib.compress(pickle.dumps(self._android.snapshot(), pickle.HIGHEST_PROTOCOL), 1)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._file(step)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def copy(self, to: Path, step: int) -> None:
        """Give a fork the phone as it was after an action."""
        for kept in self._kept():
            if kept <= step:
                to.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._file(kept), to / self._file(kept).name)

    def _kept(self) -> list[int]:
        names = (re.fullmatch(r"(\d{6})\.phone", path.name) for path in self._folder.glob("*.phone"))
        return [int(match[1]) for match in names if match]

    def _file(self, step: int) -> Path:
        return self._folder / f"{step:06d}.phone"


class KeepingLedger(Ledger):
    """A run's ledger that has the phone on the disk before it says that an action was done.

    Args:
        ledger: The run's own.
        phone: Its phone.
    """

    def __init__(self, ledger: Ledger, phone: KeptPhone) -> None:
        super().__init__()
        self._ledger, self._phone = ledger, phone

    async def get(self, key: str) -> CallRecord | None:
        """The finished call under `key`, or None."""
        return await self._ledger.get(key)

    async def put(self, record: CallRecord) -> None:
        """Store a finished call; after an action, the phone first."""
        if record.key.startswith(_DONE):
            await asyncio.to_thread(self._phone.keep, int(record.key.removeprefix(_DONE)))
        await self._ledger.put(record)

    async def records(self) -> list[CallRecord]:
        """All finished calls, oldest first."""
        return await self._ledger.records()


def last_done(records: list[CallRecord]) -> int:
    """Number of the last action that the ledger says was done; 0 for none."""
    return max((int(r.key.removeprefix(_DONE)) for r in records if r.key.startswith(_DONE)), default=0)
