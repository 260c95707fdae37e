"""Sampling from p(x)^alpha: a base model that reasons as if it had been trained by RL (arXiv 2510.14901), exactly."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Capabilities, Draft, Engine, Job
    from .kernels import EarlyCuts, EntropyCuts, Kernel, Path, UniformCuts, WholeCuts
    from .particles import Smc, run_smc
    from .sampler import PowerConfig, PowerSampler, Sample, Step
    from .tabular import TabularEngine

_HOMES = {
    "Capabilities": ".engine",
    "Draft": ".engine",
    "EarlyCuts": ".kernels",
    "Engine": ".engine",
    "EntropyCuts": ".kernels",
    "Job": ".engine",
    "Kernel": ".kernels",
    "Path": ".kernels",
    "PowerConfig": ".sampler",
    "PowerSampler": ".sampler",
    "Sample": ".sampler",
    "Smc": ".particles",
    "Step": ".sampler",
    "TabularEngine": ".tabular",
    "UniformCuts": ".kernels",
    "WholeCuts": ".kernels",
    "run_smc": ".particles",
}

__all__ = [
    "Capabilities",
    "Draft",
    "EarlyCuts",
    "Engine",
    "EntropyCuts",
    "Job",
    "Kernel",
    "Path",
    "PowerConfig",
    "PowerSampler",
    "Sample",
    "Smc",
    "Step",
    "TabularEngine",
    "UniformCuts",
    "WholeCuts",
    "run_smc",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
