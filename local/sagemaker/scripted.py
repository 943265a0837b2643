"""A training job and an endpoint that follow a script instead of TensorFlow, for tests whose subject is neither.

`{"scripted": {}}` in faults.json turns it on. States, words, transitions, roles and files stay what they are; only what
train.py would compute and TF Serving would answer is replaced, by the forecast that nothing changes.
"""

import json
from pathlib import Path

from local import faults

MARK = b"answers follow a script\n"
ROWS_BEFORE = 119  # rows that a forecast reads besides its origin's own
SPREADS = {1: 0.02, 5: 0.045, 20: 0.09}  # half of the 95 % interval by horizon, as a share of the price
SHARES = (0, -1, -0.65, 0, 0.65, 1)  # of the spread: forecast, p025, p10, p50, p90, p975
REASON = "the job followed a script"


def wanted(name: str) -> bool:
    return faults.take("scripted", name) is not None


def train(folder: Path) -> str:
    """Leave under model/ what train.py leaves, with a marked SavedModel; what the job logs."""
    numbers = {"gate": 0.0, "blocks": 0, "slope": 0.0, "slope_se": 0.0}
    horizon = numbers | {"gate_reason": REASON}
    evidence = {
        "fallback": [REASON],
        "gates": {str(days): 0.0 for days in SPREADS},
        "horizons": {str(days): horizon for days in SPREADS},
        "hyperparameters": {},
        "seed": 0,
        "versions": {},
    }
    (folder / "model" / "1").mkdir()
    (folder / "model" / "1" / "saved_model.pb").write_bytes(MARK)
    (folder / "model" / "evidence.json").write_text(json.dumps(evidence))
    return "epoch 1/1 train_loss=1.0000 validation_loss=1.0000 seconds=0.0\n"


def serves(model: Path) -> bool:
    """Whether the SavedModel is one that `train` left."""
    return (model / "saved_model.pb").read_bytes() == MARK


def answer(body: bytes) -> tuple[int, str, bytes]:
    """Status, content type and body: every forecast is the origin's price, its interval a fixed share of it."""
    predictions = []
    for instance in json.loads(body)["instances"]:
        prices = instance["adjclose"][ROWS_BEFORE:]
        predictions.append([[_outputs(price, spread) for spread in SPREADS.values()] for price in prices])
    return 200, "application/json", json.dumps({"predictions": predictions}).encode()


def _outputs(price: float, spread: float) -> list[float]:
    """No LSTM's forecast, since none was trained; a padded row's price of 0 has no move."""
    return [0.0, *(price * (1 + spread * share) for share in SHARES), spread / 2 if price else 0.0]
