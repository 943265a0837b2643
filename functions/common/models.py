"""Models in the lake: whether one still stands, what it says of itself, and what later runs need to take it."""

import io
import json
import tarfile
from typing import NamedTuple

from common import storage
from common.settings import settings
from stocks import series
from stocks.dataset import retraining
from stocks.dataset.plan import Model, Plan
from stocks.reporting.facts import Evidence


class Used(NamedTuple):
    """The model that made a run's forecasts, what it says of itself, and why it was trained or taken."""

    model: Model
    evidence: Evidence
    reason: str


def stands(model: Model) -> bool:
    """Whether the model's file is there and is the one that the run left which trained it."""
    bucket, key = _place(model.uri)
    return any(one["Key"] == key and one["ETag"] == model.etag for one in storage.listed(bucket, key))


def used(drawn: Plan, data: dict, uri: str) -> Used:
    """The model at this place, which the run has trained or taken; data is what Check data left.

    Raises RuntimeError where it is another file than the one that was to be taken.
    """
    bucket, key = _place(uri)
    body, etag = storage.tagged(bucket, key)
    model = Model(**data["model"]) if data["model"] else _trained(drawn, data, uri, etag)
    if (uri, etag) != (model.uri, model.etag):
        raise RuntimeError(f"{uri} is not the model of {model.run_id} that this run began with; start it again")
    return Used(model, read_evidence(body, uri), data["model_reason"])


def read_evidence(body: bytes, uri: str) -> Evidence:
    """How far the model trusts its LSTM at each horizon and why, from beside the SavedModel."""
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        for member in archive:
            if member.name.removeprefix("./") == "evidence.json":
                content = archive.extractfile(member)
                assert content is not None
                return json.load(content)
    raise FileNotFoundError(f"{uri} holds no evidence.json")


def _trained(drawn: Plan, data: dict, uri: str, etag: str) -> Model:
    return Model(
        run_id=drawn.run_id,
        uri=uri,
        etag=etag,
        made_by=retraining.made_by(drawn.code, drawn.settings, settings().training_instance_count),
        newest_day=data["newest_day"],
        test_from=series.day_of(data["cuts"]["test_from"]),
        rows=data["rows"],
    )


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
