"""Which grants of the template's roles are known to be needed by a scenario that fails without them."""

from tests.permissions import aside

# What a role is granted and a scenario of scenarios.py needs: without the grant the scenario is denied.
NEEDED = {
    "ForecastMachineUploadRole": {"rule": "states:StartExecution ForecastMachine"},
    "MachineRole": {
        "machine": """
            lambda:InvokeFunction SplitFunction:*
            lambda:InvokeFunction GatherFunction:*
            lambda:InvokeFunction MergeFunction:*
            lambda:InvokeFunction CheckDataFunction:*
            lambda:InvokeFunction ScaleFunction:*
            lambda:InvokeFunction BaselineFunction:*
            lambda:InvokeFunction StartTrainingFunction:*
            lambda:InvokeFunction CheckTrainingFunction:*
            lambda:InvokeFunction CreateEndpointFunction:*
            lambda:InvokeFunction CheckEndpointFunction:*
            lambda:InvokeFunction WriteRequestsFunction:*
            lambda:InvokeFunction StartTransformFunction:*
            lambda:InvokeFunction CheckTransformFunction:*
            lambda:InvokeFunction ForecastFunction:*
            lambda:InvokeFunction CleanUpFunction:*
            lambda:InvokeFunction CalibrateFunction:*
            lambda:InvokeFunction PublishFunction:*
            lambda:InvokeFunction SummarizeFunction:*
            lambda:InvokeFunction StartCrawlerFunction:*
            lambda:InvokeFunction CheckCrawlerFunction:*
            lambda:InvokeFunction HandOverFunction:*
            lambda:InvokeFunction NotifyFunction:*""",
    },
    "CleanUpMachineRole": {
        "machine": """
            lambda:InvokeFunction FindRunFunction:*
            lambda:InvokeFunction CleanUpFunction:*
            lambda:InvokeFunction NotifyFunction:*""",
    },
    "SplitRole": {
        "first_verdict": """
            s3:GetObjectVersion IncomingBucket/incoming/*
            s3:GetObject IncomingBucket/incoming/*/settings.json
            s3:ListBucket IncomingBucket
            s3:GetObject LakeBucket/verdicts/*
            s3:ListBucket LakeBucket verdicts/*
            s3:PutObject LakeBucket/files/*
            s3:PutObject LakeBucket/history/*
            s3:PutObject LakeBucket/rejected/*
            s3:PutObject LakeBucket/verdicts/*""",
    },
    "GatherRole": {
        "after_a_dead_holder": """
            s3:ListBucket IncomingBucket
            s3:ListBucketVersions IncomingBucket
            s3:GetObject IncomingBucket/incoming/*/settings.json
            s3:GetObject LakeBucket/leads/*
            s3:GetObject LakeBucket/plans/*
            s3:GetObject LakeBucket/published/*
            s3:GetObject LakeBucket/verdicts/*
            s3:ListBucket LakeBucket facts/*
            s3:ListBucket LakeBucket leads/*
            s3:ListBucket LakeBucket plans/*
            s3:ListBucket LakeBucket published/*
            s3:ListBucket LakeBucket runs/*
            s3:ListBucket LakeBucket verdicts/*
            s3:PutObject LakeBucket/leads/*
            s3:PutObject LakeBucket/plans/*
            states:DescribeExecution states:execution:<stack>:*""",
        "after_the_first_version": "s3:GetObject LakeBucket/runs/*",
    },
    "MergeRole": {
        "step": """
            s3:GetObject LakeBucket/facts/*
            s3:GetObject LakeBucket/history/*
            s3:GetObject LakeBucket/plans/*
            s3:GetObject LakeBucket/prices/*
            s3:PutObject WorkBucket/runs/*/merged/*
            s3:PutObject WorkBucket/runs/*/rows/*""",
    },
    "CheckDataRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/merged/*
            s3:GetObject LakeBucket/plans/*
            s3:GetObject LakeBucket/published/*
            s3:ListBucket LakeBucket published/*
            s3:ListBucket LakeBucket runs/*
            s3:PutObject WorkBucket/runs/*/data.json""",
        "unchanged": """
            s3:GetObject LakeBucket/leads/*
            s3:ListBucket LakeBucket leads/*""",
        "without_published": "s3:GetObject LakeBucket/runs/*",
        "taking_a_model": "s3:ListBucket LakeBucket models/*",
    },
    "ScaleRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/data.json
            s3:GetObject WorkBucket/runs/*/rows/*
            s3:PutObject WorkBucket/runs/*/scaled/*
            s3:PutObject WorkBucket/runs/*/shards/*
            s3:PutObject WorkBucket/runs/*/skipped/*""",
    },
    "BaselineRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/shards/*
            s3:PutObject WorkBucket/runs/*/baseline/*""",
    },
    "StartTrainingRole": {
        "ask_quota": "servicequotas:ListServiceQuotas *",
        "new_execution": """
            s3:PutObject WorkBucket/runs/*/source/*
            s3:GetObject LakeBucket/leads/*
            s3:GetObject LakeBucket/plans/*
            s3:ListBucket LakeBucket leads/*
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
            logs:CreateLogGroup logs:log-group:/aws/sagemaker/Endpoints/<stack>-*
            logs:PutRetentionPolicy logs:log-group:/aws/sagemaker/Endpoints/<stack>-*
            iam:PassRole EndpointRole""",
        "next_attempt": """
            sagemaker:DescribeEndpoint sagemaker:endpoint/<stack>-*
            sagemaker:DeleteEndpoint sagemaker:endpoint/<stack>-*""",
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
        "bad_end": """
            s3:ListBucket LakeBucket leads/*
            s3:GetObject LakeBucket/leads/*
            s3:PutObject LakeBucket/leads/*""",
        "delete_endpoint": "sagemaker:DeleteEndpoint sagemaker:endpoint/<stack>-*",
        "stop_training": "sagemaker:StopTrainingJob sagemaker:training-job/<stack>-*",
    },
    "FindRunRole": {"step": "states:DescribeExecution states:execution:<stack>:*"},
    "ReportAlarmRole": {"step": "sns:Publish Topic"},
    "CalibrateRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/histograms/*
            s3:PutObject WorkBucket/runs/*/calibration.npz""",
    },
    "PublishRole": {
        "step": """
            s3:GetObject WorkBucket/runs/*/shards/*
            s3:GetObject WorkBucket/runs/*/skipped/*
            s3:GetObject WorkBucket/runs/*/scaled/*
            s3:GetObject WorkBucket/runs/*/merged/*
            s3:GetObject WorkBucket/runs/*/baseline/*
            s3:GetObject WorkBucket/runs/*/forecasts/*
            s3:GetObject WorkBucket/runs/*/calibration.npz
            s3:GetObject WorkBucket/runs/*/data.json
            s3:PutObject WorkBucket/runs/*/scores/*
            s3:PutObject WorkBucket/runs/*/charts/*
            s3:PutObject WorkBucket/runs/*/future/*
            s3:PutObject WorkBucket/runs/*/tickers/*
            s3:PutObject LakeBucket/facts/*
            s3:PutObject LakeBucket/predictions/*/test-*
            s3:PutObject LakeBucket/prices/*
            s3:PutObject LakeBucket/tickers/*""",
    },
    "SummarizeRole": {
        "as_holder": """
            s3:GetObject WorkBucket/runs/*/data.json
            s3:GetObject WorkBucket/runs/*/scores/*
            s3:GetObject WorkBucket/runs/*/charts/*
            s3:GetObject WorkBucket/runs/*/future/*
            s3:GetObject WorkBucket/runs/*/rows/*
            s3:GetObject WorkBucket/runs/*/tickers/*
            s3:GetObject LakeBucket/leads/*
            s3:GetObject LakeBucket/models/*
            s3:GetObject LakeBucket/plans/*
            s3:GetObject LakeBucket/predictions/*/future-*
            s3:GetObject LakeBucket/published/*
            s3:GetObject LakeBucket/tickers/*
            s3:GetObject LakeBucket/verdicts/*
            s3:ListBucket LakeBucket leads/*
            s3:ListBucket LakeBucket predictions/*
            s3:ListBucket LakeBucket published/*
            s3:ListBucket LakeBucket runs/*
            s3:ListBucket LakeBucket tickers/*
            s3:PutObject WorkBucket/runs/*/message.json
            s3:PutObject LakeBucket/metrics/*
            s3:PutObject LakeBucket/predictions/*/future-*
            s3:PutObject LakeBucket/published/*
            s3:PutObject LakeBucket/reports/*
            s3:PutObject LakeBucket/runs/*""",
    },
    "HandOverRole": {
        "to_a_successor": """
            s3:ListBucket IncomingBucket
            s3:GetObject IncomingBucket/incoming/*/settings.json
            s3:GetObject LakeBucket/latest/*
            s3:GetObject LakeBucket/leads/*
            s3:GetObject LakeBucket/plans/*
            s3:GetObject LakeBucket/published/*
            s3:ListBucket LakeBucket latest/*
            s3:ListBucket LakeBucket leads/*
            s3:ListBucket LakeBucket published/*
            s3:ListBucket LakeBucket runs/*
            s3:ListBucket LakeBucket verdicts/*
            s3:PutObject LakeBucket/leads/*
            states:StartExecution states:stateMachine:<stack>""",
        "to_what_is_newer": "s3:PutObject LakeBucket/latest/*",
    },
    "StartCrawlerRole": {
        "step": """
            glue:StartCrawler glue:crawler/Crawler
            glue:GetTable glue:database/Database""",
        "new_column": "glue:UpdateTable glue:database/Database",
    },
    "CheckCrawlerRole": {"step": "glue:GetCrawler glue:crawler/Crawler"},
    "NotifyRole": {
        "first_try": """
            sns:Publish Topic
            s3:GetObject WorkBucket/runs/*/message.json
            s3:PutObject WorkBucket/sent/*""",
        "step": "s3:GetObject WorkBucket/sent/*",  # it is a later try of what the run has sent
        "open_report": "s3:GetObject LakeBucket/reports/*",
        "reject_first": """
            s3:GetObject LakeBucket/told/*
            s3:ListBucket LakeBucket told/*
            s3:ListBucket LakeBucket untold/*
            s3:PutObject LakeBucket/told/*""",
        "reject_again": "s3:PutObject LakeBucket/untold/*",
    },
    **aside.NEEDED,
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
            s3:GetObject LakeBucket/tickers/*
            s3:ListBucket LakeBucket predictions/*
            s3:ListBucket LakeBucket metrics/*
            s3:ListBucket LakeBucket runs/*
            s3:ListBucket LakeBucket prices/*
            s3:ListBucket LakeBucket tickers/*
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
        "crawl_with_log": """
            logs:CreateLogGroup logs:log-group:/aws-glue/crawlers*
            logs:CreateLogStream logs:log-group:/aws-glue/crawlers*
            logs:PutLogEvents logs:log-group:/aws-glue/crawlers*""",
    },
}
