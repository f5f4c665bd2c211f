# The image of `millrace up` and of `--runner pod`. Written and linted, not built where this repository is tested: there is no
# container engine there. Debian, because the embedded Postgres and DuckDB are built for glibc.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund && npm pack --pack-destination /tmp

FROM node:24-bookworm-slim
RUN groupadd --gid 10001 millrace && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home millrace \
  && mkdir /data && chown 10001:10001 /data
COPY --from=build /tmp/millrace-*.tgz /tmp/millrace.tgz
RUN npm install --global --ignore-scripts --no-audit --no-fund /tmp/millrace.tgz && rm /tmp/millrace.tgz
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 4400
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4400/healthz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["millrace"]
# Others reach it, so it wants a key; without MILLRACE_SERVER_KEY it says so and ends.
CMD ["up", "--host", "0.0.0.0", "--port", "4400", "--key", "env:MILLRACE_SERVER_KEY"]
