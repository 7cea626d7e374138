"""Recording one forward and backward pass: the operations, their lines, their numbers.

>>> import minidl
>>> from minidl.explain import record
>>> x = minidl.tensor([1.0, -2.0], requires_grad=True)
>>> with record() as tape:
...     minidl.relu(x * 3).sum().backward()
>>> [node.op for node in tape.nodes]
['Mul', 'Relu', 'Sum']
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from types import TracebackType

from .checks.torch_column import add_torch
from .checks.update import updated
from .checks.verify import verify
from .recording.recorder import Recorder, RecordingError
from .tape import Tape


class record:
    """Record the forward and backward pass that runs in the `with` block, and check its gradients at its end.

    `check=False` leaves the checks out.

    Only what the entering thread does is recorded. Recording does not change results. A backward with
    `create_graph=True` is recorded as operations of the pass, so that a derivative of a derivative can be seen.
    `torch`: add PyTorch's own gradients; None does so if the program has imported it already (importing it takes
    seconds).

    Raises `RecordingError` if another recording is running, if backward goes through an operation twice, or if `torch`
    is asked for and not installed. If the block raises, nothing is checked.
    """

    _running = threading.Lock()

    def __init__(self, title: str = "", torch: bool | None = None, check: bool = True) -> None:
        self.tape, self.check = Tape(title), check
        self.torch = "torch" in sys.modules if torch is None else torch
        if self.torch and importlib.util.find_spec("torch") is None:
            raise RecordingError("record: torch=True, but PyTorch is not installed; leave it out, or install torch")

    def __enter__(self) -> Tape:
        if not record._running.acquire(blocking=False):
            raise RecordingError("record: another recording is running; end it first")
        self.began = time.perf_counter()
        self.recorder = Recorder(self.tape)
        self.recorder.start()
        return self.tape

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.recorder.stop()
            if kind is None:
                frame = sys._getframe(1)
                self.recorder.finish({**frame.f_globals, **frame.f_locals})
                if self.check:
                    verify(self.tape)
                    self.tape.update = updated(self.tape)
                if self.check and self.torch:
                    add_torch(self.tape)
            self.tape.seconds = time.perf_counter() - self.began
        finally:
            record._running.release()
