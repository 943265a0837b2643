"""People with the stack's policies and no others: smoke as who checks, queries as an analyst, files as a dropper."""

import contextlib
import json
import os
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.cloud import ROOT
from tools.aws import policies

DATASET = policies.DATASET


@pytest.fixture(scope="module")
def stack(cloud):
    return cloud.outputs()["StateMachineArn"].rpartition(":")[2]


@pytest.fixture(scope="module")
def person(cloud):
    """person(NAME, ARN...) -> the environment of a new user who has these managed policies."""
    iam, settings = cloud.client("iam"), json.loads((cloud.state / "cloud.json").read_text())

    def make(name, *arns):
        iam.create_user(UserName=name)
        for arn in arns:
            iam.attach_user_policy(UserName=name, PolicyArn=arn)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {
            "AWS_ENDPOINT_URL": settings["endpoint"],
            "AWS_DEFAULT_REGION": settings["region"],
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    return make


def client(variables, service):
    return boto3.session.Session().client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def is_refused(call, **given):
    try:
        call(**given)
    except ClientError as error:
        return "Denied" in error.response["Error"]["Code"] or "not authorized" in str(error)
    return False


@pytest.fixture(scope="module")
def smoked(cloud, person, stack):
    """What smoke prints to who has the checker's policy, in a stack without the dataset whose events start late."""
    place = policies.Place(stack, "aws", "us-east-1", "123456789012")
    document = json.dumps(policies.checker(place))
    checker = cloud.client("iam").create_policy(PolicyName="checker", PolicyDocument=document)["Policy"]["Arn"]
    variables = person("checker", checker)
    late = {"match": f"/incoming/{DATASET}/", "times": 1}  # the first file's event is lost
    cloud.faults(scripted={"match": f"-{DATASET}-"}, events_start_late=late)
    command = [sys.executable, "-m", "tools.aws", "smoke", "--stack", stack, "--wait", "10"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(command, cwd=ROOT, env={**own, **variables}, capture_output=True, text=True)
    cloud.faults()
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_smoke_follows_a_run_and_asks_athena_and_sagemaker(smoked, cloud):
    assert smoked.count(f"dropped s3://{cloud.outputs()['IncomingBucket']}/incoming/{DATASET}/prices.csv\n") == 2
    assert smoked.count("no execution within 10 s: a new bucket's events need about five minutes") == 1
    assert "  Publish shards done" in smoked
    assert f"Athena: run {DATASET}-" in smoked
    assert "has 30 forecasts of 10 tickers" in smoked
    assert "nothing is left in SageMaker, and no event is lost" in smoked
    assert smoked.splitlines()[-1].startswith("cost: about 0.")


@pytest.fixture(scope="module")
def analyst(person, cloud):
    return person("analyst", cloud.outputs()["AnalystPolicyArn"])


@pytest.mark.parametrize("name", ["boto3", "pyathena", "pyathena_pandas", "sqlalchemy", "awswrangler_csv"])
def test_an_analyst_asks_and_gets_the_answer(analyst, cloud, smoked, name):
    """Without ways that make a table for each query, or that list the place of results."""
    names = {"WORK_GROUP": cloud.outputs()["WorkGroupName"], "DATABASE": cloud.outputs()["DatabaseName"]}
    names["STAGING"] = f"s3://{cloud.outputs()['LakeBucket']}/athena/"
    python, script = ROOT / ".venv-clients" / "bin" / "python", ROOT / "tests" / "support" / "sql_clients.py"
    sql = f"select count(*) as n from latest_forecast where dataset = '{DATASET}'"
    variables = {"PATH": os.environ["PATH"], "HOME": str(cloud.state), **analyst, **names}
    done = subprocess.run([python, script, name, sql], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ((record,),) = [one["records"] for one in json.loads(done.stdout.splitlines()[-1])]
    assert int(record["n"]) == 30


def test_an_analyst_reads_tables_and_nothing_else(analyst, cloud, smoked):
    s3, lake, incoming = client(analyst, "s3"), cloud.outputs()["LakeBucket"], cloud.outputs()["IncomingBucket"]
    (run,) = s3.list_objects_v2(Bucket=lake, Prefix=f"runs/dataset={DATASET}/")["Contents"]
    assert s3.get_object(Bucket=lake, Key=run["Key"])["Body"].read()[:4] == b"PAR1"
    assert is_refused(s3.get_object, Bucket=lake, Key=f"leads/{DATASET}.json")
    assert is_refused(s3.get_object, Bucket=incoming, Key=f"incoming/{DATASET}/prices.csv")
    assert is_refused(s3.put_object, Bucket=lake, Key="prices/mine.parquet", Body=b"")
    assert is_refused(s3.delete_object, Bucket=lake, Key=run["Key"])
    assert is_refused(s3.list_objects_v2, Bucket=lake, Prefix="athena/")
    assert is_refused(s3.list_objects_v2, Bucket=lake)


def test_an_analyst_finds_no_queries_of_others(analyst, cloud, smoked):
    athena, group = client(analyst, "athena"), cloud.outputs()["WorkGroupName"]
    assert athena.get_work_group(WorkGroup=group)["WorkGroup"]["Name"] == group
    assert is_refused(athena.list_query_executions, WorkGroup=group)
    assert is_refused(athena.start_query_execution, QueryString="select 1", WorkGroup="primary")


def test_a_dropper_drops_and_can_neither_read_nor_delete(person, cloud, smoked):
    s3 = client(person("dropper", cloud.outputs()["DropperPolicyArn"]), "s3")
    bucket, key = cloud.outputs()["IncomingBucket"], "incoming/dropped/readme.txt"
    with contextlib.ExitStack() as after:
        version = s3.put_object(Bucket=bucket, Key=key, Body=b"no prices")["VersionId"]
        after.callback(cloud.client("s3").delete_object, Bucket=bucket, Key=key, VersionId=version)
        assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="incoming/dropped/")["Contents"]] == [
            key
        ]
        assert is_refused(s3.get_object, Bucket=bucket, Key=key)
        assert is_refused(s3.delete_object, Bucket=bucket, Key=key)
        assert is_refused(s3.put_object, Bucket=bucket, Key="elsewhere/x.csv", Body=b"")
        assert is_refused(s3.list_objects_v2, Bucket=bucket)
        assert is_refused(s3.list_objects_v2, Bucket=cloud.outputs()["LakeBucket"], Prefix="prices/")
