"""Torch tensors and models as plain data, and gradients through an answer. Torch is never imported here before a value of its own turns up."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

TOLERANCES = {"float32": (1e-4, 1e-5), "complex64": (1e-4, 1e-5), "float16": (1e-2, 1e-3), "bfloat16": (2e-2, 1e-2)}
EXACT = (1e-6, 1e-8)


@dataclass(frozen=True, eq=False)
class PlainTensor:
    """A torch tensor as plain data, to be sent, kept and compared without torch.

    `values` is a numpy array of the tensor's shape. Where numpy lacks the tensor's type (bfloat16), it holds the same numbers as float32.
    """
    values: np.ndarray
    dtype: str = "float32"  # torch's own name, without the "torch." in front
    device: str = "cpu"  # such as "cuda:0"
    requires_grad: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        "The tensor's shape."
        return self.values.shape

    def copy(self) -> "PlainTensor":
        "The same with values of its own."
        return replace(self, values=self.values.copy())

    def to_torch(self) -> Any:
        "The torch tensor, on the CPU. Imports torch."
        import torch
        return torch.tensor(self.values, dtype=getattr(torch, self.dtype), requires_grad=self.requires_grad)


def torch_again(value: Any) -> Any:
    "`value`, which may be lists, tuples and dicts, with torch's tensors in the place of PlainTensors."
    if isinstance(value, PlainTensor): return value.to_torch()
    if isinstance(value, dict): return {torch_again(key): torch_again(item) for key, item in value.items()}
    return type(value)(torch_again(item) for item in value) if type(value) in (list, tuple) else value


def is_tensor(value: Any) -> bool:
    "Whether `value` is a torch tensor (or a parameter, or of another class that descends from it)."
    return _is_a(value, lambda torch: torch.Tensor)


def is_model(value: Any) -> bool:
    "Whether `value` is a torch module: a layer, or a whole model."
    return _is_a(value, lambda torch: torch.nn.Module)


def _is_a(value, kind):
    "Whatever is torch's cannot be there before torch is."
    return "torch" in sys.modules and isinstance(value, kind(sys.modules["torch"]))


def readable(tensor: Any) -> bool:
    "Whether a torch tensor has values that can be laid out as an array: not those that are sparse, quantized, nested or on no device."
    torch = sys.modules["torch"]
    return tensor.layout is torch.strided and not (tensor.is_meta or tensor.is_quantized or tensor.is_nested)


def plain_tensor(tensor: Any) -> PlainTensor:
    "A copy of a readable torch tensor as plain data."
    torch = sys.modules["torch"]
    detached = tensor.detach().as_subclass(torch.Tensor).cpu().resolve_conj().resolve_neg()
    name = str(tensor.dtype).removeprefix("torch.")
    known = name if hasattr(np, name) else "complex64" if tensor.is_complex() else "float32"
    values = np.array(detached.to(getattr(torch, known)).numpy())
    return PlainTensor(values, name, str(tensor.device), tensor.requires_grad)


def model_text(model: Any) -> str:
    "What a torch module is made of, and how many numbers it learns."
    size = sum(parameter.numel() for parameter in model.parameters())
    return f"{model!r}, which has {size:,} parameters"


def tolerances(*tensors: PlainTensor) -> tuple[float, float]:
    "How far numbers of the tensors' types may lie apart when they came about in different ways: relative to their size, and in any case."
    return max(TOLERANCES.get(tensor.dtype, EXACT) for tensor in tensors)


def with_gradients(function: Callable, arguments: tuple, options: dict | None = None) -> tuple[Any, list]:
    """The result of `function`, and what flows back through it: for each argument that requires a gradient, that of half the sum of the
    result's squares, or None where nothing arrives. No gradients at all where the result is no tensor of real numbers."""
    leaves = [value for value in arguments if is_tensor(value) and value.requires_grad]  # before the call, which may change that
    result = function(*arguments, **(options or {}))
    if not is_tensor(result) or not result.is_floating_point(): return result, []
    if not result.requires_grad or not leaves: return result, [None] * len(leaves)
    return result, list(sys.modules["torch"].autograd.grad(result, leaves, grad_outputs=result.detach(), allow_unused=True))
