"""Scenario 54: whatever happens, once quiet the newest run's table is the fold of the accepted uploads."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.dataset_machine import Interleavings

REPEATED = settings(
    derandomize=True, database=None, deadline=None, print_blob=False, suppress_health_check=list(HealthCheck)
)
QUICK = settings(REPEATED, max_examples=100, stateful_step_count=25)
THOROUGH = settings(REPEATED, max_examples=5000, stateful_step_count=25)


def test_54_any_interleaving_ends_with_the_fold_of_the_accepted_uploads_in_the_newest_run():
    run_state_machine_as_test(Interleavings, settings=QUICK)


@pytest.mark.thorough
@pytest.mark.timeout(3600)
def test_54_five_thousand_interleavings_end_with_the_fold_of_the_accepted_uploads_in_the_newest_run():
    run_state_machine_as_test(Interleavings, settings=THOROUGH)


def test_54_without_resume_uploads_are_lost():
    """The machine above can fail: this variant of the product breaks what it looks at."""

    class WithoutResume(Interleavings):
        resume = False

        def check_verdicts(self) -> None:
            """An upload whose event was lost needs Resume, too; here those count that were accepted."""

    with pytest.raises(AssertionError, match="uploads are lost"):
        run_state_machine_as_test(WithoutResume, settings=settings(QUICK, phases=[Phase.generate]))
