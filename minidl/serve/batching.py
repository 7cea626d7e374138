"""Concurrent requests share passes of the network: one matrix product of many rows is cheaper than many of one.

While a pass runs, what arrives gathers for the next. An image alone waits a moment for others; if none comes, it goes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

Waiting = tuple[Any, "asyncio.Future[Any]"]


class Batcher:
    """Calls `work(items)`, a list of at most `most`, in a thread of its own; `wait` seconds at most for more items.

    `work` returns one result per item. `on_batch(size)` is told of every call.
    """

    def __init__(
        self,
        work: Callable[[list[Any]], Sequence[Any]],
        most: int,
        wait: float,
        on_batch: Callable[[int], None] = lambda size: None,
    ) -> None:
        self.work, self.most, self.wait, self.on_batch = work, most, wait, on_batch
        self._waiting: deque[Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, "batch")

    async def __aenter__(self) -> Batcher:
        self._arrived, self._enough = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._thread.shutdown()

    async def __call__(self, items: Sequence[Any]) -> list[Any]:
        """The results of these items, in their order. A cancelled caller's items are left out, if there is time."""
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in items]
        self._waiting.extend(zip(items, futures))
        self._arrived.set()
        if len(self._waiting) >= self.most:
            self._enough.set()
        try:
            return list(await asyncio.gather(*futures))
        finally:
            for future in futures:
                future.cancel()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            if len(self._waiting) < self.most and self.wait:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._enough.wait(), self.wait)
            batch = self._taken()
            if batch:
                await self._answer(batch)

    def _taken(self) -> list[Waiting]:
        """The next items, without those whose callers have gone."""
        batch: list[Waiting] = []
        while self._waiting and len(batch) < self.most:
            item, future = self._waiting.popleft()
            if not future.done():
                batch.append((item, future))
        if not self._waiting:
            self._arrived.clear()
        if len(self._waiting) < self.most:
            self._enough.clear()
        return batch

    async def _answer(self, batch: list[Waiting]) -> None:
        self.on_batch(len(batch))
        items = [item for item, _ in batch]
        try:
            results = await asyncio.get_running_loop().run_in_executor(self._thread, self.work, items)
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results):
            if not future.done():
                future.set_result(result)
