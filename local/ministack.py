"""The only door to MiniStack: what local/ uses of it, and which of its functions local/ replaces.

Nothing else in local/ imports MiniStack or knows its private names, and the pinned version has every name:
tests/project/test_ministack.py sees to both.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.arn import parse_arn
from ministack.core.responses import (
    error_response_json,
    fix_error_content_type,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
    now_iso,
)
from ministack.core.router import extract_access_key_id
from ministack.services import (
    athena,
    cloudwatch,
    eventbridge,
    glue,
    iam,
    lambda_svc,
    s3,
    sns,
    sqs,
    stepfunctions,
    sts,
)
from ministack.services.cloudformation import provisioners

__all__ = [
    "error_response_json", "extract_access_key_id", "fix_error_content_type", "get_account_id", "get_region",
    "json_response", "new_uuid", "now_iso", "parse_arn",
]  # fmt: skip

type Response = tuple[int, dict[str, str], bytes]


class Seam:
    """A name of a module that something of ours can be put in the place of."""

    def __init__(self, module: ModuleType, name: str) -> None:
        self._module, self._name = module, name
        self.original: Any = getattr(module, name)

    def replace(self, ours: Any) -> Any:
        """Put ours in place; what stood there before, ours from an earlier call included."""
        before = getattr(self._module, self._name)
        setattr(self._module, self._name, ours)
        return before


# The gateway: its ASGI application, the handler of each service, and how a request becomes an action and a resource.
asgi = app.app
handlers: dict[str, Callable] = app.SERVICE_HANDLERS
service_patterns: dict[str, dict] = router.SERVICE_PATTERNS
iam_namespaces: dict[str, str] = iam_actions.SERVICE_TO_IAM_NAMESPACE
request_origin = Seam(app, "pin_request_origin")
success_content_type = Seam(app, "fix_success_content_type")
iam_action_of = Seam(iam_actions, "extract_iam_action")
resource_arn_of = Seam(iam_actions, "extract_resource_arn")
service_of = router.detect_service
denial = iam_actions.access_denied_response

# IAM and STS
RequestToEvaluate = iam_evaluator.EvalContext
evaluate_policies = iam_evaluator.evaluate
evaluate_resource_policy = iam_evaluator.evaluate_resource_policy
enforce = iam_evaluator.enforce
policies_of_role = iam_evaluator._gather_role_policies
is_root_key = iam_evaluator.is_root_access_key
resolve_credential = iam_evaluator.resolve_credential
CredentialError = iam_evaluator.CredentialResolutionError
roles = iam._roles
register_session = sts.register_session
compile_wildcards = Seam(iam_evaluator, "_fnmatch_compile")

# S3
buckets = s3._buckets
object_data = s3._get_object_data
put_object = s3._put_object
fire_s3_event = Seam(s3, "_fire_s3_event")

# Lambda
function_record = lambda_svc._get_func_record_for_ref
execution_record = lambda_svc._execution_record_for_config
invoke_asynchronously = lambda_svc.invoke_async_with_retry
layer_archive = lambda_svc._resolve_layer_zip
execute_function = Seam(lambda_svc, "_execute_function_warm")
emit_lambda_logs = Seam(lambda_svc, "_emit_lambda_logs")

# Step Functions
ExecutionError = stepfunctions._ExecutionError
executions = stepfunctions._executions
state_machines = stepfunctions._state_machines
stop_execution = Seam(stepfunctions, "_stop_execution")
emit_execution_status = stepfunctions._emit_execution_status_event
resolve_state_machine = stepfunctions._resolve_state_machine_arn
invoke_resource = stepfunctions._invoke_resource
call_lambda = stepfunctions._call_lambda
resolve_function = stepfunctions._resolve_lambda_function_ref
apply_jsonata = stepfunctions._apply_jsonata_template
json_type = stepfunctions._json_type
parse_timestamp = stepfunctions._parse_ts
run_execution = Seam(stepfunctions, "_run_execution")
jsonata_library = Seam(stepfunctions, "jsonata")


def wait_scale() -> float:
    """The share of its time that a Wait lasts; it can be set while the cloud is up."""
    return stepfunctions._SFN_WAIT_SCALE


# EventBridge, SQS, SNS and CloudWatch
event_view = eventbridge._pattern_event_view
send_to_queue = eventbridge._dispatch_to_sqs
dispatch_event = Seam(eventbridge, "_dispatch_event")
invoke_target = Seam(eventbridge, "_invoke_target")
queue_allows = sqs.queue_policy_allows
publish_to_subscribers = Seam(sns, "_fanout")
act_on_alarm = Seam(cloudwatch, "_dispatch_alarm_actions")

# Glue
databases = glue._databases
tables = glue._tables
partitions = glue._partitions
crawlers = glue._crawlers
name_matches = glue._simple_glob_match
glue_request = Seam(glue, "_handle_request_sync")
create_crawler = Seam(glue, "_create_crawler")
update_crawler = Seam(glue, "_update_crawler")
start_crawler = Seam(glue, "_start_crawler")
stop_crawler = Seam(glue, "_stop_crawler")
get_crawler = Seam(glue, "_get_crawler")
delete_crawler = Seam(glue, "_delete_crawler")
get_crawler_metrics = Seam(glue, "_get_crawler_metrics")
catalog_calls: dict[str, Callable[[dict], Response]] = {
    "GetTables": glue._get_tables,
    "CreateTable": glue._create_table,
    "UpdateTable": glue._update_table,
    "DeleteTable": glue._delete_table,
    "GetPartitionIndexes": glue._get_partition_indexes,
    "CreatePartitionIndex": glue._create_partition_index,
    "GetPartitions": glue._get_partitions,
    "BatchCreatePartition": glue._batch_create_partition,
    "BatchUpdatePartition": glue._batch_update_partition,
    "DeletePartition": glue._delete_partition,
}

# Athena
workgroups = athena._workgroups
query_executions = athena._executions
StatementCursor = athena._Cursor
CreateExternalTable = athena._CreateTable
DropTable = athena._DropTable
parse_ddl = athena._parse_ddl
run_ddl = athena._run_ddl
stored_as = athena._STORED_AS
is_hidden = athena._hidden
duckdb_relation = athena._table_relation
table_metadata = athena._glue_table_to_metadata
start_query_execution = Seam(athena, "_start_query_execution")
get_query_results = Seam(athena, "_get_query_results")
get_table_metadata = Seam(athena, "_get_table_metadata")

# CloudFormation
resource_handlers: dict[str, dict] = provisioners._RESOURCE_HANDLERS
create_named_query = athena._create_named_query
delete_named_query = athena._delete_named_query
