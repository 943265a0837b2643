"""Outcomes with a name of their own: an execution ends with it, and the machine retries some by it in ErrorEquals."""


class RejectedFile(Exception):
    """The dropped file cannot be used; the message says what, where and what is accepted."""


class RejectedSettings(Exception):
    """settings.json cannot be used; the message lists all that is wrong with it."""


class NotAdopted(Exception):
    """The file of a first version's run can no longer be read, so the dataset would lose its rows."""


class Transient(Exception):
    """An AWS service was throttling, unavailable or out of reach; the same call may work later."""


class StillCreating(Exception):
    """SageMaker is not done yet with what has to go: an endpoint that it creates or deletes, a job that it stops."""


class NoQuota(Exception):
    """The account's quota for an instance type is 0; only a quota request or another type helps."""


class QuotaReached(Exception):
    """Every instance that the account's quota allows is in use; one may become free."""


class ShardTooCrowded(Exception):
    """Tickers that share a shard have more rows than the steps can hold."""


class ModelFailed(Exception):
    """The endpoint answered with an error or with something that is not a forecast."""


class SettingMissing(Exception):
    """The function lacks an environment variable; the message names it."""
