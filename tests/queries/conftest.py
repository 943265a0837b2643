"""The fixtures of the tests of this folder, what readers see of published runs."""

from tests.support.fixtures import cloud, few, prices

__all__ = ["cloud", "few", "prices"]
