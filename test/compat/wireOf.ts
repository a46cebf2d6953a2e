import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly label: string;
  /** The message or enum, for fields of those. */
  readonly of: string;
  /** Name of the oneof that it is part of; empty for none. */
  readonly oneof: string;
}

interface Method {
  readonly name: string;
  readonly path: string;
  readonly request: string;
  readonly response: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Everything that two ends of the wire must agree about. */
export interface WireContract {
  readonly messages: Record<string, Record<string, Field>>;
  readonly enums: Record<string, Record<string, number>>;
  readonly services: Record<string, Record<string, Method>>;
}

/** What the descriptors of `syndic/v1` under a folder promise. */
export function wireOf(folder: string): WireContract {
  const names = readdirSync(join(folder, 'syndic/v1')).filter((name) => name.endsWith('.proto'));
  const loaded = loadSync(
    names.map((name) => `syndic/v1/${name}`),
    { includeDirs: [folder] },
  );
  const contract: WireContract = { messages: {}, enums: {}, services: {} };
  for (const [name, definition] of Object.entries(loaded)) {
    // biome-ignore lint/suspicious/noExplicitAny: proto-loader types descriptors as `object`
    const descriptor: any = definition;
    if (descriptor.format === 'Protocol Buffer 3 DescriptorProto') contract.messages[name] = fieldsOf(descriptor.type);
    else if (descriptor.format === 'Protocol Buffer 3 EnumDescriptorProto') {
      const values: { name: string; number: number }[] = descriptor.type.value;
      contract.enums[name] = Object.fromEntries(values.map((value) => [value.name, value.number]));
    } else {
      contract.services[name] = Object.fromEntries(
        Object.entries(descriptor).map(([method, said]) => [method, methodOf(method, said)]),
      );
    }
  }
  return contract;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function fieldsOf({ field, oneofDecl }: any): Record<string, Field> {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const fields: any[] = field;
  return Object.fromEntries(
    fields.map(({ name, number, type, label, typeName, oneofIndex, proto3Optional }) => {
      const oneof = oneofIndex === undefined || proto3Optional ? '' : (oneofDecl[oneofIndex]?.name ?? '');
      return [name, { name, number, type, label, of: typeName, oneof }];
    }),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function methodOf(name: string, said: any): Method {
  const { path, requestStream, responseStream, requestType, responseType } = said;
  const [request, response] = [requestType.type.name, responseType.type.name];
  return { name, path, request, response, requestStream, responseStream };
}
