import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { invitationDigest, parseInvitation } from '../../../../core/invitation/Invitation.ts';
import { thrown } from '../thrown.ts';

const hex = (byte: string, bytes: number): string => `0x${byte.repeat(bytes)}`;
const invitation = {
  schema: 'syndic.invitation/1',
  url: 'grpcs://coordinator.example:8443',
  pin: hex('ab', 32),
  chainId: 31_337,
  genesis: hex('cd', 32),
  contracts: { consortium: hex('01', 20), dataUse: hex('02', 20), ledger: hex('03', 20) },
  coordinator: hex('04', 20),
  slot: 7,
};

describe('an invitation', () => {
  test('reads back, addresses and digests in lower case', () => {
    expect(parseInvitation(invitation)).toEqual(invitation);
    const shouted = { ...invitation, pin: hex('AB', 32), coordinator: hex('0A', 20) };
    expect(parseInvitation(shouted)).toEqual({ ...invitation, coordinator: hex('0a', 20) });
    for (const slot of [1, 65_535]) expect(parseInvitation({ ...invitation, slot }).slot).toBe(slot);
  });

  test('has the SHA-256 of its RFC 8785 bytes', () => {
    const bytes =
      `{"chainId":31337,"contracts":{"consortium":"${hex('01', 20)}","dataUse":"${hex('02', 20)}",` +
      `"ledger":"${hex('03', 20)}"},"coordinator":"${hex('04', 20)}","genesis":"${hex('cd', 32)}",` +
      `"pin":"${hex('ab', 32)}","schema":"syndic.invitation/1","slot":7,"url":"grpcs://coordinator.example:8443"}`;
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(invitationDigest(parseInvitation(invitation))).toBe(`0x${digest}`);
  });

  test.each([
    ['another schema', { schema: 'syndic.invitation/2' }, 'schema'],
    ['no TLS', { url: 'grpc://coordinator.example:8443' }, 'url'],
    ['no port', { url: 'grpcs://coordinator.example' }, 'url'],
    ['a port of six digits', { url: 'grpcs://coordinator.example:844300' }, 'url'],
    ['a path', { url: 'grpcs://coordinator.example:8443/x' }, 'url'],
    ['something before the scheme', { url: 'xgrpcs://coordinator.example:8443' }, 'url'],
    ['a short pin', { pin: hex('ab', 31) }, 'pin'],
    ['a long pin', { pin: hex('ab', 33) }, 'pin'],
    ['no 0x', { pin: `x${hex('ab', 32)}` }, 'pin'],
    ['a chain id of 0', { chainId: 0 }, 'chainId'],
    ['a short genesis', { genesis: '0x' }, 'genesis'],
    ['a short address', { coordinator: hex('04', 19) }, 'coordinator'],
    ['a long address', { coordinator: hex('04', 21) }, 'coordinator'],
    ['something before an address', { coordinator: ` ${hex('04', 20)}` }, 'coordinator'],
    ['slot 0', { slot: 0 }, 'slot'],
    ['slot 65536', { slot: 65_536 }, 'slot'],
    ['no contracts', { contracts: undefined }, 'contracts'],
    ['contracts without a ledger', { contracts: { ...invitation.contracts, ledger: undefined } }, 'contracts.ledger'],
    ['a contract too many', { contracts: { ...invitation.contracts, other: hex('05', 20) } }, 'contracts'],
  ])('is refused with %s, and says where', (_, change, path) => {
    const error = thrown(() => parseInvitation({ ...invitation, ...change }));
    expect(error).toMatchObject({ code: 'DOCUMENT_INVALID', details: { faults: [{ path }] } });
    expect(error.message).toMatch(/^the invitation is malformed: .*; ask the operator for a new one$/);
    expect(error.message).toContain(`${path}: `);
  });

  test('tells what an address and a digest look like', () => {
    const { message } = thrown(() => parseInvitation({ ...invitation, pin: 'x', coordinator: 'y', url: 'z' }));
    expect(message).toContain('url: not of the form grpcs://host:port; pin: not a 32-byte digest as 0x-hex');
    expect(message).toContain('coordinator: not a 20-byte address as 0x-hex');
  });

  test('is refused when it is no object, or has a member too many', () => {
    expect(thrown(() => parseInvitation('hello')).message).toContain('(document): ');
    expect(thrown(() => parseInvitation({ ...invitation, secret: 1 })).message).toContain('(document): ');
  });
});
