"""What a run's SageMaker instances cost, roughly."""

# USD per instance and hour, on demand, us-east-1. AWS's list prices as several public calculators repeated them on
# 2026-11-23 (aws.amazon.com/sagemaker/pricing is the source that counts); training and hosting cost the same for these.
PRICES_OF = "2026-11-23"
USD_PER_HOUR = {
    "ml.t2.medium": 0.056,
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.m5.4xlarge": 0.922,
    "ml.m5.12xlarge": 2.765,
    "ml.m5.24xlarge": 5.53,
    "ml.c5.large": 0.102,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
    "ml.c5.4xlarge": 0.816,
    "ml.c5.9xlarge": 1.836,
    "ml.c5.18xlarge": 3.672,
}


def estimate(
    train_seconds: float, training_type: str, endpoint_seconds: float, endpoint_type: str, endpoint_count: int = 1
) -> float | None:
    """USD of a training job and the endpoint's instances; None if a type has no price here.

    train_seconds: those of all its instances, added up. Lambda, S3, Glue and Athena are left out: for a file of some
    megabytes they come to less than a cent.
    """
    training, hosting = USD_PER_HOUR.get(training_type), USD_PER_HOUR.get(endpoint_type)
    if training is None or hosting is None:
        return None
    return round((train_seconds * training + endpoint_seconds * hosting * endpoint_count) / 3600, 4)
