"""The same request sent twice creates one thing: the ``Idempotency-Key`` header.

The first request with a key is answered as always and its answer is kept for a day; a repetition gets that
answer again, with the header ``Idempotent-Replayed: true``. Refusals are not kept: what failed may be tried
again with the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from accounts.models import User
from media.errors import IdempotencyConflict, IdempotencyInProgress, IdempotencyKeyInvalid
from media.models import IdempotencyKey

_KEPT = timedelta(days=1)
_ABANDONED = timedelta(minutes=10)  # a process that died while it answered; storing takes seconds

IDEMPOTENCY_PARAMETER = OpenApiParameter(
    name="Idempotency-Key",
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    required=False,
    description=(
        "Name the request, for example by a fresh UUID. Sent again within a day, it is not done twice: "
        "the first answer comes back, with `Idempotent-Replayed: true`."
    ),
)


def idempotent(method: Callable[..., Response]) -> Callable[..., Response]:
    """Decorate a method of an API view, ``(self, request, …) -> Response``, that creates something."""

    @wraps(method)
    def answer_once(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None or not isinstance(request.user, User):
            return method(self, request, *args, **kwargs)
        if not (0 < len(key) <= 128 and key.isascii() and key.isprintable()):
            raise IdempotencyKeyInvalid
        row, is_first = _claim(request.user, f"{request.method} {request.path}"[:200], key, _hash_of(request))
        if not is_first:
            return Response(row.response, status=row.status, headers={"Idempotent-Replayed": "true"})
        try:
            response = method(self, request, *args, **kwargs)
        except BaseException:
            IdempotencyKey.objects.filter(pk=row.pk).delete()
            raise
        _keep(row, response)
        return response

    return answer_once


def _claim(user: User, endpoint: str, key: str, request_hash: str) -> tuple[IdempotencyKey, bool]:
    """Return the row of this key and whether it is ours to answer."""
    now = timezone.now()
    IdempotencyKey.objects.filter(
        Q(created_at__lt=now - _KEPT) | Q(status__isnull=True, created_at__lt=now - _ABANDONED),
        user=user,
        endpoint=endpoint,
        key=key,
    ).delete()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                user=user, endpoint=endpoint, key=key, request_hash=request_hash
            )
        return row, True
    except IntegrityError:
        earlier = IdempotencyKey.objects.filter(user=user, endpoint=endpoint, key=key).first()
    if earlier is None:  # the first request has just been refused and let go of the key
        raise IdempotencyInProgress
    if earlier.request_hash != request_hash:
        raise IdempotencyConflict
    if earlier.status is None:
        raise IdempotencyInProgress
    return earlier, False


def _keep(row: IdempotencyKey, response: Response) -> None:
    if not 200 <= response.status_code < 300:
        IdempotencyKey.objects.filter(pk=row.pk).delete()
        return
    body = json.loads(json.dumps(response.data, cls=JSONEncoder))  # UUIDs and dates as the client saw them
    IdempotencyKey.objects.filter(pk=row.pk).update(status=response.status_code, response=body)


def _hash_of(request: Request) -> str:
    """Return a hash of what was sent: the fields, and the content of the files."""
    data = request.data
    if hasattr(data, "lists"):
        data = {name: [_comparable(value) for value in values] for name, values in data.lists()}
    text = json.dumps(data, sort_keys=True, cls=JSONEncoder, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _comparable(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    known = getattr(value, "sha256", None)
    if known is None:
        value.seek(0)
        known = hashlib.file_digest(value, "sha256").hexdigest()
        value.seek(0)
    return {"name": value.name, "sha256": known}
