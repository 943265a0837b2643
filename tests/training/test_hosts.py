"""The hosts of a job: what SageMaker's variables say of them, and real processes that train together."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import fitting
import hosts
import model
import train

TRAINING = Path(hosts.__file__).parent
BOUNDS = [260, 300, 400, 480]
TWO = {"SM_HOSTS": '["algo-1", "algo-2"]', "SM_CURRENT_HOST": "algo-2"}
# float32 sums in another order, and weights that drift apart by them; a batch in other shares would be 1e-3 off.
TOLERANCE = 1e-5


def test_without_sagemakers_variables_there_is_one_host():
    assert hosts.named({}) == hosts.Hosts()
    assert hosts.named({"SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-1"}) == hosts.Hosts(("algo-1",))
    assert hosts.join({}).total(3.5) == 3.5


def test_the_first_of_the_hosts_is_the_chief():
    assert hosts.named(TWO) == hosts.Hosts(("algo-1", "algo-2"), 1)
    assert not hosts.named(TWO).is_chief
    assert hosts.named(TWO | {"SM_CURRENT_HOST": "algo-1"}).is_chief


@pytest.mark.parametrize(
    "given",
    [
        {"SM_HOSTS": '["algo-1", "algo-2"]'},
        TWO | {"SM_CURRENT_HOST": "algo-3"},
        {"SM_HOSTS": '["algo-1", "algo-1"]', "SM_CURRENT_HOST": "algo-1"},
        {"SM_HOSTS": json.dumps([f"algo-{i}" for i in range(9)]), "SM_CURRENT_HOST": "algo-1"},
    ],
)
def test_variables_that_contradict_are_refused(given):
    with pytest.raises(ValueError, match="it must be one of at most 8 names"):
        hosts.named(given)


def test_tensorflow_is_told_the_same_addresses_on_all_hosts_and_the_place_of_each():
    names = tuple(f"algo-{number}" for number in range(1, 9))
    told = [hosts.cluster(hosts.Hosts(names, own), "job") for own in range(8)]
    assert [one["task"] for one in told] == [{"type": "worker", "index": own} for own in range(8)]
    (workers,) = {tuple(one["cluster"]["worker"]) for one in told}
    assert [worker.rpartition(":")[0] for worker in workers] == list(names)
    ports = [int(worker.rpartition(":")[2]) for worker in workers]
    assert ports == list(range(ports[0], ports[0] + 8))
    assert {*ports} <= {*hosts.PORTS}


def test_jobs_on_one_machine_do_not_share_a_port():
    eight = hosts.Hosts(tuple("abcdefgh"))
    first = {hosts.cluster(eight, f"job-{number}")["cluster"]["worker"][0] for number in range(20)}
    assert len(first) == 20
    assert {int(one[2:]) % 8 for one in first} == {0}


@pytest.mark.parametrize("count", [0, 1, 2, 5, 8])
def test_each_window_of_a_batch_is_one_hosts(count):
    shares = [np.arange(count)[hosts.Hosts(("a", "b", "c"), own).share(count)] for own in range(3)]
    assert sorted(np.concatenate(shares)) == list(range(count))


def test_a_host_drops_what_one_host_would():
    whole = model.dropout(tf.constant(7), 3, tf.constant(5, tf.int64)).numpy()
    assert {*np.unique(whole)} == {0, np.float32(1 / 0.8)}
    assert np.array_equal(whole, model.dropout(tf.constant(7), 3, tf.constant(5, tf.int64)))
    for seed, step in ((4, 5), (3, 6)):
        assert not np.array_equal(whole, model.dropout(tf.constant(7), seed, tf.constant(step, tf.int64)))
    assert np.mean(model.dropout(tf.constant(5000), 1, tf.constant(0, tf.int64))) == pytest.approx(1, abs=0.01)


def test_hosts_that_see_other_data_say_so():
    class Others(hosts.Hosts):
        def total(self, value):
            return value + 7

    with pytest.raises(ValueError, match="hosts see different data: a has a block of 5 windows"):
        fitting._must_agree(Others(("a", "b")), 5)
    fitting._must_agree(Others(("a", "b")), 7)


def test_a_host_whose_work_is_done_does_not_fail_with_who_left_before(capsys):
    class Left(hosts.Hosts):
        def total(self, value):
            assert value == 0
            raise tf.errors.UnavailableError(None, None, "connection reset")

    Left(("a", "b"), 1).part()
    assert capsys.readouterr().out == "b did not wait for the others: connection reset\n"


class Job:
    """Processes of train.py as hosts of one job, each with its model folder and its log."""

    def __init__(self, folder, shards, count, *flags, started=None):
        self.names = [f"127.0.0.{place + 1}" for place in range(count)]
        self.folder = folder
        self.processes = [
            self._start(name, shards[place % len(shards)], flags)
            for place, name in enumerate(self.names[: started or count])
        ]

    def _start(self, name, shards, flags):
        (self.folder / name).mkdir(parents=True)
        variables = {
            "SM_HOSTS": json.dumps(self.names),
            "SM_CURRENT_HOST": name,
            "TRAINING_JOB_NAME": str(self.folder),
            "SM_CHANNEL_TRAIN": str(shards),
            "SM_MODEL_DIR": str(self.folder / name),
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "PYTHONUNBUFFERED": "1",
        }
        with (self.folder / f"{name}.log").open("w") as log:
            command = [sys.executable, "train.py", "--batch-size", "100", *flags]
            return subprocess.Popen(
                command, cwd=TRAINING, env=os.environ | variables, stdout=log, stderr=subprocess.STDOUT
            )

    def said(self, place):
        return (self.folder / f"{self.names[place]}.log").read_text()

    def codes(self, seconds=240):
        return [process.wait(seconds) for process in self.processes]

    def evidence(self):
        return json.loads((self.folder / self.names[0] / "evidence.json").read_text())

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def job(tmp_path, request):
    """job(shards, count, *flags) starts one; at the end all its hosts are ended."""

    def start(shards, count, *flags, **options):
        made = Job(tmp_path / f"{count}-hosts", shards, count, *flags, **options)
        request.addfinalizer(made.end)
        return made

    return start


@pytest.fixture
def shards(tmp_path, random_walk, write_shard):
    """Six tickers with something to learn: 1,080 windows, the last batch of 100 has 80."""
    series = {ticker: random_walk(480, seed, memory=0.5) for seed, ticker in enumerate("ABCDEF")}
    write_shard(tmp_path / "shards/0.npz", series, BOUNDS)
    return tmp_path / "shards"


def losses(evidence):
    return [
        loss[name]
        for loss in evidence["losses"]
        for name in ("train_loss", "validation_loss")
        if loss[name] is not None
    ]


def test_two_hosts_train_the_network_that_one_trains(job, shards):
    alone = job([shards], 1, "--epochs", "3")
    assert alone.codes() == [0], alone.said(0)
    pair = job([shards], 2, "--epochs", "3")
    assert pair.codes() == [0, 0], pair.said(0) + pair.said(1)
    one, two = alone.evidence(), pair.evidence()
    assert (one["hosts"], two["hosts"]) == (1, 2)
    assert losses(two) == pytest.approx(losses(one), rel=TOLERANCE)
    assert one["best_epoch"] == two["best_epoch"]
    assert one["gates"]["1"] > 0.2
    assert [two["gates"][h] for h in "15"] == pytest.approx([one["gates"][h] for h in "15"], abs=1e-4)
    assert list((pair.folder / pair.names[1]).iterdir()) == []
    assert "crashed" not in pair.said(0)
    prices = np.linspace(90, 110, 130, dtype=np.float32)[None]
    served = [
        tf.saved_model.load(made.folder / made.names[0] / "1").signatures["serving_default"](
            adjclose=prices, high=prices * 1.01, low=prices * 0.99
        )["outputs"]
        for made in (alone, pair)
    ]
    np.testing.assert_allclose(served[1], served[0], rtol=TOLERANCE)


def test_a_host_that_dies_fails_the_other_at_once(job, shards):
    pair = job([shards], 2, "--epochs", "1000", "--learning-rate", "1e-9")
    until = time.monotonic() + 200
    while "epoch 1/" not in pair.said(0) + pair.said(1):
        assert time.monotonic() < until, pair.said(0) + pair.said(1)
        time.sleep(0.2)
    pair.processes[1].kill()
    assert pair.codes(120) == [1, -signal.SIGKILL]
    assert "UnavailableError" in pair.said(0)
    assert not (pair.folder / pair.names[0] / "evidence.json").exists()


def test_a_host_that_never_comes_is_not_waited_for(tmp_path):
    program = "import os, sys; sys.path.insert(0, sys.argv[1]); import hosts; hosts.join(os.environ, seconds=1)"
    alone = {
        "SM_HOSTS": '["127.0.0.1", "127.0.0.2"]',
        "SM_CURRENT_HOST": "127.0.0.1",
        "TRAINING_JOB_NAME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program, str(TRAINING)],
        env=os.environ | alone,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    assert "RuntimeError: 127.0.0.1 waited 1 s in vain for 127.0.0.2\n" in done.stderr


@pytest.mark.thorough
def test_hosts_of_other_data_fail_instead_of_waiting(job, shards, tmp_path, random_walk, write_shard):
    write_shard(tmp_path / "others/0.npz", {t: random_walk(480, 1) for t in "ABCDEFG"}, BOUNDS)
    pair = job([shards, tmp_path / "others"], 2)
    assert 0 not in pair.codes()
    assert "ValueError: hosts see different data" in pair.said(0) + pair.said(1)


@pytest.mark.thorough
def test_too_little_is_left_out_by_all_hosts(job, tmp_path, random_walk, write_shard):
    write_shard(tmp_path / "few/0.npz", {"A": random_walk(125, 1)}, [70, 80, 100, 125])
    pair = job([tmp_path / "few"], 2)
    assert pair.codes() == [0, 0], pair.said(0) + pair.said(1)
    assert len(pair.evidence()["fallback"]) == 2
    assert tuple(sorted(pair.evidence()["hyperparameters"])) == train.HYPERPARAMETERS
