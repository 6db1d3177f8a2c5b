"""The clock and the sleep of the machine. The clock is monotonic: setting the time of day changes nothing."""

from asyncio import sleep as async_sleep
from time import monotonic
from time import sleep as blocking_sleep

__all__ = ["async_sleep", "blocking_sleep", "monotonic"]
