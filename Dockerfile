# syntax=docker/dockerfile:1
# One image for the web process and every worker; docker-compose.yml says what each runs.
#   docker build -t drumsite .                       networks on the CPU
#   docker build -t drumsite --build-arg GPU=1 .     networks on an NVIDIA GPU (the CUDA libraries come with torch)

FROM python:3.11-slim-bookworm AS build
ARG GPU=0
ARG TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
RUN python -m venv /opt/venv
COPY requirements/ /tmp/requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    if [ "$GPU" = 1 ]; then unset PIP_EXTRA_INDEX_URL; else export PIP_EXTRA_INDEX_URL="$TORCH_CPU_INDEX"; fi \
    && /opt/venv/bin/pip install -r /tmp/requirements/worker.txt \
    && /opt/venv/bin/pip check

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PRODUCTION=1 \
    VAR_DIR=/var/lib/drumsite \
    STATIC_ROOT=/opt/drumsite/staticfiles
# The folder of models exists here, so that a volume over it belongs to the user too.
RUN useradd --system --uid 10001 --home-dir /var/lib/drumsite --create-home drumsite \
    && install -d -o drumsite /var/lib/drumsite/models
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/drumsite
COPY . .
# The key exists for this one command: production does not start without one.
RUN SECRET_KEY=only-while-the-image-is-built VAR_DIR=/tmp/build python manage.py collectstatic --no-input \
    && rm -rf /tmp/build
USER drumsite
EXPOSE 8000
# ALLOWED_HOSTS must hold 127.0.0.1 for this.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/api/v1/health', timeout=4)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
