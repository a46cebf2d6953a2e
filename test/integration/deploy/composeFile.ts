import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const ROOT = join(import.meta.dirname, '..', '..', '..');
const FILE = join(ROOT, 'docker-compose.yml');

const words = z.array(z.string());

const serviceSchema = z.object({
  image: z.string(),
  build: z.object({ context: z.literal('.'), dockerfile: z.string(), target: z.string() }).optional(),
  profiles: words.default([]),
  user: z.string(),
  read_only: z.boolean().default(false),
  cap_drop: words.default([]),
  security_opt: words.default([]),
  restart: z.string(),
  entrypoint: words.optional(),
  command: words.default([]),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: words.default([]),
  ports: words.default([]),
  healthcheck: z.object({ test: words }).optional(),
  stop_signal: z.string().default('SIGTERM'),
  depends_on: z
    .record(z.string(), z.object({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }))
    .default({}),
});

const fileSchema = z.object({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.null()),
});

export type Service = z.infer<typeof serviceSchema>;
export type ComposeFile = z.infer<typeof fileSchema>;

/** A volume, or a folder, as a service sees it. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** docker-compose.yml as Compose reads it with these variables: anchors merged, `${NAME:-default}` filled in. */
export function readComposeFile(variables: Readonly<Record<string, string>> = {}): ComposeFile {
  return fileSchema.parse(filled(parse(readFileSync(FILE, 'utf8'), { merge: true }), variables));
}

export function mountsOf(service: Service): Mount[] {
  return service.volumes.map((text) => {
    const [source = '', target = '', mode = 'rw'] = text.split(':');
    return { source, target, readOnly: mode === 'ro' };
  });
}

/** The services that these profiles switch on. */
export function servicesOf(file: ComposeFile, profiles: readonly string[]): [string, Service][] {
  return Object.entries(file.services).filter(
    ([, service]) => service.profiles.length === 0 || service.profiles.some((name) => profiles.includes(name)),
  );
}

function filled(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$(?:(\$)|\{([A-Z][A-Z0-9_]*):-([^}]*)\})/g, (_, dollar, name: string, otherwise: string) =>
      dollar === '$' ? '$' : (variables[name] ?? otherwise),
    );
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, variables)]));
}
