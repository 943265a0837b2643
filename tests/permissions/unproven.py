"""Which grants of the template's roles no scenario can show to be needed here, and why they must stand."""

import re

from stocks import schemas
from tests.permissions.policies import Grant

MACHINES = "(CleanUp)?MachineRole"
_DELIVERY = "Step Functions sets up its log by vended delivery, which MiniStack grants to all; AWS lists these eight"
_TRACES = "nothing here sends traces; AWS's runtime does where tracing is active, as test_template.py sees to"
_PULLS = "no container is pulled here; AWS names these for an execution role, and the repository is the image's own"
_CONTAINER_LOGS = "AWS names these for an execution role; scripted jobs write no log, and without them it is only lost"
_CATALOG = "AWS does not say which reads and writes its crawler makes; its managed policy grants all of Glue instead"
_DEAD_LETTERS = "MiniStack asks no leave for a function's dead letter; AWS creates no such function without it"
_DATABASE = "MiniStack asks for the database alone; AWS asks for the catalog, the database and the table"
_OF_TABLES = ("GetTable", "UpdateTable")
_PLACES = ("catalog", *(f"table/Database/{table}" for table in schemas.CRAWLED))
_KEY = "stands only in a stack with a key, whose leave MiniStack does not ask; test_encryption.py holds it to its use"

# Actions, or actions on one resource, that cannot be seen from a denial here: which roles have them, and why they must.
STATIC = {
    "logs:CreateLogDelivery": (MACHINES, _DELIVERY),
    "logs:GetLogDelivery": (MACHINES, _DELIVERY),
    "logs:UpdateLogDelivery": (MACHINES, _DELIVERY),
    "logs:DeleteLogDelivery": (MACHINES, _DELIVERY),
    "logs:ListLogDeliveries": (MACHINES, _DELIVERY),
    "logs:PutResourcePolicy": (MACHINES, _DELIVERY),
    "logs:DescribeResourcePolicies": (MACHINES, _DELIVERY),
    "logs:DescribeLogGroups": (MACHINES, _DELIVERY),
    "xray:PutTraceSegments": (r"(?!Training|Endpoint|Crawler)\w+Role", _TRACES),
    "xray:PutTelemetryRecords": (r"(?!Training|Endpoint|Crawler)\w+Role", _TRACES),
    "xray:GetSamplingRules": (MACHINES, _TRACES),
    "xray:GetSamplingTargets": (MACHINES, _TRACES),
    "ecr:GetAuthorizationToken": ("(Training|Endpoint)Role", _PULLS),
    "ecr:BatchCheckLayerAvailability": ("(Training|Endpoint)Role", _PULLS),
    "ecr:GetDownloadUrlForLayer": ("(Training|Endpoint)Role", _PULLS),
    "ecr:BatchGetImage": ("(Training|Endpoint)Role", _PULLS),
    "logs:TagResource": ("CreateEndpointRole", "AWS asks for it where a group is made with tags; MiniStack does not"),
    "logs:CreateLogGroup": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "logs:CreateLogStream": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "logs:DescribeLogStreams": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "logs:PutLogEvents": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "cloudwatch:PutMetricData": ("(Training|Endpoint)Role", "SageMaker sends instance metrics as the role; here none"),
    "s3:ListBucket LakeBucket models/*": (
        "EndpointRole",
        "AWS names it for a model's role; it tells an absent model from a forbidden one",
    ),
    "s3:GetBucketLocation": ("CrawlerRole", "AWS's crawler asks for the bucket's region; here there is one region"),
    "sqs:SendMessage": ("ReportAlarmRole", _DEAD_LETTERS),
    "kms:Decrypt": (r"\w+Role", _KEY),
    "kms:Encrypt": ("(Training|Endpoint)Role", _KEY),
    "kms:GenerateDataKey": (r"\w+Role", _KEY),
    "kms:DescribeKey": ("(Training|Endpoint|CreateEndpoint|StartTransform)Role", _KEY),
    "kms:CreateGrant": ("(Training|Endpoint|CreateEndpoint|StartTransform)Role", _KEY),
    "glue:GetDatabase": ("CrawlerRole", _CATALOG),
    "glue:GetTable": ("CrawlerRole", _CATALOG),
    "glue:GetPartition": ("CrawlerRole", _CATALOG),
    "glue:BatchGetPartition": ("CrawlerRole", _CATALOG),
    "glue:CreatePartition": ("CrawlerRole", _CATALOG),
    "glue:UpdatePartition": ("CrawlerRole", _CATALOG),
    "glue:UpdateTable": ("CrawlerRole", _CATALOG),
    "glue:BatchUpdatePartition": ("CrawlerRole", _CATALOG),
    **{f"glue:{action} glue:{place}": ("StartCrawlerRole", _DATABASE) for action in _OF_TABLES for place in _PLACES},
    "glue:DeletePartition glue:catalog": ("RetireRole", _DATABASE),
    "glue:DeletePartition glue:table/Database/metrics": ("RetireRole", _DATABASE),
    "glue:DeletePartition glue:table/Database/prices": ("RetireRole", _DATABASE),
}


def is_static(grant: Grant) -> bool:
    roles = [STATIC[named][0] for named in (grant.line, grant.action) if named in STATIC]
    return any(re.fullmatch(one, grant.role) for one in roles)
