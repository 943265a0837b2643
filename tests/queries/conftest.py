"""The fixtures of the tests of this folder, what readers see of published runs."""

from tests.support.fixtures import cloud, prices

__all__ = ["cloud", "prices"]
