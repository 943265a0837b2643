"""What a cloud says of itself to who has no signature: which one it is, and that it is up."""

import hashlib
import hmac

HEALTH = "/_local/health"


def proof(secret: str) -> str:
    """Only this cloud and those who know its secret can say it; the cloud of another checkout says something else."""
    return hmac.new(secret.encode(), b"laptop cloud", hashlib.sha256).hexdigest()
