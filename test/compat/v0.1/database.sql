CREATE TABLE "chain_blocks" (
  number bigint NOT NULL,
  hash text NOT NULL,
  "timestamp" bigint NOT NULL
);

CREATE TABLE "chain_logs" (
  block bigint NOT NULL,
  log_index integer NOT NULL,
  transaction text NOT NULL,
  address text NOT NULL,
  topics text[] NOT NULL,
  data text NOT NULL,
  gas_used bigint NOT NULL
);

CREATE TABLE "events" (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  at bigint NOT NULL,
  study text,
  round bigint,
  slot integer,
  type text NOT NULL,
  data jsonb NOT NULL,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE "kysely_migration" (
  name character varying(255) NOT NULL,
  "timestamp" character varying(255) NOT NULL
);

CREATE TABLE "kysely_migration_lock" (
  id character varying(255) NOT NULL,
  is_locked integer NOT NULL DEFAULT 0
);

CREATE TABLE "nonces" (
  nonce text NOT NULL,
  key text NOT NULL,
  slot integer,
  capabilities jsonb,
  expires bigint NOT NULL
);

CREATE TABLE "outbox" (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  study text NOT NULL,
  kind text NOT NULL,
  round bigint NOT NULL,
  calldata text NOT NULL,
  state text NOT NULL,
  signer text,
  nonce bigint,
  raw text,
  transaction text,
  block bigint,
  block_hash text,
  error jsonb,
  created bigint NOT NULL,
  updated bigint NOT NULL
);

CREATE TABLE "rounds" (
  study text NOT NULL,
  round bigint NOT NULL,
  state text NOT NULL,
  base_model text NOT NULL,
  opened bigint NOT NULL,
  deadline bigint NOT NULL,
  record_by bigint NOT NULL,
  closed bigint,
  outcome integer,
  global_model text,
  manifest text,
  transaction text,
  block bigint
);

CREATE TABLE "sessions" (
  token_hash text NOT NULL,
  role text NOT NULL,
  slot integer,
  key text NOT NULL,
  expires bigint NOT NULL,
  capabilities jsonb
);

CREATE TABLE "studies" (
  id text NOT NULL,
  plan text NOT NULL,
  name text NOT NULL,
  initial_model text NOT NULL,
  model text NOT NULL,
  operator text NOT NULL,
  coordinator text NOT NULL,
  min_included integer NOT NULL,
  salt text NOT NULL,
  state text NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  abort_reason text,
  start_ordered_by text,
  outcome integer,
  opened_at bigint NOT NULL
);

CREATE TABLE "tasks" (
  id text NOT NULL,
  study text NOT NULL,
  round bigint NOT NULL,
  slot integer NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  lease_until bigint,
  phase text,
  done bigint NOT NULL DEFAULT 0,
  total bigint NOT NULL DEFAULT 0,
  update text,
  samples bigint,
  statement text,
  report text,
  receipt text,
  metrics jsonb,
  refusal_code text,
  refusal_message text
);

CREATE TABLE "uploads" (
  task text NOT NULL,
  update text NOT NULL,
  partial text NOT NULL,
  length bigint NOT NULL,
  statement text NOT NULL,
  report text NOT NULL,
  state text NOT NULL,
  touched bigint NOT NULL
);

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('1', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', NULL, NULL, 'study.opening', '{"plan": "0xd3693c541ad683be257a6027bd33629f3db971c62c08c2088ede976e4aa1194e", "operator": "0x2d83b6b61241264a2247d4cea111fb056d82e808", "coordinator": "0x0706b56f8aa60d875776b93e898f0dc8feb64525", "minIncluded": 2, "initialModel": "0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893"}', '767');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('10', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '3', 'update.accepted', '{"task": "0b95280c1927d329578dc0aaf0612fb8", "report": "0xc6080b7ff428307ac6a6140ca5823e4773f0b46943fa088290db79f1ebabe122", "update": "0x172e68feb50d59aac03739836349b3f1e9b242029bc995b51b1ecad248ebd8bd", "receipt": "0x4ec90eb5ef9de74e1824554fb3f62fcac145d1b5db0de2abe384df1909f52069", "samples": 100, "statement": "0x6d58561a33288ae71b83a5229d5fb6553e9d695fa844245f72bc6c0fdf8558d2"}', '782');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('11', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '2', 'update.accepted', '{"task": "244281cd88958c58d84b2ef29789bd1c", "report": "0xeaef8580a646851736f129af35593e43ff6f5441965139dd332ca14d096b6f95", "update": "0x71dcd93c7ccdcb9f6ecead2e0bca832a39176a27fbbe3f67215f739fd701221f", "receipt": "0xfd1a510d8851e3f4973f5c0b0c980bdadca6e165b8bed9520a43a08dbafaae52", "samples": 100, "statement": "0x6177cf8f4d15baea11007450bc7c3a43013ad37038e79b7c1b3a052b544a547f"}', '786');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('12', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '1', 'update.accepted', '{"task": "10968ce96b68752a5979b92b95df009c", "report": "0xf0a40dde18b980a7b1e45783e46f9e8f44cadc6c8ee7adab07b22456c57efb2c", "update": "0xecba1ef42ab350eb84843339fdd6c8b2b11cb4d0ed79e2effd8ebe13c1b04f97", "receipt": "0xa0b116c89b55db8618e58c7eff09210c11c2f13968a952ed30b9bea3aa53f8da", "samples": 100, "statement": "0xc86f4860aa87b50283965df800cb6980901f57e8702d4dffdb0b17666b100a61"}', '785');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('13', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', NULL, 'round.closed', '{"reason": null, "aborted": false}', '787');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('14', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', NULL, 'round.aggregated', '{"global": "0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960", "outcome": 1, "included": [1, 2, 3], "manifest": "0xb86893c406eec411cd9da3ad05a9f99095b8e61b40dd0de9b82da2639922d952"}', '788');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('15', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', NULL, 'round.recorded', '{}', '789');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('16', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', NULL, 'round.anchored', '{"block": 4, "global": "0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960", "outcome": 1, "transaction": "0x4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce"}', '791');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('17', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', NULL, 'round.open', '{"base": "0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960"}', '792');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('18', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', NULL, 'round.collecting', '{"slots": [1, 2, 3], "roster": [1, 2, 3], "deadline": 1800000600, "recordBy": 1800087000}', '793');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('19', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '1', 'task.leased', '{"id": "90075bb4a7a95fc151c043db7e04f2d3"}', '794');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('2', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', NULL, NULL, 'study.opened', '{"transaction": "0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"}', '769');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('20', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '2', 'task.leased', '{"id": "55109ab1c8a39edb89418026647dfeb1"}', '795');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('21', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '3', 'task.leased', '{"id": "fbc7e7063e085c533e60f286f6e6fa26"}', '796');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('22', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '1', 'update.accepted', '{"task": "90075bb4a7a95fc151c043db7e04f2d3", "report": "0xab9f5e03072a7aef10b5518a7b2c9d2abc99be158714ead605896429699bac79", "update": "0x1ad53ad7d04b7e3328392e697e893c464d5fe0c7b56792b4180d800a161d09b6", "receipt": "0x58a232d6e1ca32395c75c16ff2a7a58f8e8643d0e8b29116924ff795a1faa066", "samples": 100, "statement": "0xf77ebd6991fa855ad0987d68317e86f7ef56eaf3496480fd9fea59e2c542328a"}', '801');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('23', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '3', 'update.accepted', '{"task": "fbc7e7063e085c533e60f286f6e6fa26", "report": "0x0066a38f6d68dffd201717c0625172d98facc4c2cd182864298cc166d49074f3", "update": "0xbd500445ae4beff61239659e49fb60350cfc7f9602203fd0a5a0b0f2cd820953", "receipt": "0x174fa721a580f6160b29c750b03cec6e51acf7d9e922cdbbb83d4fa28d28dd50", "samples": 100, "statement": "0x34e31735d21f44b1ef14b64dd4505a0285826721d7db3fab8dd0d03aecdab735"}', '803');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('24', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '2', 'update.accepted', '{"task": "55109ab1c8a39edb89418026647dfeb1", "report": "0xaeccfbf064b9e394388f057b8612f0439db63a4f4355ccbf0a07a5972e4ee09e", "update": "0x71282350805dca7327ce5a4aff436f98177c572ab09ae4d5baecc77b31a2e5b7", "receipt": "0xbb6e0b13789b8b9b020720519e6cb9268e4828040bdf121920488201a249a53e", "samples": 100, "statement": "0x8c8092e285dece8bed467bc5e2ceb068e24c6416335401af79f217a776c110c2"}', '805');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('25', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', NULL, 'round.closed', '{"reason": null, "aborted": false}', '806');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('26', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', NULL, 'round.aggregated', '{"global": "0x741062b9b40b504e6cfc3778c50c1827f6298d6cb0c5d9f54f922a837d8c0bf8", "outcome": 1, "included": [1, 2, 3], "manifest": "0x2461b5632cf13b8fbda32595a744346656cd226361404446f407dc957e94728a"}', '807');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('27', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', NULL, 'round.recorded', '{}', '808');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('28', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', NULL, 'round.anchored', '{"block": 5, "global": "0x741062b9b40b504e6cfc3778c50c1827f6298d6cb0c5d9f54f922a837d8c0bf8", "outcome": 1, "transaction": "0x4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a"}', '810');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('29', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', NULL, NULL, 'study.closing', '{"reason": "all rounds are completed", "outcome": 1}', '811');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('3', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', NULL, NULL, 'study.starting', '{"slots": [1, 2, 3]}', '770');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('30', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', NULL, NULL, 'study.closed', '{"outcome": 1}', '813');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('31', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', NULL, NULL, 'study.opening', '{"plan": "0xd3693c541ad683be257a6027bd33629f3db971c62c08c2088ede976e4aa1194e", "operator": "0x2d83b6b61241264a2247d4cea111fb056d82e808", "coordinator": "0x0706b56f8aa60d875776b93e898f0dc8feb64525", "minIncluded": 2, "initialModel": "0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893"}', '814');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('32', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', NULL, NULL, 'study.opened', '{"transaction": "0xe7f6c011776e8db7cd330b54174fd76f7d0216b612387a5ffcfb81e6f0919683"}', '816');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('33', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', NULL, NULL, 'study.starting', '{"slots": [1, 2, 3]}', '817');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('34', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', NULL, NULL, 'study.started', '{"roster": [1, 2, 3]}', '819');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('35', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', NULL, 'round.open', '{"base": "0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893"}', '820');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('36', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', NULL, 'round.collecting', '{"slots": [1, 2, 3], "roster": [1, 2, 3], "deadline": 1800000600, "recordBy": 1800087000}', '821');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('37', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '1', 'task.leased', '{"id": "da5d23e48615a32995d311d6f2367c38"}', '822');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('38', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '3', 'task.leased', '{"id": "b578e7a5af67ad56294a238b99964197"}', '823');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('39', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '2', 'task.leased', '{"id": "5f9524a88182dffed1b0078284d4b7ee"}', '824');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('4', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', NULL, NULL, 'study.started', '{"roster": [1, 2, 3]}', '772');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('40', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '3', 'update.accepted', '{"task": "b578e7a5af67ad56294a238b99964197", "report": "0x0de582ebd75248046b8bf2d54d80b547ea48613f53a6a5752fd3487c2c7992f7", "update": "0x83e6fe21369fa09ecf45b97a2fee3fdad61e1283aef867c6ac9d03cb27748a6e", "receipt": "0x2999bbba22903178ceda684ee1b97ad43ceefc9c3eda110047ac1cebc07333db", "samples": 100, "statement": "0xa9a13d82316c7c666859827dcb487cee6241b73d155c4f4fd0a8111e4a6d9bda"}', '833');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('41', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '2', 'update.accepted', '{"task": "5f9524a88182dffed1b0078284d4b7ee", "report": "0x6e716913fde9d59d51d28da6352ba9737c41ebb60030d5531c528c65982faf92", "update": "0x86495cdef3f6d7b6b7d612f1f2cb75ce66a6224b6c0a71d59e2730933f85c0a8", "receipt": "0xae96e48dd81045a0f74d4dd98a11f023d9fb5a462d3ab928a1ffb3b774dfbc23", "samples": 100, "statement": "0xdc93d36c61e9a8e9e2812f777fb004990f8e85185bdad953d80e3c89485575cf"}', '832');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('42', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '1', 'update.accepted', '{"task": "da5d23e48615a32995d311d6f2367c38", "report": "0xe305df2f670d94f9766ef50f6994dabdb2ac747c5edbb0f391f9a12f0b694af2", "update": "0x7554437f9fa9a1b89b24ea67889dcda82ffe6d79e69ce548b5c0fa58ec4dbdd3", "receipt": "0x0e3ea891c06bcae94b62e3cbd6ce7f00063efba67aca5540066a376b6317990b", "samples": 100, "statement": "0x64e557bbe4961d970fdbd28a257638c5d2ca5c03a68e164282342b5ea742a0de"}', '829');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('43', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', NULL, 'round.closed', '{"reason": null, "aborted": false}', '836');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('44', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', NULL, 'round.aggregated', '{"global": "0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960", "outcome": 1, "included": [1, 2, 3], "manifest": "0xc656711e23be70acf15a79b709827da84c27997c321e693f693db6446f6c00eb"}', '837');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('45', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', NULL, 'round.recorded', '{}', '838');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('46', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', NULL, 'round.anchored', '{"block": 9, "global": "0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960", "outcome": 1, "transaction": "0x2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3"}', '840');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('47', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', NULL, 'round.open', '{"base": "0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960"}', '841');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('48', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', NULL, 'round.collecting', '{"slots": [1, 2, 3], "roster": [1, 2, 3], "deadline": 1800000600, "recordBy": 1800087000}', '842');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('49', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', '1', 'task.leased', '{"id": "65a15360974856a8b7aeb5b490e25d17"}', '843');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('5', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', NULL, 'round.open', '{"base": "0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893"}', '773');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('50', '1800000000', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', '1', 'update.accepted', '{"task": "65a15360974856a8b7aeb5b490e25d17", "report": "0x11f61319467499cfba6fe84ee553ca0e2481e7bd7eadd907744e3937897ec66d", "update": "0x64c5c5ae933078a819aea852340a3ea96b4871ba4abdf6469af8597a65ce4afb", "receipt": "0x56fb36fb6d48c18d28fbb661a0bb53d8b468bbb4b6206207fb4be793155724b2", "samples": 100, "statement": "0x83ca1e352ffaea23a59e36a9279ae35c515c2466531946c9955f57471e630cc2"}', '846');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('6', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', NULL, 'round.collecting', '{"slots": [1, 2, 3], "roster": [1, 2, 3], "deadline": 1800000600, "recordBy": 1800087000}', '774');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('7', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '1', 'task.leased', '{"id": "10968ce96b68752a5979b92b95df009c"}', '775');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('8', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '2', 'task.leased', '{"id": "244281cd88958c58d84b2ef29789bd1c"}', '776');

INSERT INTO "events" ("id", "at", "study", "round", "slot", "type", "data", "transaction_id") OVERRIDING SYSTEM VALUE VALUES
  ('9', '1800000000', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '3', 'task.leased', '{"id": "0b95280c1927d329578dc0aaf0612fb8"}', '777');

SELECT setval(pg_get_serial_sequence('events', 'id'), 50);

INSERT INTO "kysely_migration" ("name", "timestamp") OVERRIDING SYSTEM VALUE VALUES
  ('0001_initial', '2026-11-30T00:00:39.920Z');

INSERT INTO "kysely_migration_lock" ("id", "is_locked") OVERRIDING SYSTEM VALUE VALUES
  ('migration_lock', '0');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('1', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', 'open', '0', '0xedd754760000000000000000000000002d83b6b61241264a2247d4cea111fb056d82e808d3693c541ad683be257a6027bd33629f3db971c62c08c2088ede976e4aa1194e1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b3188930000000000000000000000000706b56f8aa60d875776b93e898f0dc8feb645250000000000000000000000000000000000000000000000000000000000000002f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f100000000000000000000000000000000000000000000000000000000000000e00000000000000000000000000000000000000000000000000000000000000041e875beef9a38efc17b037ea4f3c4206719ee5ebd4a095a33fe73c7b72c9db30d09cdb40b92c17177b65b435649f8a8fad0f3495c1707d0fa09b5e58222aea21e1c00000000000000000000000000000000000000000000000000000000000000', 'final', NULL, NULL, NULL, '0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b', '2', NULL, NULL, '1800000000', '1800000000');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('2', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', 'start', '0', '0x2c52d8314915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', 'final', NULL, NULL, NULL, '0xd4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35', '3', NULL, NULL, '1800000000', '1800000000');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('3', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', 'record', '1', '0xa474afc04915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000000000000011e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893ecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960b86893c406eec411cd9da3ad05a9f99095b8e61b40dd0de9b82da2639922d95200000000000000000000000000000000000000000000000000000000000000e000000000000000000000000000000000000000000000000000000000000000c0ecba1ef42ab350eb84843339fdd6c8b2b11cb4d0ed79e2effd8ebe13c1b04f97000000000000000000000000000000000000000000000000000000640001000171dcd93c7ccdcb9f6ecead2e0bca832a39176a27fbbe3f67215f739fd701221f0000000000000000000000000000000000000000000000000000006400010002172e68feb50d59aac03739836349b3f1e9b242029bc995b51b1ecad248ebd8bd0000000000000000000000000000000000000000000000000000006400010003', 'final', NULL, NULL, NULL, '0x4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce', '4', NULL, NULL, '1800000000', '1800000000');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('4', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', 'record', '2', '0xa474afc04915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d1511800000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000001ecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960741062b9b40b504e6cfc3778c50c1827f6298d6cb0c5d9f54f922a837d8c0bf82461b5632cf13b8fbda32595a744346656cd226361404446f407dc957e94728a00000000000000000000000000000000000000000000000000000000000000e000000000000000000000000000000000000000000000000000000000000000c01ad53ad7d04b7e3328392e697e893c464d5fe0c7b56792b4180d800a161d09b6000000000000000000000000000000000000000000000000000000640001000171282350805dca7327ce5a4aff436f98177c572ab09ae4d5baecc77b31a2e5b70000000000000000000000000000000000000000000000000000006400010002bd500445ae4beff61239659e49fb60350cfc7f9602203fd0a5a0b0f2cd8209530000000000000000000000000000000000000000000000000000006400010003', 'final', NULL, NULL, NULL, '0x4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a', '5', NULL, NULL, '1800000000', '1800000000');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('5', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', 'close', '0', '0x3a1e22f74915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d151180000000000000000000000000000000000000000000000000000000000000001', 'final', NULL, NULL, NULL, '0xef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d', '6', NULL, NULL, '1800000000', '1800000000');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('6', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', 'open', '0', '0xedd754760000000000000000000000002d83b6b61241264a2247d4cea111fb056d82e808d3693c541ad683be257a6027bd33629f3db971c62c08c2088ede976e4aa1194e1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b3188930000000000000000000000000706b56f8aa60d875776b93e898f0dc8feb645250000000000000000000000000000000000000000000000000000000000000002a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a200000000000000000000000000000000000000000000000000000000000000e00000000000000000000000000000000000000000000000000000000000000041aff6766f33d4ddb500f288c2c5a915118bf840eba7dcea00b78beb2735edf07f1d365604bf8d8edd91feaed95ddcaf2db15c902429af6b2ecd2cf4c1cfd0843b1c00000000000000000000000000000000000000000000000000000000000000', 'final', NULL, NULL, NULL, '0xe7f6c011776e8db7cd330b54174fd76f7d0216b612387a5ffcfb81e6f0919683', '7', NULL, NULL, '1800000000', '1800000000');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('7', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', 'start', '0', '0x2c52d8315ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', 'final', NULL, NULL, NULL, '0x7902699be42c8a8e46fbbb4501726517e86b22c56a189f7625a6da49081b2451', '8', NULL, NULL, '1800000000', '1800000000');

INSERT INTO "outbox" ("id", "study", "kind", "round", "calldata", "state", "signer", "nonce", "raw", "transaction", "block", "block_hash", "error", "created", "updated") OVERRIDING SYSTEM VALUE VALUES
  ('8', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', 'record', '1', '0xa474afc05ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000000000000011e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893ecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960c656711e23be70acf15a79b709827da84c27997c321e693f693db6446f6c00eb00000000000000000000000000000000000000000000000000000000000000e000000000000000000000000000000000000000000000000000000000000000c07554437f9fa9a1b89b24ea67889dcda82ffe6d79e69ce548b5c0fa58ec4dbdd3000000000000000000000000000000000000000000000000000000640001000186495cdef3f6d7b6b7d612f1f2cb75ce66a6224b6c0a71d59e2730933f85c0a8000000000000000000000000000000000000000000000000000000640001000283e6fe21369fa09ecf45b97a2fee3fdad61e1283aef867c6ac9d03cb27748a6e0000000000000000000000000000000000000000000000000000006400010003', 'final', NULL, NULL, NULL, '0x2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3', '9', NULL, NULL, '1800000000', '1800000000');

SELECT setval(pg_get_serial_sequence('outbox', 'id'), 8);

INSERT INTO "rounds" ("study", "round", "state", "base_model", "opened", "deadline", "record_by", "closed", "outcome", "global_model", "manifest", "transaction", "block") OVERRIDING SYSTEM VALUE VALUES
  ('0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', 'anchored', '0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893', '1800000000', '1800000600', '1800087000', '1800000000', '1', '0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960', '0xb86893c406eec411cd9da3ad05a9f99095b8e61b40dd0de9b82da2639922d952', '0x4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce', '4');

INSERT INTO "rounds" ("study", "round", "state", "base_model", "opened", "deadline", "record_by", "closed", "outcome", "global_model", "manifest", "transaction", "block") OVERRIDING SYSTEM VALUE VALUES
  ('0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', 'anchored', '0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960', '1800000000', '1800000600', '1800087000', '1800000000', '1', '0x741062b9b40b504e6cfc3778c50c1827f6298d6cb0c5d9f54f922a837d8c0bf8', '0x2461b5632cf13b8fbda32595a744346656cd226361404446f407dc957e94728a', '0x4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a', '5');

INSERT INTO "rounds" ("study", "round", "state", "base_model", "opened", "deadline", "record_by", "closed", "outcome", "global_model", "manifest", "transaction", "block") OVERRIDING SYSTEM VALUE VALUES
  ('0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', 'anchored', '0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893', '1800000000', '1800000600', '1800087000', '1800000000', '1', '0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960', '0xc656711e23be70acf15a79b709827da84c27997c321e693f693db6446f6c00eb', '0x2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3', '9');

INSERT INTO "rounds" ("study", "round", "state", "base_model", "opened", "deadline", "record_by", "closed", "outcome", "global_model", "manifest", "transaction", "block") OVERRIDING SYSTEM VALUE VALUES
  ('0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', 'collecting', '0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960', '1800000000', '1800000600', '1800087000', NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO "studies" ("id", "plan", "name", "initial_model", "model", "operator", "coordinator", "min_included", "salt", "state", "paused", "abort_reason", "start_ordered_by", "outcome", "opened_at") OVERRIDING SYSTEM VALUE VALUES
  ('0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '0xd3693c541ad683be257a6027bd33629f3db971c62c08c2088ede976e4aa1194e', 'sample', '0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893', '0x741062b9b40b504e6cfc3778c50c1827f6298d6cb0c5d9f54f922a837d8c0bf8', '0x2d83b6b61241264a2247d4cea111fb056d82e808', '0x0706b56f8aa60d875776b93e898f0dc8feb64525', '2', '0xf1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1', 'closed', 'false', NULL, NULL, '1', '1800000000');

INSERT INTO "studies" ("id", "plan", "name", "initial_model", "model", "operator", "coordinator", "min_included", "salt", "state", "paused", "abort_reason", "start_ordered_by", "outcome", "opened_at") OVERRIDING SYSTEM VALUE VALUES
  ('0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '0xd3693c541ad683be257a6027bd33629f3db971c62c08c2088ede976e4aa1194e', 'sample', '0x1e5c60628fbc6495b247cf2553695e9f160bb9c06b2080a2858495c04b318893', '0xecc17039ee9520cd6d1efdebfa68e0528279fb4cb6639a153928844140737960', '0x2d83b6b61241264a2247d4cea111fb056d82e808', '0x0706b56f8aa60d875776b93e898f0dc8feb64525', '2', '0xa2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2', 'running', 'false', NULL, NULL, NULL, '1800000000');

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('0b95280c1927d329578dc0aaf0612fb8', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '3', 'train', 'accepted', NULL, 'training', '1', '100', '0x172e68feb50d59aac03739836349b3f1e9b242029bc995b51b1ecad248ebd8bd', '100', '0x6d58561a33288ae71b83a5229d5fb6553e9d695fa844245f72bc6c0fdf8558d2', '0xc6080b7ff428307ac6a6140ca5823e4773f0b46943fa088290db79f1ebabe122', '0x4ec90eb5ef9de74e1824554fb3f62fcac145d1b5db0de2abe384df1909f52069', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('10968ce96b68752a5979b92b95df009c', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '1', 'train', 'accepted', NULL, 'training', '1', '100', '0xecba1ef42ab350eb84843339fdd6c8b2b11cb4d0ed79e2effd8ebe13c1b04f97', '100', '0xc86f4860aa87b50283965df800cb6980901f57e8702d4dffdb0b17666b100a61', '0xf0a40dde18b980a7b1e45783e46f9e8f44cadc6c8ee7adab07b22456c57efb2c', '0xa0b116c89b55db8618e58c7eff09210c11c2f13968a952ed30b9bea3aa53f8da', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('244281cd88958c58d84b2ef29789bd1c', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '1', '2', 'train', 'accepted', NULL, 'training', '1', '100', '0x71dcd93c7ccdcb9f6ecead2e0bca832a39176a27fbbe3f67215f739fd701221f', '100', '0x6177cf8f4d15baea11007450bc7c3a43013ad37038e79b7c1b3a052b544a547f', '0xeaef8580a646851736f129af35593e43ff6f5441965139dd332ca14d096b6f95', '0xfd1a510d8851e3f4973f5c0b0c980bdadca6e165b8bed9520a43a08dbafaae52', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('4e5cf1d6bca9806f42a61a73c305b205', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', '3', 'train', 'offered', NULL, NULL, '0', '0', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('55109ab1c8a39edb89418026647dfeb1', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '2', 'train', 'accepted', NULL, 'training', '1', '100', '0x71282350805dca7327ce5a4aff436f98177c572ab09ae4d5baecc77b31a2e5b7', '100', '0x8c8092e285dece8bed467bc5e2ceb068e24c6416335401af79f217a776c110c2', '0xaeccfbf064b9e394388f057b8612f0439db63a4f4355ccbf0a07a5972e4ee09e', '0xbb6e0b13789b8b9b020720519e6cb9268e4828040bdf121920488201a249a53e', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('5f9524a88182dffed1b0078284d4b7ee', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '2', 'train', 'accepted', NULL, 'training', '1', '100', '0x86495cdef3f6d7b6b7d612f1f2cb75ce66a6224b6c0a71d59e2730933f85c0a8', '100', '0xdc93d36c61e9a8e9e2812f777fb004990f8e85185bdad953d80e3c89485575cf', '0x6e716913fde9d59d51d28da6352ba9737c41ebb60030d5531c528c65982faf92', '0xae96e48dd81045a0f74d4dd98a11f023d9fb5a462d3ab928a1ffb3b774dfbc23', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('6255a677041b3f18d41827f16a8683a2', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', '2', 'train', 'offered', NULL, NULL, '0', '0', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('65a15360974856a8b7aeb5b490e25d17', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '2', '1', 'train', 'accepted', NULL, 'training', '1', '100', '0x64c5c5ae933078a819aea852340a3ea96b4871ba4abdf6469af8597a65ce4afb', '100', '0x83ca1e352ffaea23a59e36a9279ae35c515c2466531946c9955f57471e630cc2', '0x11f61319467499cfba6fe84ee553ca0e2481e7bd7eadd907744e3937897ec66d', '0x56fb36fb6d48c18d28fbb661a0bb53d8b468bbb4b6206207fb4be793155724b2', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('90075bb4a7a95fc151c043db7e04f2d3', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '1', 'train', 'accepted', NULL, 'training', '1', '100', '0x1ad53ad7d04b7e3328392e697e893c464d5fe0c7b56792b4180d800a161d09b6', '100', '0xf77ebd6991fa855ad0987d68317e86f7ef56eaf3496480fd9fea59e2c542328a', '0xab9f5e03072a7aef10b5518a7b2c9d2abc99be158714ead605896429699bac79', '0x58a232d6e1ca32395c75c16ff2a7a58f8e8643d0e8b29116924ff795a1faa066', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('b578e7a5af67ad56294a238b99964197', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '3', 'train', 'accepted', NULL, 'training', '1', '100', '0x83e6fe21369fa09ecf45b97a2fee3fdad61e1283aef867c6ac9d03cb27748a6e', '100', '0xa9a13d82316c7c666859827dcb487cee6241b73d155c4f4fd0a8111e4a6d9bda', '0x0de582ebd75248046b8bf2d54d80b547ea48613f53a6a5752fd3487c2c7992f7', '0x2999bbba22903178ceda684ee1b97ad43ceefc9c3eda110047ac1cebc07333db', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('da5d23e48615a32995d311d6f2367c38', '0x5ea286076e2c244f1c3bf1ec651b56800f20dfa14d83c05924348829baa6a26d', '1', '1', 'train', 'accepted', NULL, 'training', '1', '100', '0x7554437f9fa9a1b89b24ea67889dcda82ffe6d79e69ce548b5c0fa58ec4dbdd3', '100', '0x64e557bbe4961d970fdbd28a257638c5d2ca5c03a68e164282342b5ea742a0de', '0xe305df2f670d94f9766ef50f6994dabdb2ac747c5edbb0f391f9a12f0b694af2', '0x0e3ea891c06bcae94b62e3cbd6ce7f00063efba67aca5540066a376b6317990b', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "tasks" ("id", "study", "round", "slot", "kind", "state", "lease_until", "phase", "done", "total", "update", "samples", "statement", "report", "receipt", "metrics", "refusal_code", "refusal_message") OVERRIDING SYSTEM VALUE VALUES
  ('fbc7e7063e085c533e60f286f6e6fa26', '0x4915ec16446fdb650ee54059db003c1a63c08847c152d9c9302c089916d15118', '2', '3', 'train', 'accepted', NULL, 'training', '1', '100', '0xbd500445ae4beff61239659e49fb60350cfc7f9602203fd0a5a0b0f2cd820953', '100', '0x34e31735d21f44b1ef14b64dd4505a0285826721d7db3fab8dd0d03aecdab735', '0x0066a38f6d68dffd201717c0625172d98facc4c2cd182864298cc166d49074f3', '0x174fa721a580f6160b29c750b03cec6e51acf7d9e922cdbbb83d4fa28d28dd50', '{"after": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}, "before": {"loss": {"value": 0.5}, "rows": {"value": null, "reason": "minCell"}, "auroc": {"value": null, "reason": "minCell"}, "accuracy": {"value": null, "reason": "minCell"}, "negatives": {"value": null, "reason": "minCell"}, "positives": {"value": null, "reason": "minCell"}}}', NULL, NULL);

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('0b95280c1927d329578dc0aaf0612fb8', '0x172e68feb50d59aac03739836349b3f1e9b242029bc995b51b1ecad248ebd8bd', 'upload-de0fc7fa4d3cee369218b4bacac77a813b5951dfd9f6ebd8e8313ef57977a21e', '252', '0x6d58561a33288ae71b83a5229d5fb6553e9d695fa844245f72bc6c0fdf8558d2', '0xc6080b7ff428307ac6a6140ca5823e4773f0b46943fa088290db79f1ebabe122', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('10968ce96b68752a5979b92b95df009c', '0xecba1ef42ab350eb84843339fdd6c8b2b11cb4d0ed79e2effd8ebe13c1b04f97', 'upload-989b508c658a8fc520167765d91e84abdb7cc3c27cc73a6c15ecd55b458324eb', '252', '0xc86f4860aa87b50283965df800cb6980901f57e8702d4dffdb0b17666b100a61', '0xf0a40dde18b980a7b1e45783e46f9e8f44cadc6c8ee7adab07b22456c57efb2c', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('244281cd88958c58d84b2ef29789bd1c', '0x71dcd93c7ccdcb9f6ecead2e0bca832a39176a27fbbe3f67215f739fd701221f', 'upload-de56145ced7a9dbe8d3c8af4688fca20c7e0d8ef466d240e703ef4035cf66fb0', '252', '0x6177cf8f4d15baea11007450bc7c3a43013ad37038e79b7c1b3a052b544a547f', '0xeaef8580a646851736f129af35593e43ff6f5441965139dd332ca14d096b6f95', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('55109ab1c8a39edb89418026647dfeb1', '0x71282350805dca7327ce5a4aff436f98177c572ab09ae4d5baecc77b31a2e5b7', 'upload-de9cb8b051e58ebc3a2f0a401a26765ea619069e56c332f587a6a1a46ff44cc0', '252', '0x8c8092e285dece8bed467bc5e2ceb068e24c6416335401af79f217a776c110c2', '0xaeccfbf064b9e394388f057b8612f0439db63a4f4355ccbf0a07a5972e4ee09e', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('5f9524a88182dffed1b0078284d4b7ee', '0x86495cdef3f6d7b6b7d612f1f2cb75ce66a6224b6c0a71d59e2730933f85c0a8', 'upload-8ab24aa5178211f0314551a9b4a315993bd9f5eaac5f04299ef8632aa0de88e0', '252', '0xdc93d36c61e9a8e9e2812f777fb004990f8e85185bdad953d80e3c89485575cf', '0x6e716913fde9d59d51d28da6352ba9737c41ebb60030d5531c528c65982faf92', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('65a15360974856a8b7aeb5b490e25d17', '0x64c5c5ae933078a819aea852340a3ea96b4871ba4abdf6469af8597a65ce4afb', 'upload-833ff0e1d68195dee35cd66fa9e6eb6f6c813d17e7853767dfbad0ee225e7ac4', '252', '0x83ca1e352ffaea23a59e36a9279ae35c515c2466531946c9955f57471e630cc2', '0x11f61319467499cfba6fe84ee553ca0e2481e7bd7eadd907744e3937897ec66d', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('90075bb4a7a95fc151c043db7e04f2d3', '0x1ad53ad7d04b7e3328392e697e893c464d5fe0c7b56792b4180d800a161d09b6', 'upload-fa9f2eef79a5c785ca358bb7304a9e290667613515988bdc0b9ee395ea4e1335', '252', '0xf77ebd6991fa855ad0987d68317e86f7ef56eaf3496480fd9fea59e2c542328a', '0xab9f5e03072a7aef10b5518a7b2c9d2abc99be158714ead605896429699bac79', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('b578e7a5af67ad56294a238b99964197', '0x83e6fe21369fa09ecf45b97a2fee3fdad61e1283aef867c6ac9d03cb27748a6e', 'upload-ec73b523a8b475d290927999f5d2dd00d9c0e2e2437462d1ef25483cdecd607a', '252', '0xa9a13d82316c7c666859827dcb487cee6241b73d155c4f4fd0a8111e4a6d9bda', '0x0de582ebd75248046b8bf2d54d80b547ea48613f53a6a5752fd3487c2c7992f7', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('da5d23e48615a32995d311d6f2367c38', '0x7554437f9fa9a1b89b24ea67889dcda82ffe6d79e69ce548b5c0fa58ec4dbdd3', 'upload-bb92db315e71e017148a09b6f318d7df46befcde82c2b86529f39bd27f4ea36c', '252', '0x64e557bbe4961d970fdbd28a257638c5d2ca5c03a68e164282342b5ea742a0de', '0xe305df2f670d94f9766ef50f6994dabdb2ac747c5edbb0f391f9a12f0b694af2', 'accepted', '1800000000');

INSERT INTO "uploads" ("task", "update", "partial", "length", "statement", "report", "state", "touched") OVERRIDING SYSTEM VALUE VALUES
  ('fbc7e7063e085c533e60f286f6e6fa26', '0xbd500445ae4beff61239659e49fb60350cfc7f9602203fd0a5a0b0f2cd820953', 'upload-e407bfe1b04263ca706ecb73cad4d8dd916d41bbc823251fb157a29fb90088e7', '252', '0x34e31735d21f44b1ef14b64dd4505a0285826721d7db3fab8dd0d03aecdab735', '0x0066a38f6d68dffd201717c0625172d98facc4c2cd182864298cc166d49074f3', 'accepted', '1800000000');

ALTER TABLE chain_blocks ADD CONSTRAINT chain_blocks_hash_check CHECK ((hash ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE chain_blocks ADD CONSTRAINT chain_blocks_pkey PRIMARY KEY (number);

ALTER TABLE chain_logs ADD CONSTRAINT chain_logs_pkey PRIMARY KEY (block, log_index);

ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE kysely_migration ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);

ALTER TABLE kysely_migration_lock ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);

ALTER TABLE nonces ADD CONSTRAINT nonces_pkey PRIMARY KEY (nonce);

ALTER TABLE outbox ADD CONSTRAINT outbox_calldata_check CHECK ((calldata ~ '^0x[0-9a-f]+$'::text));

ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK ((kind = ANY (ARRAY['open'::text, 'start'::text, 'record'::text, 'note'::text, 'close'::text])));

ALTER TABLE outbox ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE outbox ADD CONSTRAINT outbox_round_check CHECK ((round >= 0));

ALTER TABLE outbox ADD CONSTRAINT outbox_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'signed'::text, 'sent'::text, 'mined'::text, 'final'::text, 'refused'::text])));

ALTER TABLE outbox ADD CONSTRAINT outbox_study_kind_round_key UNIQUE (study, kind, round);

ALTER TABLE rounds ADD CONSTRAINT rounds_base_model_check CHECK ((base_model ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE rounds ADD CONSTRAINT rounds_check CHECK ((deadline >= opened));

ALTER TABLE rounds ADD CONSTRAINT rounds_check1 CHECK ((record_by >= deadline));

ALTER TABLE rounds ADD CONSTRAINT rounds_check2 CHECK (((closed IS NOT NULL) = (state <> ALL (ARRAY['open'::text, 'collecting'::text]))));

ALTER TABLE rounds ADD CONSTRAINT rounds_check3 CHECK (((state <> ALL (ARRAY['aggregated'::text, 'recorded'::text, 'anchored'::text])) OR ((outcome IS NOT NULL) AND (global_model IS NOT NULL) AND (manifest IS NOT NULL))));

ALTER TABLE rounds ADD CONSTRAINT rounds_outcome_check CHECK ((outcome = ANY (ARRAY[1, 2, 3])));

ALTER TABLE rounds ADD CONSTRAINT rounds_pkey PRIMARY KEY (study, round);

ALTER TABLE rounds ADD CONSTRAINT rounds_round_check CHECK (((round >= 1) AND (round <= '4294967295'::bigint)));

ALTER TABLE rounds ADD CONSTRAINT rounds_state_check CHECK ((state = ANY (ARRAY['open'::text, 'collecting'::text, 'closed'::text, 'aggregated'::text, 'recorded'::text, 'anchored'::text])));

ALTER TABLE sessions ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_hash);

ALTER TABLE sessions ADD CONSTRAINT sessions_role_check CHECK ((role = ANY (ARRAY['worker'::text, 'operator'::text, 'member'::text, 'auditor'::text])));

ALTER TABLE studies ADD CONSTRAINT studies_check CHECK (((outcome IS NOT NULL) = (state = ANY (ARRAY['closing'::text, 'closed'::text]))));

ALTER TABLE studies ADD CONSTRAINT studies_coordinator_check CHECK ((coordinator ~ '^0x[0-9a-f]{40}$'::text));

ALTER TABLE studies ADD CONSTRAINT studies_id_check CHECK ((id ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE studies ADD CONSTRAINT studies_initial_model_check CHECK ((initial_model ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE studies ADD CONSTRAINT studies_min_included_check CHECK ((min_included >= 2));

ALTER TABLE studies ADD CONSTRAINT studies_model_check CHECK ((model ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE studies ADD CONSTRAINT studies_operator_check CHECK ((operator ~ '^0x[0-9a-f]{40}$'::text));

ALTER TABLE studies ADD CONSTRAINT studies_outcome_check CHECK ((outcome = ANY (ARRAY[1, 2, 3])));

ALTER TABLE studies ADD CONSTRAINT studies_pkey PRIMARY KEY (id);

ALTER TABLE studies ADD CONSTRAINT studies_plan_check CHECK ((plan ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE studies ADD CONSTRAINT studies_salt_check CHECK ((salt ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE studies ADD CONSTRAINT studies_state_check CHECK ((state = ANY (ARRAY['opening'::text, 'open'::text, 'starting'::text, 'running'::text, 'closing'::text, 'closed'::text])));

ALTER TABLE tasks ADD CONSTRAINT tasks_check CHECK (((state <> 'leased'::text) OR (lease_until IS NOT NULL)));

ALTER TABLE tasks ADD CONSTRAINT tasks_check1 CHECK (((state <> 'accepted'::text) OR ((update IS NOT NULL) AND (samples IS NOT NULL) AND (statement IS NOT NULL) AND (report IS NOT NULL) AND (receipt IS NOT NULL))));

ALTER TABLE tasks ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

ALTER TABLE tasks ADD CONSTRAINT tasks_slot_check CHECK (((slot >= 1) AND (slot <= 65535)));

ALTER TABLE tasks ADD CONSTRAINT tasks_state_check CHECK ((state = ANY (ARRAY['offered'::text, 'leased'::text, 'accepted'::text, 'refused'::text, 'cancelled'::text, 'expired'::text])));

ALTER TABLE tasks ADD CONSTRAINT tasks_study_round_slot_kind_key UNIQUE (study, round, slot, kind);

ALTER TABLE uploads ADD CONSTRAINT uploads_length_check CHECK ((length > 0));

ALTER TABLE uploads ADD CONSTRAINT uploads_partial_key UNIQUE (partial);

ALTER TABLE uploads ADD CONSTRAINT uploads_pkey PRIMARY KEY (task, update);

ALTER TABLE uploads ADD CONSTRAINT uploads_state_check CHECK ((state = ANY (ARRAY['receiving'::text, 'stored'::text, 'accepted'::text])));

ALTER TABLE uploads ADD CONSTRAINT uploads_update_check CHECK ((update ~ '^0x[0-9a-f]{64}$'::text));

ALTER TABLE rounds ADD CONSTRAINT rounds_study_fkey FOREIGN KEY (study) REFERENCES studies(id);

ALTER TABLE tasks ADD CONSTRAINT tasks_study_round_fkey FOREIGN KEY (study, round) REFERENCES rounds(study, round);

ALTER TABLE uploads ADD CONSTRAINT uploads_task_fkey FOREIGN KEY (task) REFERENCES tasks(id);

CREATE INDEX chain_logs_topics ON public.chain_logs USING gin (topics);

CREATE INDEX events_of_study ON public.events USING btree (study, id);

CREATE INDEX nonces_expires ON public.nonces USING btree (expires);

CREATE UNIQUE INDEX outbox_nonce ON public.outbox USING btree (signer, nonce) WHERE (state = ANY (ARRAY['signed'::text, 'sent'::text, 'mined'::text, 'final'::text]));

CREATE INDEX outbox_unfinished ON public.outbox USING btree (id) WHERE (state <> ALL (ARRAY['final'::text, 'refused'::text]));

CREATE UNIQUE INDEX rounds_under_way ON public.rounds USING btree (study) WHERE (state <> 'anchored'::text);

CREATE INDEX sessions_expires ON public.sessions USING btree (expires);

CREATE INDEX studies_unfinished ON public.studies USING btree (id) WHERE (state <> 'closed'::text);

CREATE INDEX tasks_at_work ON public.tasks USING btree (slot) WHERE (state = ANY (ARRAY['offered'::text, 'leased'::text]));

CREATE UNIQUE INDEX uploads_accepted ON public.uploads USING btree (task) WHERE (state = 'accepted'::text);

CREATE OR REPLACE FUNCTION public.events_append_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ BEGIN RAISE EXCEPTION 'events are append-only'; END $function$
;

CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION events_append_only();
