"""The container files hold together: valid, complete, and every command in them exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from drumsite.tests.test_env_example import COMPOSE_ONLY
from transcription.tasks import QUEUES

ROOT: Path = settings.BASE_DIR
COMPOSE = ROOT / "docker-compose.yml"
WITH_GPU = ROOT / "docker-compose.gpu.yml"
SECRETS = {
    "SECRET_KEY": "a-secret-for-this-test",
    "POSTGRES_PASSWORD": "p",
    "STORAGE_KEY": "k",
    "STORAGE_SECRET": "storage-secret",
}
# Settings that an operator of the containers cannot change, and why.
FIXED_BY_COMPOSE = {
    "PRODUCTION": "containers are for production",
    "DATABASE_URL": "the service postgres; POSTGRES_PASSWORD is its part",
    "REDIS_URL": "the service redis",
    "STORAGE_URL": "the service storage; STORAGE_KEY, _SECRET, _HOST and _TLS are its parts",
    "EMBEDDED_WORKER": "off beside REDIS_URL: the workers are services of their own",
    "DOTENV": "the image carries no file to read; compose reads .env",
    "VAR_DIR": "the image's",
    "STATIC_ROOT": "the image's",
    "MODEL_DIR": "the volume models, in VAR_DIR",
    "MEDIA_ROOT": "unused: files lie in the storage",
    "X_ACCEL_PREFIX": "unused: files lie in the storage",
}
_REFERENCE = re.compile(r"\$\{([A-Z_]+)(:[-?][^}]*)?\}")


def _compose() -> list[str] | None:
    """Return the words that call docker compose, where it is installed."""
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]):
            known = subprocess.run([*words, "version"], capture_output=True, check=False)
            if known.returncode == 0:
                return words
    return None


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


def _django_commands(services: dict[str, Any]) -> dict[str, list[str]]:
    """Return the words after ``manage.py`` in every command and health check, and in the Dockerfile's."""
    found: dict[str, list[str]] = {}
    for name, service in services.items():
        for key, words in (
            ("command", service.get("command", [])),
            ("health", service.get("healthcheck", {}).get("test", [])),
        ):
            if "manage.py" in words:
                found[f"{name} {key}"] = words[words.index("manage.py") + 1 :]
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)[-1]
    found["Dockerfile CMD"] = json.loads(last)[2:]
    for words in re.findall(r"python manage\.py ([^\\&\n]+)", dockerfile):
        found[f"Dockerfile RUN {words.split()[0]}"] = words.split()
    return found


@pytest.mark.parametrize("files", [[COMPOSE], [COMPOSE, WITH_GPU]], ids=["cpu", "gpu"])
def test_docker_compose_accepts_the_files(files: list[Path]) -> None:
    compose = _compose()
    if compose is None:
        pytest.skip("docker compose is not installed")
    options = [word for file in files for word in ("-f", str(file))]

    done = subprocess.run(
        [*compose, *options, "config", "--quiet"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **SECRETS},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_everything_that_a_site_needs_is_a_service(services: dict[str, Any]) -> None:
    needed = {"web", "worker-io", "worker-cpu", "worker-gpu", "migrate", "postgres", "redis", "storage"}

    assert needed <= set(services)


def test_every_dependency_is_a_service_or_a_volume(services: dict[str, Any]) -> None:
    volumes = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["volumes"]

    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in volumes, name


def test_services_that_stay_have_a_health_check_and_limits(services: dict[str, Any]) -> None:
    staying = {name: service for name, service in services.items() if service.get("restart") != "no"}

    for name, service in staying.items():
        assert service.get("deploy", {}).get("resources", {}).get("limits"), name
        assert name == "web" or service.get("healthcheck"), name  # web's is the image's own
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_command_is_one_that_manage_py_knows_with_these_options(services: dict[str, Any]) -> None:
    commands = get_commands()

    for where, (name, *words) in _django_commands(services).items():
        assert name in commands, where
        app = commands[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        parser = command.create_parser("manage.py", name)
        parser.parse_args(words)  # leaves the test with the parser's own sentence when an option is unknown


def test_the_workers_share_all_queues_among_them(services: dict[str, Any]) -> None:
    worked_on: set[str] = set()
    for where, words in _django_commands(services).items():
        if where.startswith("worker") and words[0] == "work":
            worked_on |= set(words[words.index("--queues") + 1].split(","))

    assert worked_on == set(QUEUES)


def test_every_secret_is_demanded_and_every_variable_is_in_the_example() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    references = _REFERENCE.findall(text)

    assert {name for name, rest in references if rest.startswith(":?")} == set(SECRETS)
    missing = {name for name, _ in references if not re.search(rf"^#? ?{name}=", example, re.MULTILINE)}
    assert missing == set()


@pytest.mark.parametrize("service", ["web", "worker-io", "worker-cpu", "worker-gpu", "migrate"])
def test_every_setting_of_the_example_reaches_the_site_or_is_fixed_for_a_reason(
    services: dict[str, Any], service: str
) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    environment = services[service]["environment"]
    handed_on = {name for name, value in environment.items() if value is None or f"${{{name}:" in value}
    offered = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))

    assert offered - handed_on - COMPOSE_ONLY - set(FIXED_BY_COMPOSE) == set()


def test_what_is_said_to_be_fixed_is(services: dict[str, Any]) -> None:
    environment = services["web"]["environment"]

    for name in FIXED_BY_COMPOSE:
        value = environment.get(name, "the image's or the default")
        assert value is not None, f"{name} is handed on"
        assert f"${{{name}:" not in value, f"{name} is handed on"


def test_docker_compose_hands_on_what_the_operator_sets(tmp_path: Path) -> None:
    compose = _compose()
    if compose is None:
        pytest.skip("docker compose is not installed")
    env_file = tmp_path / ".env"
    env_file.write_text(
        "\n".join(f"{name}={value}" for name, value in SECRETS.items()) + "\nRETENTION_DAYS=7\n"
    )

    done = subprocess.run(
        [*compose, "-f", str(COMPOSE), "--env-file", str(env_file), "config", "--format", "json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=True,
    )

    environment = json.loads(done.stdout)["services"]["worker-io"]["environment"]
    assert environment["RETENTION_DAYS"] == "7"
    assert environment.get("LEASE_S") is None


def test_every_file_that_the_dockerfile_copies_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    for name in copied:
        assert (ROOT / name).exists(), name
        assert name.rstrip("/") not in ignored, name


def test_the_env_file_with_secrets_stays_out_of_the_image() -> None:
    assert ".*" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
