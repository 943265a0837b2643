"""What CloudFormation asks of whoever deploys, by the type of resource, and what the commands here ask beside.

Reading and tagging are granted by patterns of one service, because a managed policy holds 6,144 characters.
"""

from typing import NamedTuple


class Need(NamedTuple):
    """Actions of a service, and what they are needed on.

    In short: `x:::y` is an ARN with region and account, `x::y` one with an account, `x:y` one with neither.
    """

    service: str
    actions: str  # without the service, separated by blanks
    resources: tuple[str, ...] = ("*",)


SERVERLESS = "arn:{partition}:cloudformation:{region}:aws:transform/Serverless-2016-10-31"
MANAGED = "aws-sam-cli-managed-default"  # SAM's own stack, whose bucket takes the packages
_GLUE = ("glue:::catalog", "glue:::database/{database}", "glue:::table/{database}/*")
_ROLE = "iam::role/{stack}-*"
_RULES = "DeleteRolePolicy GetRole* PutRolePolicy"
# What each type asks for, as its handlers in CloudFormation's registry and the pages of its service's API say.
NEEDS: dict[str, tuple[Need, ...]] = {
    "AWS::Athena::NamedQuery": (
        Need(
            "athena",
            "CreateNamedQuery DeleteNamedQuery GetNamedQuery UpdateNamedQuery ListNamedQueries",
            ("athena:::workgroup/{stack}",),
        ),
    ),
    "AWS::Athena::WorkGroup": (
        Need(
            "athena",
            "CreateWorkGroup DeleteWorkGroup GetWorkGroup UpdateWorkGroup *Tag*",
            ("athena:::workgroup/{stack}",),
        ),
    ),
    "AWS::CloudWatch::Alarm": (
        Need("cloudwatch", "PutMetricAlarm DeleteAlarms DescribeAlarms *Tag*", ("cloudwatch:::alarm:{stack}-*",)),
    ),
    "AWS::CloudWatch::Dashboard": (
        Need("cloudwatch", "PutDashboard DeleteDashboards GetDashboard", ("cloudwatch::dashboard/{stack}",)),
    ),
    "AWS::Events::Rule": (
        Need(
            "events",
            "PutRule DeleteRule DescribeRule EnableRule DisableRule PutTargets RemoveTargets ListTargetsByRule *Tag*",
            ("events:::rule/{stack}-*",),
        ),
    ),
    "AWS::Glue::Crawler": (
        # CloudFormation names a crawler by its logical name alone.
        Need("glue", "DeleteCrawler GetCrawler StopCrawler UpdateCrawler *Tag*", ("glue:::crawler/*",)),
        Need("glue", "CreateCrawler"),
    ),
    "AWS::Glue::Database": (Need("glue", "CreateDatabase DeleteDatabase GetDatabase UpdateDatabase", _GLUE),),
    "AWS::Glue::Table": (Need("glue", "CreateTable DeleteTable GetTable* UpdateTable", _GLUE),),
    "AWS::IAM::ManagedPolicy": (
        Need(
            "iam",
            "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion GetPolicy* ListPolicyVersions"
            " ListEntitiesForPolicy TagPolicy UntagPolicy",
            ("iam::policy/{stack}-*",),
        ),
    ),
    "AWS::IAM::Policy": (Need("iam", _RULES, (_ROLE,)),),
    "AWS::IAM::Role": (
        Need(
            "iam",
            f"CreateRole DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy {_RULES}"
            " List*RolePolicies TagRole UntagRole",
            (_ROLE,),
        ),
    ),
    "AWS::Lambda::Alias": (
        Need("lambda", "CreateAlias DeleteAlias UpdateAlias Get*", ("lambda:::function:{stack}-*",)),
    ),
    "AWS::Lambda::EventInvokeConfig": (
        Need(
            "lambda",
            "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig Get*",
            ("lambda:::function:{stack}-*",),
        ),
    ),
    "AWS::Lambda::Function": (
        Need(
            "lambda",
            "CreateFunction DeleteFunction UpdateFunctionCode UpdateFunctionConfiguration Get* *Tag*"
            " PutFunctionConcurrency DeleteFunctionConcurrency",
            ("lambda:::function:{stack}-*",),
        ),
        Need("lambda", "GetLayerVersion", ("lambda:::layer:{stack}-*",)),
    ),
    "AWS::Lambda::LayerVersion": (
        Need("lambda", "PublishLayerVersion DeleteLayerVersion GetLayerVersion", ("lambda:::layer:{stack}-*",)),
    ),
    "AWS::Lambda::Permission": (
        Need("lambda", "AddPermission RemovePermission Get*", ("lambda:::function:{stack}-*",)),
    ),
    "AWS::Lambda::Version": (
        Need(
            "lambda",
            "PublishVersion ListVersionsByFunction Get*",
            ("lambda:::function:{stack}-*",),
        ),
    ),
    "AWS::Logs::LogGroup": (
        Need(
            "logs",
            "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey DisassociateKmsKey"
            " GetDataProtectionPolicy *Tag*",
            (
                "logs:::log-group:/aws/lambda/{stack}/*",
                "logs:::log-group:/aws/vendedlogs/states/{stack}*",
            ),
        ),
        # Its handler reads what else a group may have.
        Need("logs", "DescribeLogGroups DescribeIndexPolicies DescribeResourcePolicies"),
    ),
    "AWS::Logs::MetricFilter": (
        Need(
            "logs",
            "PutMetricFilter DeleteMetricFilter DescribeMetricFilters",
            (
                "logs:::log-group:/aws/lambda/{stack}/*",
                "logs:::log-group:/aws/vendedlogs/states/{stack}*",
            ),
        ),
    ),
    "AWS::S3::Bucket": (
        Need(
            "s3",
            "CreateBucket DeleteBucket ListBucket GetBucket* Get*Configuration PutEncryptionConfiguration"
            " PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketVersioning PutBucketNotification"
            " PutLifecycleConfiguration PutBucketTagging",
            ("s3:{stack}-*",),
        ),
    ),
    "AWS::S3::BucketPolicy": (Need("s3", "PutBucketPolicy DeleteBucketPolicy GetBucket*", ("s3:{stack}-*",)),),
    "AWS::SNS::Subscription": (
        Need("sns", "Subscribe ListSubscriptionsByTopic", ("sns:::{stack}-*",)),
        Need("sns", "Unsubscribe GetSubscriptionAttributes"),  # a subscription is no resource
    ),
    "AWS::SNS::Topic": (
        Need(
            "sns",
            "CreateTopic DeleteTopic SetTopicAttributes Get* ListSubscriptionsByTopic *Tag*",
            ("sns:::{stack}-*",),
        ),
    ),
    "AWS::SNS::TopicPolicy": (Need("sns", "SetTopicAttributes Get*", ("sns:::{stack}-*",)),),
    "AWS::SQS::Queue": (
        Need("sqs", "CreateQueue DeleteQueue GetQueue* SetQueueAttributes *Tag*", ("sqs:::{stack}-*",)),
    ),
    "AWS::SQS::QueuePolicy": (Need("sqs", "SetQueueAttributes GetQueue*", ("sqs:::{stack}-*",)),),
    "AWS::StepFunctions::StateMachine": (
        Need(
            "states",
            "CreateStateMachine DeleteStateMachine DescribeStateMachine UpdateStateMachine *Tag*",
            ("states:::stateMachine:{stack}*",),
        ),
    ),
    # CloudFormation calls the function in the name of whoever deploys.
    "Custom::Leftovers": (Need("lambda", "InvokeFunction", ("lambda:::function:{stack}-SweepFunction-*",)),),
}
# Who is handed a role: the services that the template's roles trust, but SageMaker, whose roles the functions hand on.
PASSED = {
    "AWS::Events::Rule": "events",
    "AWS::Glue::Crawler": "glue",
    "AWS::Lambda::Function": "lambda",
    "AWS::StepFunctions::StateMachine": "states",
}
# What `sam deploy` and `sam delete` ask for themselves, and the bucket that SAM keeps for packages.
SAM = (
    Need(
        "cloudformation",
        "CreateChangeSet DeleteChangeSet ExecuteChangeSet Describe* GetTemplate* List* ContinueUpdateRollback"
        " DeleteStack *Tag*",
        (
            "cloudformation:::stack/{stack}/*",
            f"cloudformation:::stack/{MANAGED}/*",
            # A change set carries the stack's tags, and is named by SAM: the second makes SAM's own stack.
            "cloudformation:::changeSet/samcli-deploy*",
            "cloudformation:::changeSet/InitialCreation/*",
        ),
    ),
    Need(
        "cloudformation",
        "CreateChangeSet",
        ("arn:{partition}:cloudformation:{region}:aws:transform/Serverless-2016-10-31",),
    ),
    Need(
        "s3",
        "CreateBucket GetBucket* ListBucket PutBucketPolicy PutBucketTagging PutBucketVersioning"
        " PutBucketPublicAccessBlock PutEncryptionConfiguration",
        (f"s3:{MANAGED}-*",),
    ),
    Need("s3", "GetObject PutObject DeleteObject", (f"s3:{MANAGED}-*/*",)),
    # The work bucket is emptied before the stack is deleted.
    Need("s3", "DeleteObject", ("s3:{stack}-work-*/*",)),
)
# `python -m tools.aws preflight` looks; lists and settings of an account name no resource.
PREFLIGHT = (
    Need("servicequotas", "ListServiceQuotas ListAWSDefaultServiceQuotas"),
    Need("lambda", "GetAccountSettings"),
    Need("lakeformation", "GetDataLakeSettings"),
    Need("ec2", "DescribeRegions"),
    Need("cloudformation", "DescribeStacks"),
    Need("iam", "SimulatePrincipalPolicy", ("iam::role/*", "iam::user/*")),
    Need("iam", "GetRole", ("iam::role/*",)),
    # AWS's own accounts have the containers, another one in some regions.
    Need("ecr", "BatchGetImage", ("arn:{partition}:ecr:{region}:*:repository/tensorflow-*",)),
)
# `python -m tools.aws smoke` drops a file and follows its run; AnalystPolicy, which is attached beside, asks Athena.
SMOKE = (
    Need("cloudformation", "DescribeStacks", ("cloudformation:::stack/{stack}/*",)),
    Need("s3", "PutObject AbortMultipartUpload", ("s3:{stack}-incoming-*/incoming/{dataset}/*",)),
    Need("s3", "GetObject", ("s3:{stack}-lake-*/leads/{dataset}.json",)),
    Need("s3", "ListBucket", ("s3:{stack}-lake-*",)),
    Need("states", "ListExecutions StartExecution", ("states:::stateMachine:{stack}",)),
    Need("states", "DescribeExecution GetExecutionHistory", ("states:::execution:{stack}:*",)),
    Need("sagemaker", "ListEndpoints ListEndpointConfigs ListModels ListTrainingJobs ListTransformJobs"),
    Need("sqs", "GetQueueAttributes", ("sqs:::{stack}-DeadLetterQueue-*",)),
)
