import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { needs } from '../../support/needs.ts';
import { ROOT } from './composeFile.ts';

const FOLDER = join(ROOT, 'deploy', 'grafana');
const promtool = (...args: string[]) => spawnSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' });
const hasPromtool = promtool('--version').status === 0;

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

test('every alert says what is wrong, how much it matters and what to do', () => {
  const { groups } = parse(readFileSync(join(FOLDER, 'alerts.yml'), 'utf8')) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(0);
  for (const { alert, labels, annotations } of rules) {
    expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(?:critical|warning)$/)]);
    expect([alert, annotations.summary]).toEqual([alert, expect.stringMatching(/\.$/)]);
    // A sentence or two, not the summary again.
    expect([alert, annotations.description.split('. ').length > 1]).toEqual([alert, true]);
  }
});

needs('promtool', hasPromtool)("Prometheus' own tool", () => {
  test('accepts the alert rules', () => {
    const { status, stdout, stderr } = promtool('check', 'rules', 'alerts.yml');
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: expect.stringContaining('SUCCESS') });
  });

  test('sees an old outbox and a member without a session fire, and one that is seen not', () => {
    const { status, stdout, stderr } = promtool('test', 'rules', 'alerts.test.yml');
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: expect.stringContaining('SUCCESS') });
  });
});
