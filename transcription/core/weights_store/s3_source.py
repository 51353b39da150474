"""Weights from an S3-compatible service. A module of its own, so that only who uses it loads boto3."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from transcription.core.weights_store.answers import Answer, Patience, Refused, Transient

_ASK_AGAIN = frozenset({408, 429})


class S3Source:
    """An object: ``s3://BUCKET/KEY`` with the account that boto3 finds, or none at all for public buckets;
    or ``s3://ID:SECRET@HOST:PORT/BUCKET/KEY?region=…&tls=0``, as ``STORAGE_URL`` has it.
    """

    def __init__(self, url: str, patience: Patience) -> None:
        parts = urlsplit(url)
        options: dict[str, Any] = {
            "connect_timeout": patience.connect_s,
            "read_timeout": patience.read_s,
            "retries": {"total_max_attempts": 1},  # we ask again ourselves
        }
        path = unquote(parts.path).lstrip("/")
        if "@" in parts.netloc:
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            self._bucket, _, self._key = path.partition("/")
            scheme = "http" if query.get("tls", "1") in {"0", "false", "False"} else "https"
            self._client = boto3.client(
                "s3",
                endpoint_url=f"{scheme}://{parts.netloc.rpartition('@')[2]}",
                aws_access_key_id=unquote(parts.username or ""),
                aws_secret_access_key=unquote(parts.password or ""),
                region_name=query.get("region", "us-east-1"),
                config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, **options),
            )
        else:
            self._bucket, self._key = parts.netloc, path
            session = boto3.Session()
            if session.get_credentials() is None:
                options["signature_version"] = UNSIGNED
            self._client = session.client("s3", config=Config(**options))

    def open(self, offset: int, validator: str) -> Answer:
        """Ask for the bytes from ``offset`` on; see :class:`Source`."""
        wanted: dict[str, str] = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and validator:
            wanted["IfMatch"] = validator
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._key, **wanted)
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if offset and status in {412, 416}:  # another object by now
                return self.open(0, "")
            if status >= 500 or status in _ASK_AGAIN:
                raise Transient(f"HTTP {status}") from error
            raise Refused(str(error.response.get("Error", {}).get("Code") or f"HTTP {status}")) from error
        except BotoCoreError as error:
            raise Transient(str(error)) from error
        ranged = str(found.get("ContentRange", ""))
        begin = offset if ranged.startswith(f"bytes {offset}-") else 0
        body = found["Body"]

        def read(size: int) -> bytes:
            try:
                return bytes(body.read(size))
            except (BotoCoreError, OSError) as error:
                raise Transient(str(error)) from error

        return Answer(
            read, body.close, begin, begin + int(found["ContentLength"]), str(found.get("ETag", ""))
        )
