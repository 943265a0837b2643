"""MiniStack with everything of ours put in, and how it is served. Import only after the environment is set."""

import asyncio
import signal
import threading

from hypercorn.asyncio import serve as hypercorn
from hypercorn.config import Config
from ministack import app

from local import alarms, events, glue, lambdas, named_queries, notifications, storage
from local.athena import api as athena
from local.crawler import api as crawler
from local.machine import execution
from local.sagemaker import access, api, shapes, store


def install() -> None:
    alarms.install()
    execution.install()
    lambdas.install()
    events.install()
    glue.install()
    athena.install()
    crawler.install()
    named_queries.install()
    notifications.install()
    storage.install()
    access.install(api.handle)
    # botocore's model of SageMaker is large; nobody should wait for it at the first call.
    threading.Thread(target=shapes.operation, args=("sagemaker", "CreateModel"), daemon=True).start()


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
    await hypercorn(app.app, config, shutdown_trigger=ended.wait)


def shut_down() -> None:
    """End every process this one started."""
    for endpoint in store.endpoints.all():
        endpoint.end_process()
    for job in store.jobs.all():
        job.abandon()
    lambdas.shut_down()
