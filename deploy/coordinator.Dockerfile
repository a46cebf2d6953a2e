# The coordinator, and every other `syndic` command: migrations, deployment, what an operator does.
# Debian slim, not Alpine: DuckDB's and Anvil's binaries want glibc.
FROM node:22-trixie-slim AS packages
WORKDIR /syndic
COPY package.json package-lock.json ./
# None of these packages needs its install script.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

# Anvil is a development dependency, pinned by the lock file.
FROM node:22-trixie-slim AS anvil
WORKDIR /anvil
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts && install node_modules/@foundry-rs/anvil-linux-*/bin/anvil /usr/local/bin/anvil

# A chain for trying things: one node, free gas, state in a file. `--target chain`.
FROM node:22-trixie-slim AS chain
COPY --from=anvil /usr/local/bin/anvil /usr/local/bin/anvil
COPY deploy/answers.js /syndic/deploy/answers.js
RUN install -d -m 0750 -o 10001 -g 10001 /var/lib/chain
# Anvil keeps scratch files in its home.
ENV HOME=/tmp
USER 10001:10001
EXPOSE 8545
ENTRYPOINT ["anvil"]

FROM node:22-trixie-slim AS coordinator
WORKDIR /syndic
COPY --from=packages /syndic/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY proto proto
COPY core core
COPY contracts/generated contracts/generated
COPY coordinator coordinator
COPY worker worker
COPY telemetry telemetry
COPY audit audit
COPY cli cli
COPY embedded embedded
COPY examples/heart examples/heart
COPY deploy deploy
# Volumes are mounted on these: a new one takes over the owner and the mode of the folder below it.
RUN ln -s /syndic/bin/syndic.js /usr/local/bin/syndic \
    && install -d -m 0750 -o 10001 -g 10001 \
      /var/lib/syndic \
      /var/lib/syndic/accounts \
      /var/lib/syndic/coordinator \
      /var/lib/syndic/database \
      /var/lib/syndic/demo \
      /var/lib/syndic/deployment \
      /var/lib/syndic/hospitals \
      /var/lib/syndic/hospitals/cleveland \
      /var/lib/syndic/hospitals/hungarian \
      /var/lib/syndic/hospitals/switzerland \
      /var/lib/syndic/hospitals/va \
      /var/lib/syndic/models \
      /var/lib/syndic/queue \
      /var/lib/syndic/validators/1 \
      /var/lib/syndic/validators/2 \
      /var/lib/syndic/validators/3 \
      /var/lib/syndic/validators/4
ENV NODE_ENV=production HOME=/tmp
USER 10001:10001
EXPOSE 7443 8080
ENTRYPOINT ["syndic"]
CMD ["coordinator", "run"]
