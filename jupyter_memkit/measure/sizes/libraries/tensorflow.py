"""TensorFlow's tensors, and the values of its variables.

A tensor on the processor shows its memory. A variable has a tensor as its handle, which
only describes the value. To read the value would be an operation, which a gradient tape
can record, and which copies the value of a variable that is updated in parts, as
embeddings are. So it counts apart from a tensor with which it shares its memory, until
one is assigned to it.
"""

from __future__ import annotations

import math
import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import RAM, Buffer, Parts
from jupyter_memkit.measure.sizes.registry import part_of_program, sizer

# Each tensor refers to it.
part_of_program("tensorflow.python.eager.context.Context")

# A text of up to 22 bytes is stored in this structure (`TF_TString`), a longer one
# outside.
_TEXT_BYTES = 24
# An upper bound of a type, or of what is said of a variable.
_DESCRIPTION_BYTES = 1024


@sizer("tensorflow.python.framework.ops.EagerTensor")
def size_tensor(tensor: Any) -> Parts:
    """Size a tensor, or the variable that it is the handle of."""
    own_bytes = allocated(sys.getsizeof(tensor))
    dtype = tensor.dtype
    if dtype.name == "resource":
        return _size_variable(tensor, own_bytes)
    if dtype.name == "variant":
        # It can be anything, such as a data set.
        return Parts(own_bytes=own_bytes, is_whole=False)
    if dtype.name == "string":
        own_bytes += _TEXT_BYTES * math.prod(tensor.shape)
        return Parts(own_bytes=own_bytes, is_whole=False)
    device = _name_device(tensor.backing_device)
    if device != RAM:
        n_bytes = math.prod(tensor.shape) * dtype.size
        block = Buffer(address=id(tensor), bytes=n_bytes, device=device)
        return Parts(own_bytes=own_bytes, buffers=(block,))
    # Unlike `numpy()`, it does not copy.
    array = tensor._numpy_internal()  # noqa: SLF001 - there is no other way
    address, _ = array.__array_interface__["data"]
    block = Buffer(address=address, bytes=array.nbytes)
    return Parts(own_bytes=own_bytes, buffers=(block,))


@sizer(
    "tensorflow.python.framework._dtypes.DType",
    "tensorflow.python.framework.cpp_shape_inference_pb2."
    "CppShapeInferenceResult.HandleData",
)
def size_description(description: Any) -> Parts:
    """Size a type, or what a handle says of its variable."""
    own_bytes = allocated(sys.getsizeof(description))
    return Parts(own_bytes=own_bytes, hidden_bytes=_DESCRIPTION_BYTES)


def _size_variable(handle: Any, own_bytes: int) -> Parts:
    description = handle._handle_data  # noqa: SLF001 - there is no other way
    (value,) = description.shape_and_type
    shape = [dim.size for dim in value.shape.dim]
    dtype = type(handle.dtype)(value.dtype)
    # One of unknown length is -1, and a table or an iterator has no type.
    is_known = not value.shape.unknown_rank and min(shape, default=0) >= 0
    if not is_known or dtype.name in ("string", "variant", "resource"):
        return Parts(own_bytes=own_bytes, is_whole=False)
    n_bytes = math.prod(shape) * dtype.size
    device = _name_device(handle.device)
    if device == RAM:
        return Parts(own_bytes=own_bytes + allocated(n_bytes))
    block = Buffer(address=id(handle), bytes=n_bytes, device=device)
    return Parts(own_bytes=own_bytes, buffers=(block,))


def _name_device(name: str) -> str:
    """Return the location that TensorFlow's name of a device ends with."""
    kind, number = name.rsplit(":", 2)[-2:]
    return RAM if kind == "CPU" else f"{kind.lower()}:{number}"
