import { sha256 } from 'ethers/crypto';
import { encodeBase64, toUtf8Bytes } from 'ethers/utils';
import type { Report } from '../verify.ts';
import { contributionOf } from './contribution.ts';
import { checksOf, digestsOf } from './evidence.ts';
import { findingsOf, uncheckedOf } from './findings.ts';
import { limitsOf } from './limits.ts';
import { html, Markup } from './Markup.ts';
import { time } from './parts.ts';
import { style } from './style.ts';
import { timelineOf } from './timeline.ts';
import { verdictOf } from './verdict.ts';

export interface Made {
  /** Of Syndic. */
  readonly version: string;
  /** Unix seconds. */
  readonly madeAt: number;
}

const CONTENTS = [
  ['findings', 'Findings'],
  ['unchecked', 'What was not checked'],
  ['timeline', 'Timeline'],
  ['contribution', 'Contribution'],
  ['checks', 'Checks'],
  ['digests', 'Digests'],
  ['limits', 'Limits'],
] as const;

/**
 * A report as one HTML file, for who opens it offline, prints it and keeps it: no script, nothing from elsewhere, and
 * the same bytes for the same report.
 */
export function htmlReport(report: Report, { version, madeAt }: Made): string {
  const policy = `default-src 'none'; style-src 'sha256-${encodeBase64(sha256(toUtf8Bytes(style)))}'; base-uri 'none'; form-action 'none'`;
  const verdict = report.verified ? 'VERIFIED' : 'NOT VERIFIED';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${verdict}: audit report of study ${report.study}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${verdictOf(report)}
<nav aria-label="Contents">
<ul>
${CONTENTS.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>\n`)}</ul>
</nav>
<main>
${findingsOf(report)}
${uncheckedOf(report)}
${timelineOf(report)}
${contributionOf(report)}
${checksOf(report)}
${digestsOf(report)}
${limitsOf(report)}
</main>
<footer>
<p>Made by Syndic ${version} at ${time(madeAt)}. Times are UTC; those of events are their blocks’.</p>
</footer>
</body>
</html>
`.text;
}
