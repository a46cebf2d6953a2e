import { describe, expect, test } from '@jest/globals';
import { readable, Unreadable } from '../../../../coordinator/fleet/interceptor.ts';
import { loadWire } from '../../../../proto/load.ts';

const plain = loadWire().TaskService.service.Refuse;
const { Refuse } = readable({ Refuse: plain });

function faultOf(bytes: Uint8Array): string | null {
  const message: unknown = Refuse.requestDeserialize(Buffer.from(bytes));
  return message instanceof Unreadable ? message.error.code : null;
}

describe('a message of the wire', () => {
  test('is what grpc-js makes of it, when it decodes', () => {
    const message = { id: 'task', code: 'POLICY_REFUSED', message: 'nein, danke 💉' };
    const bytes = plain.requestSerialize(message);
    expect(Refuse.requestDeserialize(bytes)).toEqual(plain.requestDeserialize(bytes));
  });

  test('that does not decode is refused with a code, not by grpc-js with a bare INTERNAL', () => {
    expect(() => plain.requestDeserialize(Buffer.from([0]))).toThrow();
    expect(faultOf(Buffer.from([0]))).toBe('DOCUMENT_INVALID');
  });

  test.each(['a\u0000b', '\u0000'])('with the text %j, which cannot be stored, is refused', (id) => {
    expect(faultOf(plain.requestSerialize({ id }))).toBe('DOCUMENT_INVALID');
    expect(faultOf(plain.requestSerialize({ message: id }))).toBe('DOCUMENT_INVALID');
  });
});
