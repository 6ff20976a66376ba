"""Adds up blocks of memory by address, each byte once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from jupyter_memkit.measure.sizes.mapped_files import find_file_at, find_mapped_files
from jupyter_memkit.measure.sizes.parts import DISK, RAM, UNTOUCHED, Buffer
from jupyter_memkit.measure.sizes.untouched import (
    LEAST_BYTES,
    Untouched,
    UntouchedFinder,
    count_copied,
)

# Looking up the mapped files is not worth it for less.
_MAPPED_BYTES = 64 * 1024


@dataclass(slots=True)
class BufferTotals:
    """The sum of one owner's blocks on one device."""

    bytes_by_fold: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    shared_bytes: float = 0.0
    doubtful_bytes: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    start: int
    end: int
    owner: int
    fold: int
    weight: float
    # The fraction of it that is on the device.
    part: float = 1.0


@dataclass(frozen=True, slots=True)
class _Segment:
    bytes: float
    owners: tuple[int, ...]
    claim: _Block | None


class BufferLedger:
    """Blocks of memory, and the variables that use them."""

    def __init__(self) -> None:
        self._blocks: dict[str, list[_Block]] = defaultdict(list)
        # How far off the provided bytes of a block can be, by owner and addresses.
        self._doubts: dict[tuple[int, int, int], float] = {}

    def add(self, buffer: Buffer, owner: int, *, fold: int, weight: float) -> None:
        """Record that a variable uses a block.

        Parameters
        ----------
        buffer : Buffer
            The block.
        owner : int
            The number of the variable.
        fold : int
            The fold of the sample that it was met in; 0 for no sample.
        weight : float
            The number of blocks that it represents.
        """
        if buffer.bytes > 0:
            end = buffer.address + buffer.bytes
            block = _Block(buffer.address, end, owner, fold, weight)
            self._blocks[buffer.device].append(block)

    def settle(self) -> tuple[dict[tuple[int, str], BufferTotals], float]:
        """Add up the blocks.

        Returns
        -------
        totals : dict of (int, str) to BufferTotals
            The sums by owner and device.
        together_bytes : float
            The main memory of all owners together, each byte once.
        """
        self._move_to_disk()
        self._set_untouched_apart()
        totals: dict[tuple[int, str], BufferTotals] = defaultdict(BufferTotals)
        together_bytes = 0.0
        for device, blocks in self._blocks.items():
            for segment in _cut(blocks):
                # A block that a sample met more than once represents only itself.
                weight = segment.claim.weight if segment.claim else 1.0
                fold = segment.claim.fold if segment.claim else 0
                for owner in segment.owners:
                    total = totals[owner, device]
                    total.bytes_by_fold[fold] += segment.bytes * weight
                    if len(segment.owners) > 1:
                        total.shared_bytes += segment.bytes
                if device == RAM:
                    together_bytes += segment.bytes * weight
        for (owner, *_), n_bytes in self._doubts.items():
            totals[owner, RAM].doubtful_bytes += n_bytes
        return totals, together_bytes

    def _move_to_disk(self) -> None:
        """Move blocks of mapped files from main memory to the disk."""
        blocks = self._blocks.get(RAM, [])
        # Not the largest: a mapped file can be read in thousands of small blocks.
        if sum(block.end - block.start for block in blocks) < _MAPPED_BYTES:
            return
        files = find_mapped_files()
        on_disk: list[_Block] = []
        in_memory: list[_Block] = []
        for block in blocks:
            file = find_file_at(block.start, files)
            if file is None:
                in_memory.append(block)
                continue
            part = 0.0
            if file.is_copied:
                n_bytes = block.end - block.start
                part = count_copied(block.start, n_bytes) / n_bytes
            if part < 1:
                on_disk.append(replace(block, part=1 - part))
            if part:
                in_memory.append(replace(block, part=part))
        self._blocks[RAM] = in_memory
        self._blocks[DISK] += on_disk

    def _set_untouched_apart(self) -> None:
        """Count only the provided part of a large block as main memory."""
        finder = UntouchedFinder()
        untouched: dict[tuple[int, int], Untouched] = {}
        for number, block in enumerate(self._blocks.get(RAM, [])):
            n_bytes = block.end - block.start
            if n_bytes < LEAST_BYTES or block.part != 1:
                continue
            place = (block.start, block.end)
            if place not in untouched:
                untouched[place] = finder.find(block.start, n_bytes)
            part = untouched[place].bytes / n_bytes
            doubtful_bytes = untouched[place].doubtful_bytes
            if doubtful_bytes:
                key = (block.owner, *place)
                self._doubts[key] = doubtful_bytes * block.weight
            if part:
                self._blocks[RAM][number] = replace(block, part=1 - part)
                self._blocks[UNTOUCHED].append(replace(block, part=part))


def _cut(blocks: list[_Block]) -> Iterator[_Segment]:
    """Yield segments of addresses within which the blocks do not change."""
    edges = [(block.start, True, block) for block in blocks]
    edges += [(block.end, False, block) for block in blocks]
    edges.sort(key=lambda edge: edge[:2])
    claims: dict[int, _Block] = {}
    owners: Counter[int] = Counter()
    last = 0
    for address, is_start, block in edges:
        if claims and address > last:
            first = next(iter(claims.values()))
            claim = first if len(claims) == 1 else None
            yield _Segment((address - last) * first.part, tuple(owners), claim)
        last = address
        if is_start:
            claims[id(block)] = block
            owners[block.owner] += 1
        else:
            del claims[id(block)]
            owners[block.owner] -= 1
            if not owners[block.owner]:
                del owners[block.owner]
