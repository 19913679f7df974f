# One image for every role: the server (no arguments), the command line (`docker run IMAGE train list`), the runner.
# First `npm run image`, which puts together what is copied here. Nothing is fetched and no program runs while it is built, so
# any base will do that has Node 24 and a shell, also one made on this machine: docker build --build-arg BASE=… -t trainyard .
ARG BASE=node:24-bookworm-slim
FROM ${BASE}

COPY dist/image/opt/ /opt/
COPY --chown=1000:1000 dist/image/data/ /data/

# inside, every address is the container's own: what may come in is decided by what is published
ENV PATH=/opt/trainyard/bin:$PATH \
    HOME=/data \
    TRAINYARD_DATA_DIR=/data \
    TRAINYARD_HOST=0.0.0.0 \
    ON_DEMAND_HOST=0.0.0.0 \
    ON_DEMAND_AUTH=off

USER 1000:1000
WORKDIR /data
VOLUME /data
EXPOSE 5000 80

HEALTHCHECK --interval=30s --timeout=6s --start-period=60s CMD ["node", "/opt/trainyard/health.mjs"]
ENTRYPOINT ["/bin/sh", "/opt/trainyard/process-1.sh"]
CMD ["up"]
