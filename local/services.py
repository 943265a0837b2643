"""MiniStack with everything of ours put in, and how it is served. Import only after the environment is set."""

import asyncio
import importlib
import pkgutil
import signal
import threading

from hypercorn.asyncio import serve as hypercorn
from hypercorn.config import Config

from local import ministack, notifications, patches, refusals
from local.athena import api as athena
from local.crawler import api as crawler
from local.guard.install import guarded
from local.lambdas import api as lambdas
from local.machine import api as machine
from local.sagemaker import api as sagemaker
from local.sagemaker import models, quotas, shapes

PATCHES = [importlib.import_module(f"{patches.__name__}.{one.name}") for one in pkgutil.iter_modules(patches.__path__)]
SERVICES = (athena, crawler, lambdas, machine, quotas, sagemaker)


def install() -> None:
    """Put everything of ours in; refusals last, because they stand before each service's handler."""
    _count_loopback_as_tls()
    for part in (*PATCHES, *SERVICES, notifications, refusals):
        part.install()
    # botocore's model of SageMaker is large; nobody should wait for it at the first call.
    threading.Thread(target=shapes.operation, args=("sagemaker", "CreateModel"), daemon=True).start()


def _count_loopback_as_tls() -> None:
    """Policies ask for aws:SecureTransport, which nothing on 127.0.0.1 needs."""
    pin = ministack.request_origin.original
    ministack.request_origin.replace(lambda address, _secure: pin(address, True))


async def serve(port: int) -> None:
    """Serve on loopback until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = 1
    await hypercorn(guarded(port), config, shutdown_trigger=ended.wait)


def shut_down() -> None:
    """End every process this one started."""
    for endpoint in models.endpoints.all():
        endpoint.end_process()
    for job in [*models.jobs.all(), *models.transforms.all()]:
        job.abandon()
    lambdas.shut_down()
