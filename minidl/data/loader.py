"""The loader: a data set in shuffled batches, prepared in the background on request.

Each epoch draws one number from the generator. The order of the epoch and the random stream of each batch are
derived from it, so an epoch can be repeated, or resumed in the middle, from two integers (`state_dict`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from ..backend import current_backend, work_in
from ..errors import ArgumentError, refuse
from ..random import Generator, generator_or_default
from .collate import default_collate, default_convert, moved
from .dataset import SizedDataset, get_batch, get_samples
from .sampler import BatchSampler
from .stream import use_stream

SHUFFLE, AUGMENT = 0, 1  # the purposes of the numbers derived from an epoch's seed
PREFETCH_FACTOR = 2  # PyTorch's default: batches ahead per worker


class DataLoader:
    """Iterating gives the batches of one epoch of `dataset`.

    Args:
        dataset: anything with `len` and `[index]`; with `get_batch`, entire batches are asked for (see `Dataset`).
        batch_size: samples in a batch; the last may be shorter, unless `drop_last`. None: single samples, not stacked.
        shuffle: a new random order each epoch.
        sampler: any iterable of indices, instead of `shuffle`; `batch_sampler`: of lists of indices.
        num_workers: threads that make batches in the background; 0: none. (They are threads, not processes: NumPy and
            OpenCV release Python's lock, and nothing is copied or pickled.)
        prefetch: how many batches are made ahead; default `prefetch_factor` (2) per worker. With `num_workers=0`, a
            positive `prefetch` means one thread.
        collate_fn: makes a batch from a list of samples; default `default_collate`.
        generator: what the order and the augmentation are drawn from; default `minidl.default_generator`.
        device: where the tensors of a batch are moved to, as soon as it is made. With `prefetch`, the background thread
            then starts a GPU's uploads ahead of time, through page-locked memory.

    The batches, in content and order, are the same for any number of workers. An error in a worker is raised at the
    batch it belongs to. Raises `ArgumentError` for an empty data set, or if there would be no batch at all;
    `UnsupportedError` for PyTorch's other arguments (`pin_memory`, `timeout`, ...) if they ask for something.

    >>> list(DataLoader(range(5), batch_size=2))
    [tensor([0, 1]), tensor([2, 3]), tensor([4])]
    """

    def __init__(
        self,
        dataset: SizedDataset[Any],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        prefetch: int | None = None,
        device: Any = None,
    ) -> None:
        refuse(
            "DataLoader",
            pin_memory=pin_memory,
            timeout=timeout or None,
            worker_init_fn=worker_init_fn,
            multiprocessing_context=multiprocessing_context,
            persistent_workers=persistent_workers,
            pin_memory_device=pin_memory_device or None,
        )
        if not in_order:
            raise ArgumentError("DataLoader: in_order=False is left out: batches always come in the sampler's order")
        if generator is not None and not isinstance(generator, Generator):
            raise ArgumentError(f"DataLoader: generator must be a minidl.Generator, got {type(generator).__name__}")
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise ArgumentError(
                f"DataLoader: {type(dataset).__name__} lacks len() or [index]; make it a list or a Dataset"
            )
        self.dataset, self.shuffle, self.sampler = dataset, bool(shuffle), sampler
        self._own_order = sampler is None and batch_sampler is None
        self.device = device
        self.generator, self.num_workers = generator, _count("num_workers", num_workers)
        self.prefetch = self._batches_ahead(prefetch, prefetch_factor)
        self.batch_size, self.drop_last, self.batch_sampler = self._batching(batch_size, drop_last, batch_sampler)
        self.collate_fn = collate_fn or (default_convert if self.batch_sampler is None else default_collate)
        self._epoch_seed: int | None = None
        self._batch = 0
        self._resume_at: tuple[int, int] | None = None

    def _batches_ahead(self, prefetch: int | None, factor: int | None) -> int:
        if factor is not None and (self.num_workers == 0 or prefetch is not None):
            raise ArgumentError(
                "DataLoader: prefetch_factor is batches per worker: it needs num_workers > 0, no prefetch"
            )
        if prefetch is None:
            return self.num_workers * (PREFETCH_FACTOR if factor is None else _count("prefetch_factor", factor, 1))
        if _count("prefetch", prefetch) == 0 and self.num_workers:
            raise ArgumentError(f"DataLoader: num_workers={self.num_workers} with prefetch=0 would have nothing to do")
        return prefetch

    def _batching(
        self, batch_size: int | None, drop_last: bool, batch_sampler: Iterable[list[int]] | None
    ) -> tuple[int | None, bool, Iterable[list[int]] | None]:
        """The batch size, whether a short last batch is dropped, and the source of each batch's indices."""
        if self.sampler is not None and self.shuffle:
            raise ArgumentError("DataLoader: a sampler decides the order itself; leave shuffle out")
        if batch_sampler is not None:
            if batch_size != 1 or self.shuffle or self.sampler is not None or drop_last:
                raise ArgumentError(
                    "DataLoader: a batch_sampler decides order and size itself; leave batch_size, shuffle, sampler and "
                    "drop_last out"
                )
            return None, False, batch_sampler
        if len(self.dataset) == 0:
            raise ArgumentError("DataLoader: the data set is empty")
        if batch_size is None:
            if drop_last:
                raise ArgumentError("DataLoader: drop_last needs batches; with batch_size=None there are none")
            return None, False, None
        batches = BatchSampler(
            range(len(self.dataset)) if self.sampler is None else self.sampler, batch_size, drop_last
        )
        if self.sampler is None and drop_last and batch_size > len(self.dataset):
            raise ArgumentError(
                f"DataLoader: batch_size={batch_size} is more than the {len(self.dataset)} samples, and drop_last=True "
                "drops what is left: there would be no batch"
            )
        return batch_size, drop_last, batches

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        if self.batch_sampler is not None:
            return len(self.batch_sampler)  # type: ignore[arg-type]
        return len(self.dataset if self.sampler is None else self.sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        """Start an epoch: the generator is drawn from now, not when the first batch is asked for."""
        if self._resume_at is None:
            seed, first = int(generator_or_default(self.generator).integers(1 << 63)), 0
        else:
            seed, first = self._resume_at
        self._resume_at = None
        self._epoch_seed, self._batch = seed, first
        order = enumerate(self._order(seed))
        for _ in range(first):
            next(order, None)
        made = self._in_background(seed, order) if self.prefetch and threads_start() else self._here(seed, order)
        return self._counted(made, seed)

    def _order(self, seed: int) -> Iterator[Any]:
        """The indices of each batch of the epoch (single indices where there are no batches)."""
        if not self._own_order:
            return iter(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]
        samples, size = len(self.dataset), self.batch_size
        indices = derived(seed, SHUFFLE).permutation(samples) if self.shuffle else np.arange(samples)
        if size is None:
            return iter(indices)
        return (indices[start : start + size] for start in range(0, len(self) * size, size))

    def _make(self, seed: int, number: int, indices: Any) -> Any:
        """Batch `number` of the epoch; its randomness depends on the seed and the number alone."""
        with use_stream(self._stream(seed, number), order_is_fixed=self.num_workers <= 1):
            if self.batch_sampler is None:
                batch = self.collate_fn(get_samples(self.dataset, [indices])[0])
            else:
                batch = get_batch(self.dataset, indices, self.collate_fn)
        return batch if self.device is None else moved(batch, self.device)

    def _stream(self, seed: int, number: int) -> np.random.Generator:
        """What the transforms of batch `number` draw from."""
        return derived(seed, AUGMENT, number)

    def _here(self, seed: int, order: Iterator[tuple[int, Any]]) -> Iterator[Any]:
        for number, indices in order:
            yield self._make(seed, number, indices)

    def _in_background(self, seed: int, order: Iterator[tuple[int, Any]]) -> Iterator[Any]:
        """The same batches, up to `prefetch` of them made ahead. Its threads end however the caller leaves."""
        pool = ThreadPoolExecutor(
            max(1, self.num_workers), "minidl-loader", initializer=work_in, initargs=(current_backend(),)
        )
        ahead: deque[Future[Any]] = deque()
        try:
            for number, indices in order:
                ahead.append(pool.submit(self._make, seed, number, indices))
                if len(ahead) > self.prefetch:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _counted(self, made: Iterator[Any], seed: int) -> Iterator[Any]:
        """Pass the batches on and keep count of them, for `state_dict`."""
        for batch in made:
            if self._epoch_seed == seed:
                self._batch += 1
            yield batch
        if self._epoch_seed == seed:
            self._epoch_seed, self._batch = None, 0

    def state_dict(self) -> dict[str, int | None]:
        """Where in an epoch the newest iterator is: its seed (None between epochs) and the batches it has given.

        The generator's own state is for its owner to save.
        """
        if self._resume_at is not None:
            return {"epoch_seed": self._resume_at[0], "batch": self._resume_at[1]}
        return {"epoch_seed": self._epoch_seed, "batch": self._batch}

    def load_state_dict(self, state: dict[str, int | None]) -> None:
        """Resume from `state_dict`: the next iteration gives the rest of that epoch, in the same order, bit for bit.

        Raises `ArgumentError` in the middle of an epoch of a `sampler` or `batch_sampler`, whose order the
        loader cannot repeat.
        """
        seed, batch = state["epoch_seed"], state["batch"]
        if seed is None:
            self._resume_at, self._epoch_seed, self._batch = None, None, 0
            return
        if not self._own_order:
            raise ArgumentError("DataLoader: an epoch can be resumed only in the loader's own order, not a sampler's")
        if batch is None or not 0 <= batch <= len(self):
            raise ArgumentError(f"DataLoader: the state is at batch {batch}, but an epoch has {len(self)}: other data?")
        self._resume_at = seed, batch


def threads_start() -> bool:
    """Whether this process may start threads: some sandboxes, and Python in a browser, allow none."""
    thread = threading.Thread(target=lambda: None)
    try:
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True


def derived(seed: int, *purpose: int) -> np.random.Generator:
    """A separate stream for each purpose, all fixed by the epoch's seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=purpose)))


def _count(name: str, value: int, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"DataLoader: {name} must be a whole number of at least {least}, got {value!r}")
    return int(value)
