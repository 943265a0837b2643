"""The fixtures of the tests of this folder, what the cloud does to files that come, fail and are stopped."""

from tests.support.fixtures import cloud, few, prices

__all__ = ["cloud", "few", "prices"]
