"""What the paths share: the run, the network in batches, the threads that decode, and the counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from .._version import __version__
from ..data.photo import SIDE
from ..data.photo.likeness import likeness
from ..language import translated
from .batching import Batcher
from .collection import Collection
from .limits import Limits
from .metrics import Metrics
from .pictures import Picture, picture_of
from .problems import Problem
from .reader import Judgement, Reader, Reading
from .schemas import Image
from .study import Study

T = TypeVar("T")
DECODERS = 2  # threads: a picture being decoded takes some 10 bytes per pixel
STUDIES = 4  # that may wait for the thread that looks inside


@dataclass(frozen=True)
class Run:
    """What is told of the run that is served."""

    name: str
    classes: list[str]
    shape: list[int]
    parameters: int


class Service:
    """A run in service, from `start` to `stop`."""

    def __init__(
        self, run: Run, reader: Reader, study: Study, limits: Limits, collection: Collection | None = None
    ) -> None:
        self.run, self.reader, self.study, self.limits, self.collection = run, reader, study, limits, collection
        self.metrics, self.stages, self.has_gradients = Metrics(), study.stages(), study.has_gradients()
        self._stack = AsyncExitStack()
        self._studying = 0

    async def start(self) -> None:
        """Start the threads, and prepare the known digits that photos are compared with, which takes seconds."""
        self._decoders = self._stack.enter_context(ThreadPoolExecutor(DECODERS, "decode"))
        self._looker = self._stack.enter_context(ThreadPoolExecutor(1, "study"))
        self._batcher = await self._stack.enter_async_context(
            Batcher(self.reader.read, self.limits.batch, self.limits.batch_wait / 1000, self.metrics.batches.add)
        )
        await self.decoding(likeness, np.full((SIDE, SIDE), 255, np.uint8))

    async def stop(self) -> None:
        """End them, once their work is done."""
        await self._stack.aclose()

    async def decoding(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in one of the threads that decode."""
        return await asyncio.get_running_loop().run_in_executor(self._decoders, function, *arguments)

    async def studying(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the thread that looks inside. Raises the `Problem` of too many that wait for it."""
        if self._studying > STUDIES:
            raise Problem(503, "the network is being looked into by others; try again")
        self._studying += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._looker, function, *arguments)
        finally:
            self._studying -= 1

    async def answers(self, images: list[Image | bytes], layers: bool, lang: str = "en") -> list[dict[str, Any]]:
        """The answers to these images, as `schemas.Answer` has them, in a language."""
        pictures = await self.decoding(lambda: [picture_of(image, self.limits.pixels) for image in images])
        readings = iter(await self._batcher([picture.digit for picture in pictures if picture.digit is not None]))
        pairs = [(picture, None if picture.digit is None else next(readings)) for picture in pictures]

        def judged() -> list[Judgement]:
            return [self.reader.judge(*pair) for pair in pairs]

        photos = any(picture.photo for picture in pictures)
        judgements = await self.decoding(judged) if photos else judged()
        found = [self._answer(*pair, judgement, lang) for pair, judgement in zip(pairs, judgements)]
        if layers:
            for picture, answer in zip(pictures, found):
                if picture.digit is not None:
                    answer["layers"] = await self.studying(self.study.layers, picture.digit)
        return found

    def _answer(self, picture: Picture, reading: Reading | None, judgement: Judgement, lang: str) -> dict[str, Any]:
        self.metrics.answers[judgement.state] += 1
        known = reading is not None and bool(np.isfinite(reading.probabilities).all())
        names = zip(self.run.classes, reading.probabilities.tolist()) if reading is not None and known else ()
        return {
            **asdict(judgement),
            "reason": None if judgement.reason is None else translated(judgement.reason, lang),
            "warnings": [translated(warning, lang) for warning in judgement.warnings],
            "probabilities": [{"name": name, "probability": value} for name, value in names],
            "scores": reading.scores.tolist() if reading is not None and known else [],
            "pixels": None if picture.digit is None else picture.digit.tolist(),
        }

    def described(self) -> dict[str, Any]:
        """The run, as `schemas.Model` has it."""
        return {
            **asdict(self.run), "stages": self.stages, "version": __version__,
            "has_gradients": self.has_gradients, "thresholds": asdict(self.reader.thresholds),
            "collecting": self.collection is not None, "max_body_bytes": self.limits.body_bytes,
            "max_pixels": self.limits.pixels, "max_images": self.limits.max_images,
        }  # fmt: skip
