"""What the template tells the functions, read from the environment when a handler runs."""

import dataclasses
import os

from common.errors import SettingMissing


@dataclasses.dataclass(frozen=True)
class Settings:
    """Each field is the environment variable of the same name in capitals."""

    stack_name: str
    state_machine_arn: str
    incoming_bucket: str
    work_bucket: str
    lake_bucket: str
    topic_arn: str
    crawler_name: str
    database_name: str
    training_image: str
    inference_image: str
    training_role_arn: str
    endpoint_role_arn: str
    training_instance_type: str
    training_instance_count: int
    endpoint_mode: str  # realtime or transform
    endpoint_instance_type: str
    endpoint_instance_count: int
    training_max_seconds: int
    test_fraction: float
    bad_row_tolerance: float
    shard_kilobytes: int
    quiet_seconds: int
    run_retention_days: int
    retrain_after_sessions: int  # 1: every run trains
    freshness_days: int  # 0: never told
    report_link_hours: int
    log_retention_days: int
    kms_key_arn: str  # empty: the services' own keys
    sweep_after_hours: int


def settings() -> Settings:
    """The settings of this invocation. Raises SettingMissing with the variable's name."""
    values = {}
    for field in dataclasses.fields(Settings):
        name = field.name.upper()
        if name not in os.environ:
            raise SettingMissing(f"environment variable {name} is not set; template.yaml sets it for every function")
        values[field.name] = field.type(os.environ[name])  # type: ignore[operator]  # a class: annotations are not strings here
    return Settings(**values)
