"""Who asks, and where: credentials, clock, region, and what must be installed here."""

import datetime
import shutil
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.aws.findings import Finding, Target, one_line
from tools.template import template

HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}  # a region that every account has
INSTALLED = {
    "sam": "install the SAM CLI: `pipx install aws-sam-cli`",
    "python3.13": "install Python 3.13: `uv python install 3.13`, and put it on the path; sam build calls it",
    "make": "install make with the system's packages: the layers are built by layers/Makefile",
}
LOG_IN = "`aws sso login`, `aws configure`, or --profile with one that has credentials"
SET_CLOCK = "set the clock: `sudo timedatectl set-ntp true`"
SKEW = datetime.timedelta(minutes=4)  # AWS refuses a signature of another five minutes
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
UNKNOWN_KEY = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure")
OTHER_CLOCK = ("SignatureDoesNotMatch", "RequestTimeTooSkewed", "InvalidSignatureException")


def installed() -> Iterator[Finding]:
    """What `sam build` and `sam deploy` call on this machine."""
    missing = [name for name in INSTALLED if shutil.which(name) is None]
    yield from (Finding("problem", f"{name} is not on the path", INSTALLED[name]) for name in missing)
    if not missing:
        yield Finding("ok", "sam, python3.13 and make are installed")


def containers(region: str) -> Finding | None:
    """A problem where AWS has no containers that train and serve."""
    if region in template()["Mappings"]["Containers"]:
        return None
    choose = "choose a region of the mapping Containers in template.yaml, such as eu-central-1"
    return Finding("problem", f"{region} has no containers of TensorFlow", choose)


def identity(sts: Any, now: Callable[[], datetime.datetime]) -> tuple[dict, Finding]:
    """GetCallerIdentity's answer, empty if there is none, and what is to say of credentials and clock."""
    try:
        answer = sts.get_caller_identity()
    except ClientError as error:
        return {}, _refused(error)
    except BotoCoreError as error:
        return {}, Finding("problem", f"no credentials: {one_line(error)}", LOG_IN)
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    off = abs(now() - parsedate_to_datetime(told)) if told else datetime.timedelta()
    if off > SKEW:
        minutes = off.total_seconds() / 60
        return answer, Finding("problem", f"this machine's clock is off by {minutes:.0f} minutes", SET_CLOCK)
    return answer, Finding("ok", f"credentials of {answer['Arn']}")


def _refused(error: ClientError) -> Finding:
    code = error.response["Error"]["Code"]
    if code in EXPIRED:
        return Finding("problem", f"the credentials have expired ({code})", LOG_IN)
    if code in OTHER_CLOCK:
        what = f"the signature is refused ({code}): a wrong secret key, or a wrong clock"
        return Finding("problem", what, f"`aws configure`; {SET_CLOCK}")
    if code in UNKNOWN_KEY:
        return Finding("problem", f"AWS does not know the access key ({code})", "`aws configure` with an active key")
    return Finding("problem", f"AWS does not say who asks: {one_line(error)}", "`aws sts get-caller-identity`")


def opted_in(target: Target, ec2: Any) -> Iterator[Finding]:
    """Whether the account may use the region."""
    named = [{"Name": "region-name", "Values": [target.region]}]
    regions = ec2.describe_regions(AllRegions=True, Filters=named)["Regions"]
    if not regions:
        yield Finding("problem", f"there is no region {target.region}", "`aws account list-regions`")
    elif regions[0]["OptInStatus"] == "not-opted-in":
        enable = f"`aws account enable-region --region-name {target.region}`, and wait until it is enabled"
        yield Finding("problem", f"{target.region} is not enabled in this account", enable)
    else:
        yield Finding("ok", f"region {target.region}")
