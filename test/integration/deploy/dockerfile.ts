import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { ROOT } from './composeFile.ts';

/** What a stage of a Dockerfile says, as far as checks need it. */
export interface Stage {
  readonly from: string;
  /** Paths of the checkout that are copied in, and where they go. */
  readonly copies: readonly { readonly source: string; readonly target: string }[];
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folders made with `install -d`, for volumes to be mounted on, by their owner. */
  readonly folders: ReadonlyMap<string, string>;
}

/** @throws Error when the file has no such stage */
export function readStage(dockerfile: string, target: string): Stage {
  const text = readFileSync(join(ROOT, dockerfile), 'utf8')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '');
  const stages = text.split(/^(?=FROM )/m).filter((part) => part.startsWith('FROM '));
  const stage = stages.find((part) => part.startsWith('FROM ') && part.split('\n', 1)[0]?.endsWith(` AS ${target}`));
  if (stage === undefined) throw new Error(`${dockerfile} has no stage ${target}`);
  const lines = stage.split('\n').map((line) => line.trim());
  const after = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((l) => l.slice(word.length + 1));
  return {
    from: after('FROM')[0]?.split(' ')[0] ?? '',
    copies: after('COPY').flatMap(copiesOf),
    user: after('USER').at(-1),
    entrypoint: JSON.parse(after('ENTRYPOINT').at(-1) ?? '[]'),
    command: JSON.parse(after('CMD').at(-1) ?? '[]'),
    environment: Object.fromEntries(after('ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('=')))),
    folders: new Map(after('RUN').flatMap(foldersOf)),
  };
}

function copiesOf(line: string): { source: string; target: string }[] {
  const words = line.split(/\s+/);
  if (words.some((word) => word.startsWith('--from='))) return [];
  const to = words.at(-1) ?? '.';
  return words.slice(0, -1).map((source) => ({
    source: normalize(source),
    target: to.endsWith('/') ? normalize(join(to, source)) : normalize(to),
  }));
}

function foldersOf(line: string): [string, string][] {
  const command = line.split(' && ').find((part) => part.startsWith('install -d '));
  const owner = /-o (\d+) -g (\d+)/.exec(command ?? '');
  const paths = (command ?? '').split(/\s+/).filter((word) => word.startsWith('/'));
  return paths.map((path) => [path, `${owner?.[1]}:${owner?.[2]}`]);
}
