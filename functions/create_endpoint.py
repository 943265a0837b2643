"""Create the model, the endpoint config, the endpoint that serves them, and the log group that it writes to."""

import functools

from common import aws, endpoint_logs, sagemaker, telemetry
from common.events import CreateEndpointEvent, CreateEndpointResult, LambdaContext
from common.settings import Settings, settings


@telemetry.step
def handler(event: CreateEndpointEvent, context: LambdaContext) -> CreateEndpointResult:
    setting, name, tags = settings(), sagemaker.name(event), sagemaker.tags(event["run"])
    client = aws.sagemaker()
    create = functools.partial(
        sagemaker.create, instance_type=setting.endpoint_instance_type, parameter="EndpointInstanceType", Tags=tags
    )
    free_instances(event)
    create(client.create_model, **sagemaker.model(setting, name, event["model_uri"]))
    create(client.create_endpoint_config, **endpoint_config(setting, name))
    endpoint_logs.create(setting, name, event["run"])
    create(client.create_endpoint, EndpointName=name, EndpointConfigName=name)
    return {"endpoint_name": name}


def free_instances(event: CreateEndpointEvent) -> None:
    """Ask for the end of the attempt before, which failed for want of an instance: it may count towards the quota.

    It takes a while. Where the quota needs it gone, SageMaker refuses the new one until then, and the machine retries.
    """
    if not event["attempt"]:
        return
    client, name = aws.sagemaker(), sagemaker.name({**event, "attempt": event["attempt"] - 1})
    before = sagemaker.if_there(client.describe_endpoint, EndpointName=name)
    if before and before["EndpointStatus"] == "Failed":
        sagemaker.if_there(client.delete_endpoint, EndpointName=name)


def endpoint_config(setting: Settings, name: str) -> dict:
    variant = {
        "VariantName": "all",
        "ModelName": name,
        "InstanceType": setting.endpoint_instance_type,
        "InitialInstanceCount": setting.endpoint_instance_count,
    }
    return {"EndpointConfigName": name, "ProductionVariants": [variant]} | sagemaker.key(setting, "KmsKeyId")
