"""Mission Runtime: a deterministic mission engine whose every run a stranger can check.

Start at `runtime.orchestration` (values and engine) and `runtime.orchestration.registry` (named missions).
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
