"""By what a stack judges a dataset's files: its parameters, and settings.json in the dataset's folder.

Split judges by the same when the file has come. A command that knew less would upload what is refused, or refuse what
would be taken.
"""

from typing import Any

from botocore.exceptions import ClientError

from local import cloud, deploy
from stockcast import target
from stockcast.check import by_parameters
from stockcast.console import print_lines
from stockcast.target import Target
from stocks.dataset.settings import Settings, WrongSettings, where
from stocks.dataset.uploads import INCOMING, SETTINGS, place
from tools.aws import Problem

# A bucket that one may not list says so of an object that is not there, too.
DENIED = ("AccessDenied", "403")


def of_laptop(dataset: str) -> Settings:
    """What the laptop's stack is deployed with, and the dataset's own settings if its cloud is up: none need be."""
    try:
        stack = target.of_laptop(deploy.outputs()) if cloud.settings() else None
    except cloud.CloudError:  # it is up without a stack
        stack = None
    return of_stack(stack, dataset) if stack else by_parameters({})


def of_stack(stack: Target, dataset: str) -> Settings:
    """What is in force in the stack as it was deployed. Raises Problem where settings.json cannot be used."""
    from common.dataset import in_force

    defaults, s3, incoming = by_parameters(stack.parameters), stack.client("s3"), stack.outputs["IncomingBucket"]
    try:
        spellings = _spellings(s3, incoming, dataset)
        found = in_force(s3, incoming, spellings, defaults)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        print_lines([f"you may not read {SETTINGS} of {dataset}, so files are judged without it here"])
        return defaults
    if isinstance(found, WrongSettings):
        raise Problem(f"{found} It is {where(spellings)}, and no file of {dataset} is taken until then.")
    return found


def _spellings(s3: Any, incoming: str, dataset: str) -> list[str]:
    """The folders of the dataset: US/ and us/ are one."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=incoming, Prefix=f"{INCOMING}/", Delimiter="/")
    found = (one["Prefix"] for page in pages for one in page.get("CommonPrefixes", []))
    return [folder for folder in found if place(folder).dataset == dataset]
