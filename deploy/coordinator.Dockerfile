# The coordinator, and every other `syndic` command that does not train.
# Debian slim, not Alpine: DuckDB and TensorFlow want glibc 2.28.
FROM node:22-trixie-slim AS packages
WORKDIR /syndic
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:22-trixie-slim
WORKDIR /syndic
ENV NODE_ENV=production
COPY --from=packages /syndic/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY proto proto
COPY core core
COPY contracts/generated contracts/generated
COPY coordinator coordinator
COPY worker worker
COPY cli cli
RUN ln -s /syndic/bin/syndic.js /usr/local/bin/syndic \
    && install -d -o 10001 -g 10001 /var/lib/syndic /var/lib/syndic/models
USER 10001:10001
EXPOSE 7443 8080
ENTRYPOINT ["syndic"]
CMD ["coordinator", "run"]
