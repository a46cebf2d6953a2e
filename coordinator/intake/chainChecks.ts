import type { Check } from './claimChecks.ts';
import type { Evidence } from './facts.ts';

/** Checks against plan and chain, in the order in which they are made. */
export const chainChecks: readonly Check<Evidence>[] = [
  {
    code: 'SIGNATURE_INVALID',
    fault: ({ key, signer }) =>
      key === null ? `signature is of ${signer}, which is no key on chain: sign for this chain and ledger` : null,
  },
  {
    code: 'KEY_INVALID',
    fault: ({ key, signer, task }) => (key?.slot === task.slot ? null : `${signer} is no key of slot ${task.slot}`),
  },
  {
    code: 'KEY_INVALID',
    fault: ({ key, signer }) => (key?.compromised ? `${signer} was revoked as compromised: use the new key` : null),
  },
  {
    code: 'KEY_INVALID',
    fault: ({ key, signer, since, now }) => {
      const valid = key !== null && key.validFrom <= now && (key.validTo === null || key.validTo > since);
      return valid ? null : `${signer} was valid at no time since the round's base was recorded: use the current key`;
    },
  },
  {
    code: 'FORBIDDEN',
    fault: ({ member, task }) => (member?.active ? null : `slot ${task.slot} is suspended: ask the consortium`),
  },
  {
    code: 'GRANT_MISSING',
    fault: ({ grant, task }) =>
      grant !== null && grant.plan === task.plan
        ? null
        : `slot ${task.slot} granted nothing to this study and plan: run \`syndic member grant\``,
  },
  {
    code: 'GRANT_MISSING',
    fault: ({ grant, task }) =>
      grant?.revokedAt === null ? null : `slot ${task.slot}'s grant was revoked at ${grant?.revokedAt}`,
  },
  {
    code: 'GRANT_MISSING',
    fault: ({ grant, task, now }) =>
      grant !== null && now < grant.until ? null : `slot ${task.slot}'s grant ended at ${grant?.until}`,
  },
  {
    code: 'DATASET_UNKNOWN',
    fault: ({ versionRows, statement: { message }, grant }) =>
      versionRows !== null
        ? null
        : `${message.dataset} is no version of dataset ${grant?.dataset}: anchor it with \`syndic member version\``,
  },
  {
    code: 'SAMPLES_EXCEEDED',
    fault: ({ versionRows, statement: { message } }) =>
      versionRows !== null && message.samples <= versionRows
        ? null
        : `statement declares ${message.samples} samples; the dataset's version has at most ${versionRows} rows`,
  },
  {
    code: 'SAMPLES_EXCEEDED',
    fault: ({ plan, statement: { message } }) =>
      message.samples <= plan.maxSamples
        ? null
        : `statement declares ${message.samples} samples; the plan allows ${plan.maxSamples}: declare that many`,
  },
];
