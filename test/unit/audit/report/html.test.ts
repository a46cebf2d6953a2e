import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { findingCodes } from '../../../../audit/findings.ts';
import { htmlReport } from '../../../../audit/report/html.ts';
import type { Report } from '../../../../audit/verify.ts';
import { STATUS } from '../../../../core/statements/entries.ts';
import { address } from '../../../../core/values.ts';
import { everyFinding, sampleReport } from '../../../support/sampleReport.ts';

const made = { version: '0.1.0', madeAt: 1_800_000_000 };
const page = (report: Report) => htmlReport(report, made);

/** What a reader sees of a piece of HTML, without its tags. */
const seen = (text: string) =>
  text
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(/<wbr>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');

const bad = {
  verified: false,
  final: false,
  findings: everyFinding(),
  unchecked: [
    { what: 'the global model was not made anew', why: 'a file is not here', round: 2 },
    { what: 'manifests were not checked', why: 'the plan could not be read' },
  ],
} satisfies Partial<Report>;

const severities = Object.values(findingCodes).map(({ severity }) => severity);
const FAULTS = severities.filter((one) => one === 'fault').length;
const NOTICES = severities.length - FAULTS;

describe('a report as a page', () => {
  test('names no transaction or block where a bundle tells the history', () => {
    const report = sampleReport({ members: 3, rounds: 4 });
    const unplaced = <T>(one: T) => ({ ...one, transaction: null, block: null });
    const { rounds, notes } = report.history;
    const history = { ...report.history, rounds: rounds.map(unplaced), notes: notes.map(unplaced) };
    const [online, offline] = [page(report), page({ ...report, history })].map((one) => seen(one));
    for (const told of [/Transaction/, /transactions’ hashes/, /, transaction 0x/, /declared Block/]) {
      expect(online).toMatch(told);
      expect(offline).not.toMatch(told);
    }
  });

  test('says first whether the study verifies, with how much was checked, and whether it is final', () => {
    const good = seen(page(sampleReport({ members: 3, rounds: 4 })));
    expect(good).toContain(' VERIFIED 24 checks of 4 recorded rounds found no fault.');
    expect(good).toContain('Final : the study is closed, every record is attested by its quorum');
    const wrong = seen(page(sampleReport({ members: 3, rounds: 4 }, bad)));
    expect(wrong).toContain(
      ` NOT VERIFIED 24 checks of 4 recorded rounds found ${FAULTS} faults and ${NOTICES} notices.`,
    );
    expect(wrong).toContain('Not final');
    expect(wrong).toContain('2 things were not checked , and the verdict says nothing of them');
  });

  test('says of an open study that it is not closed', () => {
    const report = sampleReport({ members: 2, rounds: 1 });
    const history = { ...report.history, outcome: null, closedAt: null };
    const text = seen(page({ ...report, final: false, history }));
    expect(text).toContain('Not final : the study is not closed');
    expect(text).toContain('Not closed – 1 round recorded so far');
  });

  test('has every finding, faults first, what its code means, and everything that was not checked', () => {
    const text = seen(page(sampleReport({ members: 3, rounds: 4 }, bad)));
    for (const { code, severity, what, expected, found, round, slot, implicated } of bad.findings) {
      const detail = `${what}${expected === undefined ? '' : ` Expected: ${expected} Found: ${found}`}`;
      const sign = severity === 'fault' ? '✕' : 'i';
      expect(text).toContain(` ${code} ${sign} ${severity} ${detail} ${round ?? '–'} ${slot ?? '–'} ${implicated} `);
      expect(text).toContain(` ${code} ${findingCodes[code].means} 1 ${severity}. `);
    }
    for (const { what, why } of bad.unchecked) expect(text).toContain(`${what} ${why}`);
    expect(text.lastIndexOf('✕ fault')).toBeLessThan(text.indexOf('i notice'));
  });

  test('has every digest of every round in full, and every check with its count', () => {
    const report = sampleReport({ members: 2, rounds: 7 });
    const text = seen(page(report));
    for (const { baseModel, globalModel, manifest, recordHash, head, transaction, block } of report.history.rounds) {
      const lines = [`Base model ${baseModel}`, `Global model ${globalModel}`, `Manifest ${manifest}`];
      lines.push(`Record hash ${recordHash}`, `Head ${head}`, `Transaction ${transaction}`, `Block ${block}`);
      expect(text).toContain(lines.join(' '));
    }
    for (const { check, examined } of report.checks) expect(text).toContain(`${check} ${examined} 0 0`);
    for (const contract of Object.values(report.contracts)) expect(text).toContain(contract);
  });

  test('has of each member its rounds, its samples and its share', () => {
    const report = sampleReport({ members: 2, rounds: 3 });
    const text = seen(page(report));
    const total = report.contributions.reduce((sum, { samples }) => sum + Number(samples), 0);
    for (const { slot, rounds, samples, byRound } of report.contributions) {
      const share = ((100 * Number(samples)) / total).toFixed(1);
      const grouped = Number(samples).toLocaleString('en');
      expect(text).toContain(`${slot} ${rounds} of ${byRound.length} ${grouped} ${share} %`);
    }
    const [line] = report.contributions[0]?.byRound.filter(({ status }) => status === STATUS.INCLUDED) ?? [];
    expect(text).toContain(` ${line?.round} ${line?.samples} `);
  });

  test('shows what a plan or a document says as text, whatever it is', () => {
    const nasty = `</td><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;\u202egpj\u0007\ud800`;
    const findings = everyFinding().map((one) => ({ ...one, what: nasty, expected: nasty, found: nasty }));
    const unchecked = [{ what: nasty, why: nasty }];
    const checks = [{ check: nasty, examined: 1 }];
    const written = page(sampleReport({ members: 2, rounds: 2 }, { findings, unchecked, checks, verified: false }));
    expect(written).not.toMatch(/<script|<img|onerror='/);
    for (const unseen of ['\u202e', '\u0007', '\ud800']) expect(written).not.toContain(unseen);
    expect(seen(written)).toContain(
      `</td><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;\ufffdgpj\ufffd\ufffd`,
    );
  });

  test('asks for nothing from elsewhere, runs nothing, and forbids both', () => {
    const written = page(sampleReport({ members: 12, rounds: 30 }, bad));
    expect(written).not.toMatch(/https?:|\bsrc=|<script|<link|<iframe|@import|\bstyle="|\bon\w+=|javascript:/);
    for (const [, url] of written.matchAll(/url\(([^)]*)\)/g)) expect(url).toMatch(/^#p\d+$/);
    for (const [, href] of written.matchAll(/href="([^"]*)"/g)) expect(written).toContain(`id="${href?.slice(1)}"`);
    const style = /<style>(.*?)<\/style>/s.exec(written)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
    expect(written).toContain(`content="${policy.replaceAll("'", '&#39;')}"`);
  });

  test('is the same bytes for the same report', () => {
    const [one, other] = [
      page(sampleReport({ members: 5, rounds: 9 }, bad)),
      page(sampleReport({ members: 5, rounds: 9 }, bad)),
    ];
    expect(one).toBe(other);
    expect(htmlReport(sampleReport({ members: 5, rounds: 9 }, bad), { ...made, madeAt: 1_800_000_001 })).not.toBe(one);
  });

  test('has no identifier twice', () => {
    const written = page(sampleReport({ members: 12, rounds: 30 }, bad));
    const ids = [...written.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('says on whose word the chain’s state was taken, and what could still take it back', () => {
    const [one, other] = [address(`0x${'11'.repeat(20)}`), address(`0x${'22'.repeat(20)}`)];
    const seals = { signers: [one, other], needed: 2, foreign: [], malformed: 0 };
    const told = (basis: Report['basis']) => seen(page(sampleReport({ members: 2, rounds: 2 }, { basis })));
    expect(told({ kind: 'node' })).toContain('are as it answered, without proofs');
    const { hash } = sampleReport({ members: 2, rounds: 2 }).block;
    expect(told({ kind: 'block', hash })).toContain('were proven to belong to that block, and no node was asked');
    const final = told({ kind: 'validators', consensus: 'qbft', seals, probabilistic: false });
    expect(final).toContain(`the seals of 2 of them; 2 are needed: ${one} ${other}`);
    expect(final).toContain('Nothing takes block 4000 back');
    const probable = told({ kind: 'validators', consensus: 'clique', seals, probabilistic: true });
    expect(probable).toContain('A reorganisation of the chain that drops block 4000');
  });

  test('warns that rounds are as events tell them where events are not what storage holds', () => {
    const [finding] = everyFinding().filter(({ code }) => code === 'HISTORY_MISMATCH');
    const findings = finding === undefined ? [] : [{ ...finding, implicated: 'node' as const }];
    expect(seen(page(sampleReport({ members: 2, rounds: 2 }, { findings, verified: false })))).toContain(
      'are not to be relied on',
    );
    expect(seen(page(sampleReport({ members: 2, rounds: 2 })))).not.toContain('are not to be relied on');
  });
});

describe('a page of a study', () => {
  test('without any round says so', () => {
    const text = seen(page(sampleReport({ members: 0, rounds: 0 })));
    expect(text.match(/No round is recorded/g)).toHaveLength(2);
    expect(text).toContain('No record names a member');
  });

  test('of ten members draws each of them and lists every entry', () => {
    const written = page(sampleReport({ members: 10, rounds: 50 }));
    expect(written).toContain('Samples in each round, members 1 to 5');
    expect(written).toContain('Samples in each round, members 6 to 10');
    for (let slot = 1; slot <= 10; slot += 1) expect(written).toContain(`</svg> member ${slot}</li>`);
  });

  test('of twelve members draws those with the fewest samples as one', () => {
    const written = page(sampleReport({ members: 12, rounds: 5 }));
    expect(written).toContain('</svg> 3 others</li>');
    expect(written).toContain('the other 3 as one');
  });

  test('of 300 members in 200 rounds stays below 1 MB, and says what it does not draw', () => {
    const report = sampleReport({ members: 300, rounds: 200 });
    const written = page(report);
    expect(written.length).toBeLessThan(1_000_000);
    expect(written).toContain('Each bar is the sum of 4 rounds');
    expect(written).toContain('300 members are drawn as one');
    expect(written).toContain('60,000 entries: more than a page can show one by one');
    for (const { slot, samples } of report.contributions) {
      expect(written).toMatch(
        new RegExp(`<tr><th scope="row">${slot}</th>.*>${Number(samples).toLocaleString('en')}<`),
      );
    }
  });

  test('with more findings than can be listed says how many are left out', () => {
    const findings = Array.from({ length: 100 }, everyFinding).flat();
    const text = seen(page(sampleReport({ members: 2, rounds: 2 }, { findings, verified: false })));
    expect(text).toContain(
      `The first 2000 findings are listed; ${findings.length - 2000} more are left out of this page.`,
    );
    expect(text).toContain(`found ${(100 * FAULTS).toLocaleString('en')} faults and ${100 * NOTICES} notices`);
  });

  test('of which a node tells an impossible time is written all the same', () => {
    const report = sampleReport({ members: 2, rounds: 2 });
    const history = { ...report.history, closedAt: 2 ** 60, notes: [] };
    expect(page({ ...report, history })).toContain('1152921504606847000 s after 1970');
  });
});
