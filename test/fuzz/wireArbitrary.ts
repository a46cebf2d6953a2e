import fc from 'fast-check';
import { wireOf } from '../compat/wireOf.ts';
import { awkwardText, unstorableText } from './arbitraries.ts';

const contract = wireOf(new URL('../../proto', import.meta.url).pathname);

/** Requests of every method that the protos name, those added later too. */
export interface AnyCall {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly request: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

export const calls: readonly AnyCall[] = Object.entries(contract.services).flatMap(([service, methods]) =>
  Object.values(methods).map(({ name, ...more }) => ({
    ...more,
    service: service.split('.').at(-1) ?? '',
    method: name,
  })),
);

/** Mostly what gets past the first check, so that those behind it are met too. */
const counts = fc.oneof(
  { weight: 6, arbitrary: fc.nat().map(String) },
  fc.constantFrom('0', '1', '2', '7', '255', '65535', '9007199254740991', '9007199254740992', '18446744073709551615'),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
);

/**
 * A message of a type, its fields there or not, with any value that the type can hold.
 *
 * @param words texts that mean something to the receiver, such as ids of tasks
 * @param bytes such values of bytes fields
 */
export function anyMessage(type: string, words: readonly string[], bytes: readonly Uint8Array[]): fc.Arbitrary<object> {
  const fields = Object.values(contract.messages[`syndic.v1.${type}`] ?? {});
  const scalars: Record<string, fc.Arbitrary<unknown>> = {
    TYPE_STRING: fc.oneof(awkwardText, unstorableText, fc.constantFrom(...words)),
    TYPE_BYTES: fc
      .oneof(
        fc.uint8Array({ maxLength: 80 }),
        { weight: 4, arbitrary: fc.constantFrom(...bytes) },
        { weight: 2, arbitrary: fc.uint8Array({ minLength: 32, maxLength: 32 }) },
      )
      .map((value) => Buffer.from(value)),
    TYPE_UINT32: fc.oneof(fc.constantFrom(0, 1, 2, 3, 65_535, 65_536, 2 ** 32 - 1), fc.nat()),
    TYPE_UINT64: counts,
    TYPE_BOOL: fc.boolean(),
  };
  const entries = fields.map(({ name, type: kind, of, label }) => {
    const one = kind === 'TYPE_MESSAGE' ? anyMessage(of.split('.').at(-1) ?? '', words, bytes) : scalars[kind];
    if (one === undefined) throw new Error(`say what a field of type ${kind} may hold`);
    return [camel(name), label === 'LABEL_REPEATED' ? fc.array(one, { maxLength: 4 }) : one] as const;
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [], noNullPrototype: true });
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
