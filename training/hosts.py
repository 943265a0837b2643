"""The hosts of a training job: one, or several that train one network on TensorFlow's MultiWorkerMirroredStrategy."""

import contextlib
import functools
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

PORTS = range(20000, 30000)  # below those that Linux gives to connections
MOST = 8  # hosts of a job
JOIN_SECONDS = 900  # for which a host waits until all have started
SILENT_SECONDS = 600  # for which one waits for another's share of a sum, within which none may fall silent
# A program of its own: TensorFlow waits for the others for ever, and lets no thread or signal of Python in meanwhile.
WATCH = """
import os, signal, sys, time
parent, seconds, said = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
until = time.monotonic() + seconds
while os.getppid() == parent and time.monotonic() < until:
    time.sleep(0.2)
if os.getppid() == parent:
    print(f"RuntimeError: {said}", file=sys.stderr, flush=True)
    os.kill(parent, signal.SIGKILL)
"""


@dataclass(frozen=True)
class Hosts:
    """names: of all hosts, in one order everywhere, the chief first. own: the place of this one among them.

    strategy: what adds up over the hosts; None where there is one.
    """

    names: tuple[str, ...] = ("algo-1",)
    own: int = 0
    strategy: tf.distribute.Strategy | None = None

    @property
    def is_chief(self) -> bool:
        """Whether this host decides and writes the model."""
        return self.own == 0

    def share(self, count: int) -> slice:
        """Which of `count` windows, of a batch say, are this host's: maybe none."""
        return slice(self.own, count, len(self.names))

    def scope(self) -> contextlib.AbstractContextManager:
        """Variables that are created herein are the same on all hosts."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def run(self, step: Callable[..., tf.Tensor], *arguments: tf.Tensor) -> tf.Tensor:
        """Call the step, within which an optimizer adds up the gradients of all hosts."""
        return self.strategy.run(step, arguments) if self.strategy else step(*arguments)

    def total(self, value: float) -> float:
        """The sum over all hosts, the same bits on each. All must call it, in the same order."""
        return float(self._add(tf.constant(value, tf.float64))) if self.strategy else value

    def part(self) -> None:
        """Wait for the others before this process ends: TensorFlow logs of a host that left that it crashed.

        Whoever has its sum may leave before another has read its share. That one's work is done all the same, and a
        host that really died fails the job by its own exit code.
        """
        try:
            self.total(0)
        except tf.errors.OpError as gone:
            print(f"{self.names[self.own]} did not wait for the others: {gone.message}", flush=True)

    @functools.cached_property
    def _add(self) -> Callable[[tf.Tensor], tf.Tensor]:
        def add(own: tf.Tensor) -> tf.Tensor:
            # Without identity the value has no device, and no hosts would be found.
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(own))

        return tf.function(lambda own: self.run(add, own))


def named(environment: Mapping[str, str]) -> Hosts:
    """The hosts that SageMaker's variables name, before they have met. Raises ValueError if they contradict."""
    names = json.loads(environment.get("SM_HOSTS", '["algo-1"]'))
    own = environment.get("SM_CURRENT_HOST", names[0] if len(names) == 1 else "")
    if own not in names or len(set(names)) < len(names) or len(names) > MOST:
        raise ValueError(f"SM_CURRENT_HOST is {own!r} and SM_HOSTS {names}: it must be one of at most {MOST} names")
    return Hosts(tuple(names), names.index(own))


def cluster(hosts: Hosts, job: str) -> dict[str, Any]:
    """TF_CONFIG. Each host has its own port, since all may be one machine, and each job, since two may share it."""
    first = PORTS[zlib.crc32(job.encode()) % (len(PORTS) // MOST) * MOST]
    workers = [f"{name}:{first + place}" for place, name in enumerate(hosts.names)]
    return {"cluster": {"worker": workers}, "task": {"type": "worker", "index": hosts.own}}


def join(environment: Mapping[str, str], seconds: float = JOIN_SECONDS) -> Hosts:
    """The hosts once all are there; before anything else of TensorFlow. Ends this process if one is not in time."""
    hosts = named(environment)
    if len(hosts.names) == 1:
        return hosts
    os.environ["TF_CONFIG"] = json.dumps(cluster(hosts, environment.get("TRAINING_JOB_NAME", "")))
    others = ", ".join(name for name in hosts.names if name != hosts.names[hosts.own])
    options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=SILENT_SECONDS)
    with _watched(seconds, f"{hosts.names[hosts.own]} waited {seconds:.0f} s in vain for {others}"):
        strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
    return Hosts(hosts.names, hosts.own, strategy)


@contextlib.contextmanager
def _watched(seconds: float, said: str) -> Iterator[None]:
    """Kill this process after so many seconds within, and say why."""
    watch = subprocess.Popen([sys.executable, "-c", WATCH, str(os.getpid()), str(seconds), said])  # noqa: S603
    try:
        yield
    finally:
        watch.kill()
        watch.wait()
