# Hexedge in a container: `docker build -t hexedge .`. How it is used: "Offline in Docker" in README.md.
# Debian and not Alpine, because workerd is built for glibc.

FROM node:24-bookworm-slim AS packages
WORKDIR /hexedge
COPY package.json package-lock.json ./
# What runs is a third of what one works with. Without a second Node, which is for machines that lack one, without
# the compiler, which only types need, and the image library of Miniflare, which only plays Cloudflare Images with it.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/typescript node_modules/@typescript \
    node_modules/sharp node_modules/@img

FROM node:24-bookworm-slim
# For workerd, which asks upstream over TLS; Node brings its own.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node -m 700 /data
WORKDIR /hexedge
COPY --from=packages /hexedge/node_modules node_modules
COPY package.json tsconfig.json wrangler.toml ./
COPY src src

# Node only starts workerd and watches it. In 1 GiB the rest is workerd's.
ENV NODE_ENV=production NODE_OPTIONS=--max-old-space-size=256
# The image's user `node`, as a number for those who check that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 4000
# Requests under way get five seconds to end; Docker waits ten.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/health').then((it) => process.exit(it.ok ? 0 : 1), () => process.exit(1))"]
# node itself and not npm, so that the signal reaches it.
CMD ["node", "src/cli/start.ts", "--host", "0.0.0.0", "--port", "4000", "--data", "/data"]
