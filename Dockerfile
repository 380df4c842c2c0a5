# The service in one image: `docker run cordon --help` tells what it can do; docker-compose.yml runs it whole.
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /source
# Two environments: one with what builds the wheel, which stays behind, and one that is shipped.
RUN python -m venv /build && python -m venv --without-pip /opt/cordon
COPY requirements-build.lock requirements-runtime.lock ./
RUN /build/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
        --require-hashes --requirement requirements-build.lock \
    && /build/bin/pip --python /opt/cordon/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement requirements-runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY model model
COPY geofence geofence
COPY sim sim
COPY crimes crimes
COPY ops ops
COPY store store
COPY access access
COPY alerts alerts
COPY ingest ingest
COPY api api
COPY cli cli
RUN /build/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /build/bin/pip --python /opt/cordon/bin/python install --no-cache-dir --disable-pip-version-check --no-deps /wheels/*.whl

FROM ${PYTHON}
# Nothing is installed while it runs, so nothing that installs is shipped.
# The account has a name because commands tell the audit who runs them.
RUN pip uninstall --yes --quiet pip setuptools wheel \
    && groupadd --gid 10001 cordon \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin cordon
COPY --from=build /opt/cordon /opt/cordon
ENV PATH=/opt/cordon/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A number, so that an orchestrator can see that it is not root. It writes nowhere: run it with a read-only root.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080 9102 9103
STOPSIGNAL SIGTERM
# Of the API; docker-compose.yml gives worker and deliverer their own, and the one-shot commands none.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "ops.healthcheck", "http://127.0.0.1:8080/health/ready"]
ENTRYPOINT ["cordon"]
CMD ["--help"]
