"""What is said of a run's model: whether it was trained, and why."""

from stocks.dataset.retraining import ALWAYS
from stocks.reporting.facts import RunFacts


def in_report(facts: RunFacts) -> str:
    """What was trained, and why or why not."""
    trained = facts.model_run == facts.run_id
    done = f"{facts.train_seconds:,.0f} s on {facts.training_instance_type}" if trained else "none"
    return f"{done}; {facts.model_reason}"


def in_message(facts: RunFacts) -> str:
    """What a message says of the run's model; nothing where every run trains."""
    if facts.model_reason == ALWAYS:
        return ""
    trained = facts.model_run == facts.run_id
    return f"{'a' if trained else 'no'} model was trained: {facts.model_reason}"
