# A hospital's worker. Native TensorFlow where its library can be fetched at build time, else WebAssembly.
FROM node:22-trixie-slim AS packages
WORKDIR /syndic
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force

FROM node:22-trixie-slim
WORKDIR /syndic
ENV NODE_ENV=production
COPY --from=packages /syndic/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY proto proto
COPY core core
COPY contracts/generated contracts/generated
COPY worker worker
COPY coordinator/chain coordinator/chain
COPY cli cli
RUN ln -s /syndic/bin/syndic.js /usr/local/bin/syndic \
    && install -d -o 10001 -g 10001 /var/lib/syndic
USER 10001:10001
ENTRYPOINT ["syndic"]
CMD ["worker", "run"]
