"""Weights from a service that speaks S3, over real HTTP on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from transcription.core.models import ENGINES
from transcription.core.tests.weights_server import HASTY, SHA256, WEIGHTS, toy
from transcription.core.weight_errors import WeightsNotFound, WeightsUnreachable
from transcription.core.weights_store.ensuring import FetchProgress, ensure_weights
from transcription.core.weights_store.store import WeightStore


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server: str) -> Any:
    s3 = boto3.resource(
        "s3",
        endpoint_url=f"http://{server}",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    bucket = s3.create_bucket(Bucket=f"nets-{uuid4().hex[:8]}")
    bucket.Object("drums/net.h5").put(Body=WEIGHTS)
    return bucket


def store_of(folder: Path, server: str, bucket: Any, key: str = "drums/net.h5") -> WeightStore:
    uri = f"s3://key:secret@{server}/{bucket.name}/{key}?region=us-east-1&tls=0"
    return WeightStore(folder=folder, own_uri=uri, patience=HASTY)


def test_a_network_is_fetched_and_its_account_is_not_shown(server: str, bucket: Any, tmp_path: Path) -> None:
    found = ensure_weights("keras-cnn", store_of(tmp_path, server, bucket))

    assert found.path.read_bytes() == WEIGHTS
    assert found.fingerprint == SHA256
    assert "secret" not in "".join(path.read_text() for path in tmp_path.glob("*.json"))


def test_the_account_may_be_the_one_that_the_environment_has(
    server: str, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{server}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = WeightStore(folder=tmp_path, own_uri=f"s3://{bucket.name}/drums/net.h5", patience=HASTY)

    assert ensure_weights("keras-cnn", store).path.read_bytes() == WEIGHTS


def half_fetched(store: WeightStore) -> None:
    def stop(progress: FetchProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_weights("keras-cnn", store, stop)
    (part,) = store.folder.glob("*.part")
    assert 0 < part.stat().st_size < len(WEIGHTS)


def test_a_part_is_taken_up_again(server: str, bucket: Any, tmp_path: Path) -> None:
    store = store_of(tmp_path, server, bucket)
    half_fetched(store)
    seen: list[int] = []

    found = ensure_weights("keras-cnn", store, lambda progress: seen.append(progress.done_bytes))

    assert found.path.read_bytes() == WEIGHTS
    assert min(seen) > 256 * 1024  # not from its start


def test_an_object_that_changed_is_fetched_from_its_start(server: str, bucket: Any, tmp_path: Path) -> None:
    store = store_of(tmp_path, server, bucket)
    half_fetched(store)
    bucket.Object("drums/net.h5").put(Body=WEIGHTS[::-1])

    assert ensure_weights("keras-cnn", store).path.read_bytes() == WEIGHTS[::-1]


@pytest.mark.parametrize("key", ["drums/gone.h5", "gone"])
def test_an_object_that_is_not_there_is_not_found(server: str, bucket: Any, tmp_path: Path, key: str) -> None:
    with pytest.raises(WeightsNotFound, match="NoSuchKey"):
        ensure_weights("keras-cnn", store_of(tmp_path, server, bucket, key))


def test_a_service_that_is_not_there_is_unreachable(bucket: Any, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnreachable, match=r"127\.0\.0\.1:9"):
        ensure_weights("keras-cnn", store_of(tmp_path, "127.0.0.1:9", bucket))


def test_a_mirror_may_be_a_bucket(
    server: str, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "toy", toy("https://weights.invalid/"))
    bucket.Object("copy/nets/toy.th").put(Body=WEIGHTS)
    mirror = f"s3://key:secret@{server}/{bucket.name}/copy?tls=0"

    found = ensure_weights("toy", WeightStore(folder=tmp_path, mirror_url=mirror, patience=HASTY))

    assert found.path.read_bytes() == WEIGHTS
