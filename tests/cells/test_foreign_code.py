"""No code of the user's objects runs while a cell is analysed or compiled."""

from __future__ import annotations

from types import FunctionType

from jupyter_memkit.cells.inputs import add_function_inputs


class Impostor:
    """An object that claims to be a function, and records that it was asked."""

    asked = False

    @property
    def __class__(self) -> type:
        """Record it."""
        type(self).asked = True
        return FunctionType

    @__class__.setter
    def __class__(self, value: type) -> None:
        raise NotImplementedError


def test_functions_are_known_by_their_types() -> None:
    """A variable of a cell is not asked for its class."""
    Impostor.asked = False
    assert add_function_inputs(["it"], {"it": Impostor()}) == ("it",)
    assert not Impostor.asked
