"""SageMaker's errors, with the codes that botocore's service model names."""


class ServiceError(Exception):
    """An error response: code, message, HTTP status, and further members of the body."""

    def __init__(self, code: str, message: str, status: int = 400, **members: object):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.members = code, message, status, members


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def limit_exceeded(instance_type: str, usage: str, quota: int, count: int, used: int | None = None) -> ServiceError:
    """used: instances that other jobs or endpoints have; all of the quota if it is not said."""
    return ServiceError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{instance_type} for {usage} usage' is {quota} Instances, with current "
        f"utilization of {quota if used is None else used} Instances and a request delta of {count} Instances. "
        "Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, "
        "contact AWS support to request an increase for this quota.",
    )
