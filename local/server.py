"""The cloud's process: MiniStack's ASGI app with our fixes and our SageMaker, on one loopback port and nothing else.

.venv-ministack/bin/python -m local.server PORT
"""

import asyncio
import logging
import os
import sys

from local import children, paths


def main(port: int) -> None:
    _environment(port)
    from local import services  # reads the environment when imported, as MiniStack does

    services.install()
    children.record(os.getpid(), "server")
    try:
        asyncio.run(services.serve(port))
    finally:
        services.shut_down()
        logging.shutdown()
    os._exit(0)  # threads of executions that still wait must not keep the process


def _environment(port: int) -> None:
    """MiniStack's settings. Whatever AWS configuration the user's shell has must not reach what runs here."""
    secret = os.environ.pop(paths.KEY_VARIABLE)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AUTH="true",
        AWS_ACCESS_KEY_ID=paths.LAPTOP_KEY,
        AWS_DEFAULT_REGION=paths.REGION,
        AWS_SECRET_ACCESS_KEY=secret,
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL=os.environ.get("LOG_LEVEL", "INFO"),
        MINISTACK_ACCOUNT_ID=paths.ACCOUNT,
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION=paths.REGION,
        PERSIST_STATE="0",
        S3_DATA_DIR=str(paths.STATE / "ministack" / "s3"),
        S3_PERSIST="0",
        SFTP_ENABLED="0",
        STATE_DIR=str(paths.STATE / "ministack"),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
