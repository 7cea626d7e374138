"""What `minidl serve` bears: its speed under load, its memory, its end under load, and hostile bodies.

    python scripts/load_serve.py RUN [--seconds 60] [--clients 16] [--bodies 10000] [--only speed,hostile]

The server is a process of its own on a loopback port, the clients are threads of this one on the same machine. Prints
requests a second, the median and the 99th percentile of their times, the server's memory before and after, one by one
(--batch 1) against batches in alternation, then the end by SIGTERM under load, then hostile bodies. Exit code 1 if
an answer is lost, a server error is seen, or the memory grows.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tests.serve.hostile import bodies
from tests.support.runs import sample

JSON = {"Content-Type": "application/json"}
WARM = 3.0  # seconds before memory is first read
GROWTH = 1.15  # of the memory after the warm-up that is still flat


class Server:
    """`minidl serve` as a process."""

    def __init__(self, run: str, *options: str) -> None:
        words = [sys.executable, "-m", "minidl", "serve", run, "--port", "0", *options]
        self.asked = 0  # by `ask`
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(re.findall(r":(\d+)/", self.process.stdout.readline())[0])
        while True:  # the line comes before the threads are ready
            try:
                if self.ask("GET", "/health") == 200:
                    break
            except OSError:
                self.asked -= 1
                time.sleep(0.05)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str) -> int:
        self.asked += 1
        link = self.connection()
        link.request(method, path)
        status = link.getresponse().status
        link.close()
        return status

    def memory(self) -> float:
        """MiB that it holds."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def spent(self) -> float:
        """Seconds of processor time that it has used: told from what else the machine does."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as line:
            fields = line.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> str:
        """SIGTERM, and what it says at its end."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=90)[1]


@contextmanager
def served(run: str, *options: str) -> Iterator[Server]:
    server = Server(run, *options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def questions() -> list[bytes]:
    return [json.dumps({"images": [{"pixels": one.tolist()}]}).encode() for one in sample(False, 200)[0]]


class Load:
    """Clients in threads, each with one connection, that ask until told to stop."""

    def __init__(self, server: Server, clients: int) -> None:
        self.server, self.seconds, self.statuses, self.lost = server, [], Counter(), 0
        self._stop, self._asked, self._lock = threading.Event(), questions(), threading.Lock()
        self._threads = [threading.Thread(target=self._client, args=(k,)) for k in range(clients)]
        for thread in self._threads:
            thread.start()

    def _client(self, number: int) -> None:
        link, times, seen = self.server.connection(), [], Counter()
        k = number
        while not self._stop.is_set():
            k += 1
            began = time.perf_counter()
            try:
                link.request("POST", "/v1/predict", self._asked[k % len(self._asked)], JSON)
                reply = link.getresponse()
                content = reply.read()
            except (OSError, http.client.HTTPException):
                break  # the server has gone; whether it had taken the request, its own count tells
            times.append(time.perf_counter() - began)
            seen[reply.status] += 1
            if reply.status == 200:
                json.loads(content)["answers"][0]["answer"]
        link.close()
        with self._lock:
            self.seconds += times
            self.statuses += seen

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def measured(server: Server, clients: int, seconds: float) -> tuple[float, float, float, Counter]:
    """Requests a second, median and 99th percentile in milliseconds, and how often each status came."""
    began = time.perf_counter()
    load = Load(server, clients)
    time.sleep(seconds)
    load.end()
    spent = time.perf_counter() - began
    times = np.array(load.seconds) * 1000
    return len(times) / spent, float(np.median(times)), float(np.quantile(times, 0.99)), load.statuses


def speed(run: str, seconds: float, clients: int) -> bool:
    with served(run) as server:
        measured(server, clients, WARM)
        before = server.memory()
        rate, middle, late, statuses = measured(server, clients, seconds)
        after = server.memory()
        print(f"{seconds:g} s, {clients} clients: {rate:.0f} requests/s, {dict(statuses)}")
        print(f"times: median {middle:.1f} ms, 99th percentile {late:.1f} ms")
        print(f"memory {before:.0f} -> {after:.0f} MiB")
    return set(statuses) == {200} and after <= before * GROWTH


def batching(run: str, seconds: float, clients: int) -> bool:
    """Batches against one by one, in alternation: requests a second, and the server's processor time per request."""
    rates, costs = [], []
    with served(run) as many, served(run, "--batch", "1", "--batch-wait", "0") as single:
        for _ in range(6):
            for server in (many, single):
                before = server.spent()
                rate, _, _, statuses = measured(server, clients, seconds / 12)
                rates.append(rate)
                costs.append((server.spent() - before) / sum(statuses.values()))
    for what, found in (("requests a second", rates), ("processor time per request", costs)):
        ratios = np.array(found[::2]) / np.array(found[1::2])
        print(f"batches against one by one, {what}: {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})")
    print(f"processor time per request: {np.median(costs[::2]) * 1000:.2f} and {np.median(costs[1::2]) * 1000:.2f} ms")
    return True


def ending(run: str, clients: int) -> bool:
    """SIGTERM under load: as many answers reach the clients as the server says that it gave."""
    server = Server(run)
    load = Load(server, clients)
    time.sleep(3)
    said = server.stop()
    load.end()
    answered = int(re.findall(r"([\d,]+) requests? answered", said)[0].replace(",", ""))
    received, code = sum(load.statuses.values()), server.process.returncode
    print(f"SIGTERM under load: {answered} answered, {received} received, exit code {code}")
    return code == 0 and answered == received + server.asked  # those of other threads of ours


def hostile(run: str, count: int) -> bool:
    with served(run) as server:
        statuses: Counter[str] = Counter()
        before, held = None, []
        for number, (kind, ask) in enumerate(bodies(count)):
            if number == count // 2:  # decoders and allocators have taken what they keep
                before = server.memory()
            if number % max(1, count // 10) == 0:
                held.append(round(server.memory()))
            statuses[f"{kind} {ask(server.port)}"] += 1
        after, alive = server.memory(), server.ask("GET", "/health") == 200
    print(f"{count} hostile bodies: memory {before or 0:.0f} -> {after:.0f} MiB, alive {alive}; MiB on the way {held}")
    for name, often in sorted(statuses.items()):
        print(f"  {often:6} {name}")
    failed = [name for name in statuses if name[-3:-2] == "5" and not name.endswith("503")]
    return alive and not failed and before is not None and after <= before * GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--bodies", type=int, default=10_000)
    parser.add_argument("--only", help="of speed, batching, ending and hostile, with commas between")
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    steps: dict[str, Callable[[], bool]] = {
        "speed": lambda: speed(asked.run, asked.seconds, asked.clients),
        "batching": lambda: batching(asked.run, asked.seconds, asked.clients),
        "ending": lambda: ending(asked.run, asked.clients),
        "hostile": lambda: hostile(asked.run, asked.bodies),
    }
    chosen = steps if asked.only is None else asked.only.split(",")
    fine = [steps[name]() for name in chosen]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
