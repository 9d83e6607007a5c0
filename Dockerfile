# The three services, the worker and the `motcua` command in one image. docker-compose.yml says which of them runs.
# BASE is any image with Python 3.11 or newer as `python`: a mirror or a hardened image goes here.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS packages
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /opt/motcua \
 && /opt/motcua/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/run.txt

FROM ${BASE}
ENV PATH=/opt/motcua/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    READY_URL=http://127.0.0.1:8001/readyz
COPY --from=packages /opt/motcua /opt/motcua
COPY services /app/services
COPY intake_service /app/intake_service
COPY routing_service /app/routing_service
COPY stats_service /app/stats_service
COPY shared /app/shared
COPY migrations /app/migrations
COPY LICENSE /app/LICENSE
# `motcua` is the command; `ready` asks READY_URL whether this container's service is ready. The data directory exists
# with its owner, so that a volume mounted there can be written.
RUN printf '#!/bin/sh\nexec python -m services "$@"\n' > /usr/local/bin/motcua \
 && printf '#!/bin/sh\nexec python -c "import os, urllib.request as r; r.urlopen(os.environ[\\"READY_URL\\"], timeout=3)"\n' \
    > /usr/local/bin/ready \
 && chmod 755 /usr/local/bin/motcua /usr/local/bin/ready \
 && python -m compileall -q /app \
 && useradd --system --uid 10001 --user-group --home-dir /srv --no-create-home --shell /usr/sbin/nologin motcua \
 && install -d -o motcua -g motcua -m 700 /srv/.motcua /srv/files
WORKDIR /srv
USER 10001
EXPOSE 8001 8002 8003
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["ready"]
ENTRYPOINT ["motcua"]
CMD ["--help"]
