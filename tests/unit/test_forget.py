"""Deleting what belongs to a dataset."""

from tools.aws import forget


class S3:
    """An S3 that, as AWS's, reads no XML with a sign that XML has no place for."""

    def __init__(self) -> None:
        self.gone: list[str] = []

    def delete_objects(self, *, Delete: dict, **_: str) -> dict:
        keys = [one["Key"] for one in Delete["Objects"]]
        assert all(key.isprintable() for key in keys), "MalformedXML"
        self.gone += keys
        return {}

    def delete_object(self, *, Key: str, **_: str) -> None:
        self.gone.append(Key)


def test_objects_go_whatever_their_names_hold():
    s3, keys = S3(), ["incoming/us/a.csv", "incoming/us/\x1b[2J.csv", "incoming/us/b\n.csv"]
    assert forget.deleted(s3, "b", iter([{"Key": key, "VersionId": "1"} for key in keys])) == 3
    assert sorted(s3.gone) == sorted(keys)
