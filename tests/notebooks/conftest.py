"""The fixtures of the tests of this folder, what the notebooks show of a published run."""

from tests.support.fixtures import cloud, prices

__all__ = ["cloud", "prices"]
