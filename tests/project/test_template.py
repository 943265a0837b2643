"""The template: what every resource of a kind must have, and what the code expects of it."""

import dataclasses
import json
import re

import pytest

from common.settings import Settings
from tests.support.template import functions, resources, template
from tools.aws import capacity

PARAMETERS = template()["Parameters"]
BUCKETS = resources("AWS::S3::Bucket")
WAITING = ("CleanUpFunction", "SweepFunction")  # long, because they wait for SageMaker, and small


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_has_a_default_a_description_and_bounds(name):
    parameter = PARAMETERS[name]
    assert {"Default", "Description"} <= set(parameter)
    assert {"AllowedValues", "AllowedPattern"} & set(parameter) or {"MinValue", "MaxValue"} <= set(parameter)
    if "MinValue" in parameter:
        assert parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"]
    if "AllowedValues" in parameter:
        assert parameter["Default"] in parameter["AllowedValues"]


def test_the_console_groups_every_parameter():
    groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(PARAMETERS)


def test_the_functions_get_exactly_the_settings_that_the_code_reads():
    given = set(template()["Globals"]["Function"]["Environment"]["Variables"])
    powertools = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
    assert given - powertools == {field.name.upper() for field in dataclasses.fields(Settings)}
    assert powertools <= given


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_private_encrypted_and_refuses_plain_http(name):
    bucket = BUCKETS[name]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert "SSEAlgorithm" in str(bucket["BucketEncryption"])
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (statement,) = resources("AWS::S3::BucketPolicy")[f"{name}Policy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": "${" + name + ".Arn}/*"}]


@pytest.mark.parametrize("name", BUCKETS)
def test_a_buckets_name_holds_the_stacks_so_that_capitals_fail_at_once(name):
    """SageMaker lower-cases names in its ARNs: with a capital in the stack's name the policies would match nothing."""
    pattern, _ = BUCKETS[name]["BucketName"]["Fn::Sub"]
    assert re.fullmatch(r"\$\{AWS::StackName\}-[a-z]+-\$\{Id\}", pattern)


def test_deleting_the_stack_keeps_what_people_dropped_and_what_was_computed():
    """And their policies, which ask for TLS. A first deployment that fails keeps nothing."""
    kept = {
        name for name, resource in template()["Resources"].items() if "Retain" in resource.get("DeletionPolicy", "")
    }
    assert kept == {"IncomingBucket", "LakeBucket", "IncomingBucketPolicy", "LakeBucketPolicy"}
    for name in kept:
        resource = template()["Resources"][name]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_working_files_and_query_results_expire_and_unfinished_uploads_everywhere():
    rules = {name: bucket["LifecycleConfiguration"]["Rules"] for name, bucket in BUCKETS.items()}
    assert all(any("AbortIncompleteMultipartUpload" in rule for rule in found) for found in rules.values())
    assert {"Ref": "WorkRetentionDays"} in [rule.get("ExpirationInDays") for rule in rules["WorkBucket"]]
    assert [rule["Prefix"] for rule in rules["LakeBucket"] if "ExpirationInDays" in rule] == ["athena/"]
    assert [rule for rule in rules["IncomingBucket"] if "ExpirationInDays" in rule] == []
    assert BUCKETS["IncomingBucket"]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_every_log_group_forgets():
    for properties in resources("AWS::Logs::LogGroup").values():
        assert properties["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("name", functions())
def test_a_function_writes_to_a_log_group_of_its_own(name):
    group = functions()[name]["LoggingConfig"]["LogGroup"]["Ref"]
    assert group == name.removesuffix("Function") + "Log"
    assert group in resources("AWS::Logs::LogGroup")


@pytest.mark.parametrize("name", functions())
def test_a_functions_numbers_are_what_lambda_allows(name):
    properties = functions()[name]
    assert 128 <= properties["MemorySize"] <= 3008, "a new account's limit"
    assert properties["Timeout"] <= 900
    assert properties["Tracing"] == "Active"
    assert (properties["Timeout"] > 60) == (properties["MemorySize"] > 256) or name in WAITING


def test_functions_and_layers_are_of_one_architecture():
    assert template()["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]
    for name in set(resources("AWS::Serverless::LayerVersion")) - {"TrainingCodeLayer"}:
        layer = template()["Resources"][name]
        assert layer["Metadata"] == {"BuildMethod": "makefile", "BuildArchitecture": {"Ref": "Architecture"}}
        assert layer["Properties"]["CompatibleArchitectures"] == [{"Ref": "Architecture"}]


def test_an_upload_starts_the_machine():
    rule = resources("AWS::Events::Rule")["ForecastMachineUpload"]
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": "ForecastMachine"}
    assert target["RoleArn"] == {"Fn::GetAtt": ["ForecastMachineUploadRole", "Arn"]}
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "IncomingBucket"}]}, "object": {"key": [{"prefix": "incoming/"}]}},
    }


