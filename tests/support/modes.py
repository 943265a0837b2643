"""The forecast machine of a laptop cloud with another EndpointMode, as a deployment with the parameter makes it."""

from tests.support.cloud import Cloud

DECIDES = "{% '%s' = "  # how each rule of the Choice begins, once SAM has put the parameter in


def answer_by(cloud: Cloud, mode: str) -> None:
    """From now on executions go this way; those that run end as they began."""
    states, machine = cloud.client("stepfunctions"), cloud.outputs()["StateMachineArn"]
    given = states.describe_state_machine(stateMachineArn=machine)["definition"]
    new = given
    for other in {"realtime", "transform"} - {mode}:
        new = new.replace(DECIDES.replace("%s", other), DECIDES.replace("%s", mode))
    assert new.count(DECIDES.replace("%s", mode)) == 2  # a rule for each mode
    states.update_state_machine(stateMachineArn=machine, definition=new)
