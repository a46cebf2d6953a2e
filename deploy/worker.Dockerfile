# A hospital's worker, with the commands that the hospital's people use beside it (`worker`, `member`, `plan`, …).
# It trains with TensorFlow.js's WebAssembly backend. The native one is not in it: it would make the image 0.8 GB larger,
# and plans without convolutions do not need it. Those with them: npm run tfjs:native, as docs/deployment.md says.
FROM node:22-trixie-slim AS packages
WORKDIR /syndic
COPY package.json package-lock.json ./
# None of these packages needs its install script, but tfjs-node's, which fetches that library.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:22-trixie-slim AS worker
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
# A volume is mounted on the second: a new one takes over the owner and the mode of the folder below it.
RUN ln -s /syndic/bin/syndic.js /usr/local/bin/syndic \
    && install -d -m 0750 -o 10001 -g 10001 /var/lib/syndic /var/lib/syndic/hospital
ENV NODE_ENV=production HOME=/tmp
USER 10001:10001
ENTRYPOINT ["syndic"]
CMD ["worker", "run"]