def test_an_event_that_starts_no_machine_is_kept_as_a_dead_letter():
    (upload,) = resources("AWS::Events::Rule")["ForecastMachineUpload"]["Targets"]
    bad_end = resources("AWS::Serverless::StateMachine")["CleanUpMachine"]["Events"]["BadEnd"]["Properties"]
    for described in (upload, bad_end):
        assert described["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}
        assert described["RetryPolicy"]["MaximumEventAgeInSeconds"] > 3600
    rules = [{"Fn::GetAtt": [name, "Arn"]} for name in ("ForecastMachineUpload", "CleanUpMachineBadEnd")]
    allow, _ = resources("AWS::SQS::QueuePolicy")["DeadLetterQueuePolicy"]["PolicyDocument"]["Statement"]
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": rules}}


def test_an_alarm_that_cannot_be_told_is_kept_as_a_dead_letter():
    """The only function that something calls without waiting and without calling it again a few minutes later."""
    queue = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    kept = {name: one["DeadLetterQueue"] for name, one in functions().items() if "DeadLetterQueue" in one}
    assert kept == {"ReportAlarmFunction": {"Type": "SQS", "TargetArn": queue}}
    assert "EventInvokeConfig" not in functions()["ReportAlarmFunction"]  # three tries, as AWS makes by itself


def test_lambdas_are_reserved_where_the_account_has_them():
    reserved = {name: one["ReservedConcurrentExecutions"]["Fn::If"] for name, one in functions().items()
                if "ReservedConcurrentExecutions" in one}  # fmt: skip
    none = {"Ref": "AWS::NoValue"}
    assert reserved == {
        "CleanUpFunction": ["Reserves", {"Ref": "ReservedCleanUps"}, none],
        **{f"{name}Function": ["Reserves", 1, none] for name in capacity.ONE_EACH},
    }
    assert template()["Conditions"]["Reserves"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedCleanUps"}, 0]}]}
    assert template()["Parameters"]["ReservedCleanUps"]["Default"] == 0, "a new account could not deploy"


def test_a_sweep_comes_often_and_is_not_repeated():
    sweep = functions()["SweepFunction"]
    assert sweep["Events"]["Often"]["Properties"]["Schedule"] == "rate(15 minutes)"
    assert sweep["EventInvokeConfig"] == {"MaximumRetryAttempts": 0}


@pytest.mark.parametrize("name", resources("AWS::Serverless::StateMachine"))
def test_a_machine_is_logged_and_traced(name):
    machine = resources("AWS::Serverless::StateMachine")[name]
    assert machine["Logging"]["Level"] == "ALL"
    assert machine["Tracing"] == {"Enabled": True}


def test_executions_are_named_by_the_stack():
    machine = resources("AWS::Serverless::StateMachine")["ForecastMachine"]
    assert machine["Name"] == {"Ref": "AWS::StackName"}, "policies name executions by it"


def test_the_crawler_makes_one_table_per_folder():
    crawler = resources("AWS::Glue::Crawler")["Crawler"]
    paths = [target["Path"]["Fn::Sub"] for target in crawler["Targets"]["S3Targets"]]
    tables = ("predictions", "metrics", "runs", "prices", "tickers")
    assert paths == [f"s3://${{LakeBucket}}/{table}/" for table in tables]
    configuration = json.loads(crawler["Configuration"])
    assert configuration["Grouping"] == {
        "TableGroupingPolicy": "CombineCompatibleSchemas",
        "TableLevelConfiguration": 2,
    }
    assert configuration["CrawlerOutput"]["Partitions"] == {"AddOrUpdateBehavior": "InheritFromTable"}
    assert configuration["CreatePartitionIndex"] is False, "its role may not create indexes"
    assert crawler["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}
    assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}  # which that needs


def test_queries_are_bounded():
    work_group = resources("AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]
    assert work_group["EnforceWorkGroupConfiguration"] is True
    assert work_group["BytesScannedCutoffPerQuery"] == {"Ref": "AthenaBytesScannedCutoff"}


def test_a_link_is_not_promised_for_longer_than_a_roles_credentials_can_last():
    assert PARAMETERS["ReportLinkHours"]["MaxValue"] == 12
    assert "credentials" in PARAMETERS["ReportLinkHours"]["Description"]
