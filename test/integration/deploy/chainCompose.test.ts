import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { needs } from '../../support/needs.ts';
import { ROOT } from './composeFile.ts';
import { readStage } from './dockerfile.ts';

const FILE = join(ROOT, 'deploy', 'chain', 'docker-compose.yml');
const environment = { PATH: process.env.PATH, HOME: process.env.HOME };
const compose = (...args: string[]) => spawnSync('docker-compose', args, { encoding: 'utf8', env: environment });

const words = z.array(z.string());
const schema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      profiles: words,
      user: z.string(),
      read_only: z.boolean(),
      cap_drop: words,
      security_opt: words,
      entrypoint: words.optional(),
      command: words.default([]),
      volumes: words,
      ports: words.default([]),
      networks: z.object({ default: z.object({ ipv4_address: z.string() }) }).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.null()),
});
const file = schema.parse(parse(readFileSync(FILE, 'utf8'), { merge: true }));
const services = Object.entries(file.services);
const of = (profile: string) => services.filter(([, { profiles }]) => profiles.includes(profile));

needs('docker-compose', compose('version').status === 0)('docker-compose', () => {
  test.each([['clique'], ['qbft']])('accepts deploy/chain/docker-compose.yml with the profile %s', (profile) => {
    const { status, stdout, stderr } = compose('-f', FILE, '--profile', profile, 'config', '--services');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual(expect.arrayContaining(of(profile).map(([name]) => name)));
  });

  test.each([['clique'], ['qbft']])('accepts it with the profile %s beside the main file', (profile) => {
    const files = ['-f', join(ROOT, 'docker-compose.yml'), '-f', FILE];
    const { status, stdout, stderr } = compose(...files, '--profile', profile, 'config');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { services, networks } = parse(stdout);
    for (const name of ['coordinator', 'deploy', ...of(profile).map(([one]) => one)])
      expect(services).toHaveProperty([name]);
    // Where the coordinator reaches the validators by name.
    expect(networks.default).toEqual({ ipam: { config: [{ subnet: '172.30.94.0/24' }] } });
    expect(Object.keys(services.coordinator.networks)).toContain('default');
  });
});

describe('deploy/chain/docker-compose.yml', () => {
  test('serves over HTTP no API that votes or administers', () => {
    const sealer = readFileSync(join(ROOT, 'deploy', 'chain', 'sealer.sh'), 'utf8');
    expect(/--http\.api (\S+)/.exec(sealer)?.[1]).toBe('eth,net,web3');
    const apis = of('qbft').flatMap(([, { command }]) => command.filter((word) => word.startsWith('--rpc-http-api')));
    expect(new Set(apis)).toEqual(new Set(['--rpc-http-api=ETH,NET,WEB3']));
  });

  test.each([
    ['clique', 3, 'ethereum/client-go:v1.13.15'],
    ['qbft', 4, expect.stringMatching(/^hyperledger\/besu:\d+\.\d+\.\d+$/)],
  ] as const)('has for %s a founder and %i validators, each with a volume of its own', (profile, count, image) => {
    const [[founder, found] = [], ...validators] = of(profile);
    expect([founder, found?.image]).toEqual([`found-${profile}`, 'syndic/coordinator']);
    expect(validators.map(([, one]) => one.image)).toEqual(Array.from({ length: count }, () => image));
    const volumes = validators.map(([, one]) => one.volumes);
    expect(volumes.every((list) => list.length === 1)).toBe(true);
    expect(new Set(volumes.flat()).size).toBe(count);
    // The founder puts into each validator's folder the address at which it is.
    const written = new Map(found?.volumes.map((text) => text.split(':') as [string, string]));
    const places = validators.map(([, { networks, volumes }]) => {
      return `--validator=${written.get(volumes[0]?.split(':')[0] ?? '')}=${networks?.default.ipv4_address}:30303`;
    });
    expect(found?.command.slice(1)).toEqual(places);
  });

  test('gives the founder folders that its image has, and a script that there is', () => {
    const { folders, copies } = readStage('deploy/coordinator.Dockerfile', 'coordinator');
    for (const [name, { entrypoint, user, volumes }] of services.filter(([name]) => name.startsWith('found-'))) {
      for (const volume of volumes) expect([name, folders.get(volume.split(':')[1] ?? '')]).toEqual([name, user]);
      const script = entrypoint?.[1]?.replace('/syndic/', '') ?? '';
      expect([script, existsSync(join(ROOT, script))]).toEqual(['deploy/chain/main.ts', true]);
      expect(copies.some(({ source }) => source === 'deploy')).toBe(true);
    }
  });

  test('declares the volumes that it uses, and publishes no port', () => {
    const used = services.flatMap(([, { volumes }]) => volumes.map((text) => text.split(':')[0]));
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(file.volumes).toSorted());
    expect(services.flatMap(([, { ports }]) => ports)).toEqual([]);
  });

  test.each(services)(
    'runs %s as a numeric user that is not root, on a read-only root, without privileges',
    (_, one) => {
      expect(one.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(one).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    },
  );
});
