"""Create the model, and start the transform job that answers all requests of the run with it."""

import functools

from common import aws, keys, sagemaker, telemetry
from common.events import LambdaContext, Run, StartTransformEvent, StartTransformResult
from common.settings import Settings, settings

JSON = "application/json"
# A request and an answer are below 4 MB. SageMaker takes 100 MB at once at most, and a container answers two at a time
# on the two cores of the smallest instance.
PAYLOAD_MEGABYTES, AT_ONCE = 6, 2
ANSWER_SECONDS, TRIES_MORE = 60, 3  # of a request: what an endpoint gives it, and more tries


@telemetry.step
def handler(event: StartTransformEvent, context: LambdaContext) -> StartTransformResult:
    setting, name, client = settings(), sagemaker.name(event), aws.sagemaker()
    create = functools.partial(
        sagemaker.create,
        instance_type=setting.endpoint_instance_type,
        parameter="EndpointInstanceType",
        Tags=sagemaker.tags(event["run"]),
    )
    create(client.create_model, **sagemaker.model(setting, name, event["model_uri"]))
    create(client.create_transform_job, **job(setting, event["run"], name))
    return {"job_name": name}


def job(setting: Settings, run: Run, name: str) -> dict:
    """The arguments of CreateTransformJob: each object is one request, and its answer is one object."""
    run_id = run["run_id"]
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{setting.work_bucket}/{keys.requests(run_id)}"}
    return {
        "TransformJobName": name,
        "ModelName": name,
        "MaxConcurrentTransforms": AT_ONCE,
        "MaxPayloadInMB": PAYLOAD_MEGABYTES,
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": ANSWER_SECONDS, "InvocationsMaxRetries": TRIES_MORE},
        "BatchStrategy": "SingleRecord",
        "TransformInput": {
            "DataSource": {"S3DataSource": source},
            "ContentType": JSON,
            "CompressionType": "None",
            "SplitType": "None",
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{setting.work_bucket}/{keys.answers(run_id, name)}".rstrip("/"),
            "Accept": JSON,
            "AssembleWith": "None",
        }
        | sagemaker.key(setting, "KmsKeyId"),
        "TransformResources": {
            "InstanceType": setting.endpoint_instance_type,
            "InstanceCount": setting.endpoint_instance_count,
        }
        | sagemaker.key(setting, "VolumeKmsKeyId"),
    }
