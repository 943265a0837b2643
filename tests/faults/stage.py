"""A finished run on the laptop cloud, and what makes each grant of its roles needed, one scenario at a time."""

import contextlib
import datetime
import functools
import io
import itertools
import json
import random
import re
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from botocore.exceptions import ClientError

from stocks import keys
from tests.faults.grants import Grant, flattened, grants_of
from tests.integration.cloud import Cloud

DATASET = "needed"
SECONDS = 60
LOST = "the log is lost"
CRAWLER_LOG = "/aws-glue/crawlers"
FIRST_DAY = datetime.date(2022, 1, 3)


def prices() -> bytes:
    """One ticker, one too short to be forecast, a row without a price, and one that contradicts another."""
    made, last = random.Random(7), 100.0  # noqa: S311
    rows = []
    for number in range(300):
        last *= 1 + made.gauss(0, 0.01)
        rows.append(f"ALDER,{FIRST_DAY + datetime.timedelta(days=number)},{last:.4f}")
    rows += [f"SHORT,{FIRST_DAY + datetime.timedelta(days=number)},10" for number in range(20)]
    rows += [f"ALDER,{FIRST_DAY},", f"ALDER,{FIRST_DAY},1"]
    return "\n".join(["ticker,date,adjclose", *rows, ""]).encode()


