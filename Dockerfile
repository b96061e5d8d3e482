# The controller. One image for every role (SIAGA_ROLE), for the migrations and for the token command.
# A Node.js long-term-support release; the code runs on Node 20.15 and newer. Pin it by digest for a city.
ARG NODE_IMAGE=node:24-trixie-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package here needs an install script to compile TypeScript or to run: none is given the chance.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
RUN npm run build

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
# The same number as in the Asterisk image: Asterisk writes its call event log for its own user only.
RUN groupadd --gid 10112 siaga \
  && useradd --uid 10112 --gid siaga --home-dir /var/lib/siaga --no-create-home --shell /usr/sbin/nologin siaga \
  && install -d -o siaga -g siaga -m 0700 /var/lib/siaga
WORKDIR /app
COPY package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY migrations ./migrations
COPY cities ./cities
ENV NODE_ENV=production SIAGA_STATE_DIR=/var/lib/siaga MALLOC_ARENA_MAX=2
USER 10112:10112
# /healthz says that the process answers; /readyz, which also says that Asterisk is there, is for the load balancer.
# Restarting a controller does not bring Asterisk back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SIAGA_HTTP_PORT || 8112}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Memory is cleared up earlier than it would be otherwise: docs/adr/0034-memory.md.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=8", "--heap-growing-percent=40", "dist/main.js"]
