"""How each grant of the template's roles is known to be needed: by a scenario that fails without it, or a reason."""

import re

from tests.permissions.policies import Grant
from tests.support.template import functions

# What a role is granted and a scenario of tests/permissions/replay.py needs: without the grant the scenario is denied.
NEEDED = {
    "MachineRole": {
        "machine": """
            lambda:InvokeFunction SplitFunction
            lambda:InvokeFunction ScaleFunction
            lambda:InvokeFunction CheckDataFunction
            lambda:InvokeFunction BaselineFunction
            lambda:InvokeFunction StartTrainingFunction
            lambda:InvokeFunction CheckTrainingFunction
            lambda:InvokeFunction CreateEndpointFunction
            lambda:InvokeFunction CheckEndpointFunction
            lambda:InvokeFunction ForecastFunction
            lambda:InvokeFunction CleanUpFunction
            lambda:InvokeFunction CalibrateFunction
            lambda:InvokeFunction PublishFunction
            lambda:InvokeFunction SummarizeFunction
            lambda:InvokeFunction StartCrawlerFunction
            lambda:InvokeFunction CheckCrawlerFunction
            lambda:InvokeFunction NotifyFunction""",
    },
    "CleanUpMachineRole": {
        "machine": """
            lambda:InvokeFunction FindRunFunction
            lambda:InvokeFunction CleanUpFunction
            lambda:InvokeFunction NotifyFunction""",
    },
    "SplitRole": {
        "take_over": """
            s3:GetObjectVersion IncomingBucket/incoming/*
            s3:GetObject WorkBucket/runs/*/claim.json
            s3:PutObject WorkBucket/runs/*/claim.json
            s3:PutObject WorkBucket/runs/*/manifest.json
            s3:PutObject WorkBucket/runs/*/rows/*
            s3:PutObject LakeBucket/rejected/*
            s3:ListBucket WorkBucket runs/*
            s3:ListBucket LakeBucket rejected/*
            s3:ListBucket LakeBucket runs/*
            s3:DeleteObject WorkBucket/runs/*
            s3:DeleteObject LakeBucket/rejected/*
            states:DescribeExecution states:execution:<stack>:*""",
        "replay": "s3:GetObject WorkBucket/runs/*/summary.json",
    },
    "ScaleRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/manifest.json
            s3:GetObject WorkBucket/runs/*/rows/*
            s3:PutObject WorkBucket/runs/*/scaled/*
            s3:PutObject WorkBucket/runs/*/shards/*
            s3:PutObject WorkBucket/runs/*/skipped/*
            s3:PutObject LakeBucket/rejected/*""",
    },
    "CheckDataRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/manifest.json
            s3:GetObject WorkBucket/runs/*/scaled/*
            s3:PutObject WorkBucket/runs/*/data.json""",
    },
    "BaselineRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/shards/*
            s3:PutObject WorkBucket/runs/*/baseline/*""",
    },
    "StartTrainingRole": {
        "new_execution": """
            s3:PutObject WorkBucket/runs/*/source/*
            sagemaker:CreateTrainingJob sagemaker:training-job/<stack>-*
            sagemaker:AddTags sagemaker:training-job/<stack>-*
            iam:PassRole TrainingRole""",
    },
    "CheckTrainingRole": {"step": "sagemaker:DescribeTrainingJob sagemaker:training-job/<stack>-*"},
    "CreateEndpointRole": {
        "new_execution": """
            sagemaker:CreateModel sagemaker:model/<stack>-*
            sagemaker:AddTags sagemaker:model/<stack>-*
            sagemaker:CreateEndpointConfig sagemaker:endpoint-config/<stack>-*
            sagemaker:AddTags sagemaker:endpoint-config/<stack>-*
            sagemaker:CreateEndpoint sagemaker:endpoint-config/<stack>-*
            sagemaker:CreateEndpoint sagemaker:endpoint/<stack>-*
            sagemaker:AddTags sagemaker:endpoint/<stack>-*
            iam:PassRole EndpointRole""",
    },
    "CheckEndpointRole": {"with_endpoint": "sagemaker:DescribeEndpoint sagemaker:endpoint/<stack>-*"},
    "ForecastRole": {
        "with_endpoint": """
            s3:GetObject WorkBucket/runs/*/shards/*
            s3:PutObject WorkBucket/runs/*/forecasts/*
            s3:PutObject WorkBucket/runs/*/histograms/*
            sagemaker:InvokeEndpoint sagemaker:endpoint/<stack>-*""",
    },
    "CleanUpRole": {
        "step": """
            sagemaker:DescribeTrainingJob sagemaker:training-job/<stack>-*
            sagemaker:DescribeEndpoint sagemaker:endpoint/<stack>-*
            sagemaker:DescribeEndpointConfig sagemaker:endpoint-config/<stack>-*
            sagemaker:DeleteEndpointConfig sagemaker:endpoint-config/<stack>-*
            sagemaker:DeleteModel sagemaker:model/<stack>-*
            s3:ListBucket LakeBucket runs/*""",
        "delete_endpoint": "sagemaker:DeleteEndpoint sagemaker:endpoint/<stack>-*",
        "stop_training": "sagemaker:StopTrainingJob sagemaker:training-job/<stack>-*",
    },
    "FindRunRole": {"step": "states:DescribeExecution states:execution:<stack>:*"},
    "SweepRole": {
        "sweep": """
            sagemaker:ListEndpoints *
            sagemaker:ListEndpointConfigs *
            sagemaker:ListModels *
            sagemaker:ListTrainingJobs *
            sagemaker:ListTags sagemaker:endpoint/<stack>-*
            sagemaker:ListTags sagemaker:endpoint-config/<stack>-*
            sagemaker:ListTags sagemaker:model/<stack>-*
            sagemaker:ListTags sagemaker:training-job/<stack>-*
            sagemaker:DeleteEndpoint sagemaker:endpoint/<stack>-*
            sagemaker:DeleteEndpointConfig sagemaker:endpoint-config/<stack>-*
            sagemaker:DeleteModel sagemaker:model/<stack>-*
            sagemaker:StopTrainingJob sagemaker:training-job/<stack>-*
            sns:Publish Topic""",
    },
    "ReportAlarmRole": {"step": "sns:Publish Topic"},
    "CalibrateRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/histograms/*
            s3:PutObject WorkBucket/runs/*/calibration.npz""",
    },
    "PublishRole": {
        "publish_again": """
            s3:GetObject WorkBucket/runs/*/shards/*
            s3:GetObject WorkBucket/runs/*/skipped/*
            s3:GetObject WorkBucket/runs/*/baseline/*
            s3:GetObject WorkBucket/runs/*/forecasts/*
            s3:GetObject WorkBucket/runs/*/calibration.npz
            s3:GetObject WorkBucket/runs/*/data.json
            s3:PutObject WorkBucket/runs/*/scores/*
            s3:PutObject WorkBucket/runs/*/charts/*
            s3:PutObject LakeBucket/predictions/*
            s3:PutObject LakeBucket/prices/*
            s3:ListBucket LakeBucket predictions/*
            s3:ListBucket LakeBucket prices/*
            s3:DeleteObject LakeBucket/predictions/*
            s3:DeleteObject LakeBucket/prices/*""",
    },
    "SummarizeRole": {
        "summarize_again": """
            s3:GetObject WorkBucket/runs/*/claim.json
            s3:GetObject WorkBucket/runs/*/manifest.json
            s3:GetObject WorkBucket/runs/*/data.json
            s3:GetObject WorkBucket/runs/*/scores/*
            s3:GetObject WorkBucket/runs/*/charts/*
            s3:GetObject LakeBucket/models/*
            s3:PutObject WorkBucket/runs/*/summary.json
            s3:PutObject LakeBucket/metrics/*
            s3:PutObject LakeBucket/reports/*
            s3:PutObject LakeBucket/runs/*
            s3:ListBucket LakeBucket metrics/*
            s3:ListBucket LakeBucket reports/*
            s3:ListBucket LakeBucket runs/*
            s3:DeleteObject LakeBucket/metrics/*
            s3:DeleteObject LakeBucket/reports/*
            s3:DeleteObject LakeBucket/runs/*""",
    },
    "StartCrawlerRole": {"step": "glue:StartCrawler glue:crawler/Crawler"},
    "CheckCrawlerRole": {"step": "glue:GetCrawler glue:crawler/Crawler"},
    "NotifyRole": {"step": "sns:Publish Topic", "open_report": "s3:GetObject LakeBucket/reports/*"},
    "TrainingRole": {
        "train": """
            s3:GetObject WorkBucket/runs/*/shards/*
            s3:GetObject WorkBucket/runs/*/source/*
            s3:ListBucket WorkBucket runs/*/shards/*
            s3:PutObject LakeBucket/models/*""",
    },
    "EndpointRole": {"serve": "s3:GetObject LakeBucket/models/*"},
    "CrawlerRole": {
        "first_crawl": """
            s3:GetObject LakeBucket/predictions/*
            s3:GetObject LakeBucket/metrics/*
            s3:GetObject LakeBucket/runs/*
            s3:GetObject LakeBucket/prices/*
            s3:ListBucket LakeBucket predictions/*
            s3:ListBucket LakeBucket metrics/*
            s3:ListBucket LakeBucket runs/*
            s3:ListBucket LakeBucket prices/*
            glue:GetTables glue:catalog
            glue:GetTables glue:database/Database
            glue:GetTables glue:table/Database/*
            glue:CreateTable glue:catalog
            glue:CreateTable glue:database/Database
            glue:CreateTable glue:table/Database/*
            glue:GetPartitions glue:catalog
            glue:GetPartitions glue:database/Database
            glue:GetPartitions glue:table/Database/*
            glue:BatchCreatePartition glue:catalog
            glue:BatchCreatePartition glue:database/Database
            glue:BatchCreatePartition glue:table/Database/*""",
        "crawl_of_a_change": """
            glue:UpdateTable glue:catalog
            glue:UpdateTable glue:database/Database
            glue:UpdateTable glue:table/Database/*
            glue:BatchUpdatePartition glue:catalog
            glue:BatchUpdatePartition glue:database/Database
            glue:BatchUpdatePartition glue:table/Database/*""",
        "crawl_with_log": """
            logs:CreateLogGroup logs:log-group:/aws-glue/crawlers*
            logs:CreateLogStream logs:log-group:/aws-glue/crawlers*
            logs:PutLogEvents logs:log-group:/aws-glue/crawlers*""",
    },
}
# A function's own log: without either the invocation goes on, here as on AWS, and its log is lost.
LOGGED = ("logs:CreateLogStream", "logs:PutLogEvents")

MACHINES = "(CleanUp)?MachineRole"
_DELIVERY = "Step Functions sets up its log by vended delivery, which MiniStack grants to all; AWS lists these eight"
_TRACES = "nothing here sends traces; AWS's runtime does where tracing is active, as test_template.py sees to"
_PULLS = "no container is pulled here; AWS names these for an execution role, and the repository is the image's own"
_CONTAINER_LOGS = "AWS names these for an execution role; scripted jobs write no log, and without them it is only lost"
_CATALOG = "AWS does not say which reads and writes its crawler makes; its managed policy grants all of Glue instead"
_KEY = "stands only in a stack with a key, whose leave MiniStack does not ask; test_encryption.py holds it to its use"

# What cannot be seen from a denial here: which roles have it, and why they must.
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
    "logs:CreateLogGroup": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "logs:CreateLogStream": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "logs:DescribeLogStreams": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "logs:PutLogEvents": ("(Training|Endpoint)Role", _CONTAINER_LOGS),
    "cloudwatch:PutMetricData": ("(Training|Endpoint)Role", "SageMaker sends instance metrics as the role; here none"),
    "s3:ListBucket": ("EndpointRole", "AWS names it for a model's role; it tells an absent model from a forbidden one"),
    "s3:GetBucketLocation": ("CrawlerRole", "AWS's crawler asks for the bucket's region; here there is one region"),
    "kms:Decrypt": (r"\w+Role", _KEY),
    "kms:Encrypt": ("TrainingRole", _KEY),
    "kms:GenerateDataKey": (r"\w+Role", _KEY),
    "kms:DescribeKey": ("(Training|Endpoint|CreateEndpoint)Role", _KEY),
    "kms:CreateGrant": ("(Training|Endpoint|CreateEndpoint)Role", _KEY),
    "glue:GetDatabase": ("CrawlerRole", _CATALOG),
    "glue:GetTable": ("CrawlerRole", _CATALOG),
    "glue:GetPartition": ("CrawlerRole", _CATALOG),
    "glue:BatchGetPartition": ("CrawlerRole", _CATALOG),
    "glue:CreatePartition": ("CrawlerRole", _CATALOG),
    "glue:UpdatePartition": ("CrawlerRole", _CATALOG),
}


def scenarios() -> dict[str, dict[str, list[str]]]:
    """By role and scenario the lines of the grants that it needs."""
    found = {role: {name: lines(block) for name, block in needs.items()} for role, needs in NEEDED.items()}
    for role in [f"{name.removesuffix('Function')}Role" for name in functions()]:
        log = f"{role.removesuffix('Role')}Log"
        found.setdefault(role, {})["log"] = [f"{action} {log}" for action in LOGGED]
    return found


def lines(block: str) -> list[str]:
    return [line.strip() for line in block.strip().splitlines()]


def scenario_of(grant: Grant) -> str:
    """The scenario that a removal of the grant makes fail, or an empty string."""
    names = [name for name, needed in scenarios().get(grant.role, {}).items() if grant.line in needed]
    return names[0] if names else ""


def is_static(grant: Grant) -> bool:
    roles, _ = STATIC.get(grant.action, ("", ""))
    return re.fullmatch(roles, grant.role) is not None