class Stage:
    """Every scenario returns what it was refused with, or an empty string where nothing was."""

    def __init__(self, cloud: Cloud):
        self.cloud, self.outputs = cloud, cloud.outputs()
        self.numbers = itertools.count()
        self.executions: list[str] = []  # names under which scenarios have created endpoints and jobs
        cloud.faults(scripted={"match": f"-{DATASET}-"})
        self.arn = cloud.upload(f"incoming/{DATASET}/prices.csv", prices())
        ended = cloud.ended(self.arn)
        assert ended["status"] == "SUCCEEDED", ended
        self.payloads = self.recorded(self.arn)
        self.run = self.payloads["ScaleFunction"]["run"]
        self.endpoint = json.loads(self.call("CreateEndpointFunction", execution_name=self.new())[1])["endpoint_name"]
        self.until(lambda: self.endpoint_status(self.endpoint) == "InService")

    def recorded(self, arn: str) -> dict[str, dict]:
        """What the machine gave each function, by logical name."""
        details = [event.get("taskScheduledEventDetails") for event in self.cloud.history(arn)]
        scheduled = [json.loads(detail["parameters"]) for detail in details if detail]
        names = {arn: name for name, arn in self.physical("AWS::Lambda::Function").items()}
        return {names[one["FunctionName"].rpartition(":")[2]]: one["Payload"] for one in scheduled}

    @functools.cache  # noqa: B019  a stage lives as long as its tests
    def physical(self, kind: str) -> dict[str, str]:
        """The names in the cloud of the stack's resources of one type."""
        found = self.cloud.client("cloudformation").describe_stack_resources(StackName=self.stack)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind}

    @property
    def stack(self) -> str:
        return self.outputs["StateMachineArn"].rpartition(":")[2]

    def new(self) -> str:
        """An execution's name that has not been yet."""
        self.executions.append(f"execution-{next(self.numbers)}")
        return self.executions[-1]

    def until(self, condition) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, "the laptop cloud did not get there"
            time.sleep(0.1)

    def endpoint_status(self, name: str) -> str:
        return self.sagemaker().describe_endpoint(EndpointName=name)["EndpointStatus"]

    # The roles' policies.

    def policies(self, role: str) -> dict[str, dict]:
        iam, name = self.cloud.client("iam"), self.physical("AWS::IAM::Role")[role]
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        return {one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in names}

    @contextlib.contextmanager
    def without(self, grant: Grant) -> Iterator[str]:
        """The role lacks the one grant meanwhile; yields the resource as the deployed policy names it."""
        ((policy, document),) = self.policies(grant.role).items()
        statements = flattened(document)
        grants = grants_of(grant.role)
        assert [one["Action"] for one in statements] == [one.action for one in grants]
        left = [one for one, other in zip(statements, grants, strict=True) if other != grant]
        assert len(left) == len(statements) - 1
        with self.policy(grant.role, policy, {**document, "Statement": left}, document):
            yield statements[grants.index(grant)]["Resource"]

    @contextlib.contextmanager
    def policy(self, role: str, name: str, document: dict, before: dict) -> Iterator[None]:
        iam, physical = self.cloud.client("iam"), self.physical("AWS::IAM::Role")[role]
        iam.put_role_policy(RoleName=physical, PolicyName=name, PolicyDocument=json.dumps(document))
        try:
            yield
        finally:
            iam.put_role_policy(RoleName=physical, PolicyName=name, PolicyDocument=json.dumps(before))

    # Scenarios of the functions' roles.

    def call(self, function: str, **changes) -> tuple[str, str]:
        """What the function was refused with, and what it answered, to the recorded payload with these changes."""
        payload = self.payloads[function] | changes
        name = self.physical("AWS::Lambda::Function")[function]
        answer = self.cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload))
        body = answer["Payload"].read().decode()
        return (json.loads(body)["errorMessage"], "") if "FunctionError" in answer else ("", body)

    def scenario(self, role: str, name: str, grant: Grant | None = None) -> tuple[str, str]:
        """What the role was refused with, without the grant, and the resource of the grant as it is deployed."""
        getattr(self, f"before_{name}", str)()
        with self.without(grant) if grant else contextlib.nullcontext("") as resource:
            return getattr(self, name)(f"{role.removesuffix('Role')}Function"), resource

    def step(self, function: str) -> str:
        return self.call(function)[0]

    def new_execution(self, function: str) -> str:
        return self.call(function, execution_name=self.new())[0]

    def with_endpoint(self, function: str) -> str:
        return self.call(function, endpoint_name=self.endpoint)[0]

    def log(self, function: str) -> str:
        """An event that no handler understands is logged like any other."""
        name = self.physical("AWS::Lambda::Function")[function]
        group = self.cloud.client("lambda").get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
        before = self.logged(group)
        self.cloud.client("lambda").invoke(FunctionName=name, Payload=b"[]")
        return "" if self.logged(group) > before else LOST

    def logged(self, group: str) -> int:
        logs = self.cloud.client("logs")
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            return sum(
                len(page["events"]) for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            )
        return 0

    def take_over(self, function: str) -> str:
        """Split finds the claim of an aborted execution, and what it left in the buckets."""
        payload = self.aborted()
        source = {name: payload[name] for name in ("bucket", "key", "version_id")}
        run = {"dataset": DATASET, "run_id": keys.run_id(DATASET, **source)}
        claim = {"execution_arn": payload["execution_arn"], "claimed": "2026-01-01T00:00:00+00:00"}
        for name, body in {"claim.json": json.dumps(claim), "rows/99999.npz": "left"}.items():
            key = keys.work(run["run_id"], name)
            self.cloud.client("s3").put_object(Bucket=self.outputs["WorkBucket"], Key=key, Body=body)
        for table in ("rejected", "runs"):
            self.leave(table, run)
        return self.call(function, **payload | {"execution_arn": f"{payload['execution_arn']}-{next(self.numbers)}"})[0]

    @functools.cache  # noqa: B019
    def aborted(self) -> dict:
        """What Split was given in an execution that a person stopped."""
        arn = self.cloud.upload(f"incoming/{DATASET}/aborted.csv", prices())
        self.until(lambda: "SplitFunction" in self.recorded(arn))
        self.cloud.client("stepfunctions").stop_execution(executionArn=arn)
        self.cloud.ended(arn)
        return self.recorded(arn)["SplitFunction"]

    def leave(self, table: str, run: dict) -> None:
        """An object beside the run's own, as a try with more shards would have left it; the crawler passes over empty ones."""
        key = f"{table}/dataset={run['dataset']}/run_id={run['run_id']}/99999.left"
        self.cloud.client("s3").put_object(Bucket=self.outputs["LakeBucket"], Key=key, Body=b"")

    def publish_again(self, function: str) -> str:
        for table in ("predictions", "prices"):
            self.leave(table, self.run)
        return self.call(function)[0]

    def summarize_again(self, function: str) -> str:
        for table in ("metrics", "reports", "runs"):
            self.leave(table, self.run)
        return self.call(function)[0]

    def before_delete_endpoint(self) -> None:
        self.served = self.new()
        name = json.loads(self.call("CreateEndpointFunction", execution_name=self.served)[1])["endpoint_name"]
        self.until(lambda: self.endpoint_status(name) == "InService")

    def delete_endpoint(self, function: str) -> str:
        return self.call(function, execution_name=self.served)[0]

    def stop_training(self, function: str) -> str:
        """A job whose code only waits; its dataset's name keeps it from following the script."""
        run, execution = {**self.run, "dataset": "waiting"}, self.new()
        name = keys.resource_name(self.stack, run, execution)
        self.start_waiting(name)
        try:
            return self.call(function, run=run, execution_name=execution)[0]
        finally:
            with contextlib.suppress(ClientError):  # it has ended, as it should
                self.sagemaker().stop_training_job(TrainingJobName=name)

    def start_waiting(self, name: str) -> None:
        source = {"Bucket": self.outputs["WorkBucket"], "Key": keys.work(self.run["run_id"], "source/waiting.tar.gz")}
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as content:
            code = b"import time\ntime.sleep(600)\n"
            member = tarfile.TarInfo("train.py")
            member.size = len(code)
            content.addfile(member, io.BytesIO(code))
        self.cloud.client("s3").put_object(**source, Body=archive.getvalue())
        job = self.sagemaker().describe_training_job(TrainingJobName=self.payloads["CheckTrainingFunction"]["job_name"])
        request = {
            one: job[one]
            for one in self.sagemaker().meta.service_model.operation_model("CreateTrainingJob").input_shape.members
            if one in job
        }
        script = {
            **job["HyperParameters"],
            "sagemaker_submit_directory": json.dumps(f"s3://{source['Bucket']}/{source['Key']}"),
        }
        self.sagemaker().create_training_job(**request | {"TrainingJobName": name, "HyperParameters": script})
        self.until(
            lambda: self.sagemaker().describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training"
        )

    def open_report(self, function: str) -> str:
        """Follow the link that the message holds."""
        told = self.cloud.state / "logs" / "notifications.log"
        before = len(told.read_text())
        refused = self.call(function)[0]
        if refused:
            return refused
        (link,) = re.findall(r"https?://\S+", told.read_text()[before:])
        return self.opened(link)

    def opened(self, link: str) -> str:
        try:
            with urllib.request.urlopen(link, timeout=SECONDS) as page:  # noqa: S310
                return "" if b"<html" in page.read() else "no page"
        except urllib.error.HTTPError as error:
            return error.read().decode()

    # Scenarios of the roles that services assume.

    def train(self, _: str) -> str:
        refused, answer = self.call("StartTrainingFunction", execution_name=self.new())
        return refused or self.trained(json.loads(answer)["job_name"])

    def trained(self, name: str) -> str:
        ended = {}

        def over() -> bool:
            ended.update(self.sagemaker().describe_training_job(TrainingJobName=name))
            return ended["TrainingJobStatus"] not in ("InProgress", "Stopping")

        self.until(over)
        return ended.get("FailureReason", "")

    def serve(self, _: str) -> str:
        return self.new_execution("CreateEndpointFunction")

    def before_first_crawl(self) -> None:
        for table in self.tables():
            self.glue().delete_table(DatabaseName=self.outputs["DatabaseName"], Name=table["Name"])

    def first_crawl(self, _: str) -> str:
        return self.crawl()

    def before_crawl_of_a_change(self) -> None:
        """Table and partition are made to tell of other files than there are."""
        assert self.crawl() == ""
        where = {"DatabaseName": self.outputs["DatabaseName"]}
        for table in self.tables():
            one = self.glue().get_partitions(**where, TableName=table["Name"])["Partitions"][0]
            changed = {name: one[name] for name in ("Values", "StorageDescriptor")} | {
                "Parameters": {"recordCount": "0"}
            }
            self.glue().batch_update_partition(
                **where,
                TableName=table["Name"],
                Entries=[{"PartitionValueList": one["Values"], "PartitionInput": changed}],
            )
            kept = {name: table[name] for name in ("Name", "StorageDescriptor", "PartitionKeys", "TableType")}
            changed = kept | {"Parameters": {**table["Parameters"], "recordCount": "0"}}
            self.glue().update_table(**where, TableInput=changed)

    def crawl_of_a_change(self, _: str) -> str:
        return self.crawl()

    def before_crawl_with_log(self) -> None:
        with contextlib.suppress(self.cloud.client("logs").exceptions.ResourceNotFoundException):
            self.cloud.client("logs").delete_log_group(logGroupName=CRAWLER_LOG)

    def crawl_with_log(self, _: str) -> str:
        return self.crawl() or ("" if self.logged(CRAWLER_LOG) else LOST)

    def tables(self) -> list[dict]:
        """Those that the crawler makes; views are the template's."""
        found = self.glue().get_tables(DatabaseName=self.outputs["DatabaseName"])["TableList"]
        return [table for table in found if table["TableType"] == "EXTERNAL_TABLE"]

    def crawl(self) -> str:
        name = self.outputs["CrawlerName"]
        self.glue().start_crawler(Name=name)
        self.until(lambda: self.glue().get_crawler(Name=name)["Crawler"]["State"] == "READY")
        return self.glue().get_crawler(Name=name)["Crawler"]["LastCrawl"].get("ErrorMessage", "")

    def glue(self):
        return self.cloud.client("glue")

    def sagemaker(self):
        return self.cloud.client("sagemaker")
