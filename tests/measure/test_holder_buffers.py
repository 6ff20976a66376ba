"""The blocks of memory that the buffers of an object take up."""

from __future__ import annotations

from jupyter_memkit.measure.holder_buffers import Block, _list_blocks, join_blocks
from jupyter_memkit.measure.sizes.parts import Buffer, Parts


def test_blocks_in_main_memory() -> None:
    """Only main memory counts, because each device has its own addresses."""
    buffers = (
        Buffer(address=64, bytes=8),
        Buffer(address=64, bytes=4, device="cuda:0"),
        Buffer(address=80, bytes=0),
    )
    assert _list_blocks(Parts(own_bytes=0, buffers=buffers)) == [Block(64, 72)]


def test_blocks_that_overlap() -> None:
    """Blocks that overlap are joined; those that only touch stay apart."""
    blocks = [Block(30, 40), Block(0, 20), Block(5, 10), Block(15, 25), Block(40, 50)]
    assert join_blocks(blocks) == [Block(0, 25), Block(30, 40), Block(40, 50)]
