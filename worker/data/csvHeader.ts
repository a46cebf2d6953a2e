import { createReadStream } from 'node:fs';
import { SyndicError } from '../../core/errors/SyndicError.ts';
import type { DatasetSchema } from './port.ts';

/** A header line longer than this is not one. */
const LIMIT = 1 << 20;

/**
 * Where in the file each declared column stands: by name when the file has a header (in any order, other columns
 * beside them), else in the order declared.
 * @throws SyndicError DATA_INVALID when a declared column is not in the header, or there twice.
 */
export async function csvLayout(path: string, schema: DatasetSchema): Promise<{ width: number; at: number[] }> {
  const names = schema.columns.map((column) => column.name);
  if (!schema.format.header) return { width: names.length, at: names.map((_, i) => i) };
  const header = firstRecord(await readStart(path), schema.format.delimiter, path);
  if (header.some((name) => name.includes('\ufffd'))) {
    throw new SyndicError('DATA_INVALID', `${path}: the header line is not UTF-8: save the file as UTF-8`, { path });
  }
  const absent = names.filter((name) => !header.includes(name));
  const twice = names.filter((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (absent.length > 0 || twice.length > 0) {
    const faults = [
      ...absent.map((name) => `column "${name}" is not in the header`),
      ...twice.map((name) => `column "${name}" is in the header more than once`),
    ];
    throw new SyndicError(
      'DATA_INVALID',
      `${path}: ${faults.join('; ')}. Name the file's columns as the plan does (delimiter ${JSON.stringify(schema.format.delimiter)}).`,
      { absent, twice },
    );
  }
  return { width: header.length, at: names.map((name) => header.indexOf(name)) };
}

async function readStart(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: LIMIT - 1 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** RFC 4180: fields may be quoted, a doubled quote stands for one; blank lines before the header are skipped. */
function firstRecord(bytes: Buffer, delimiter: string, path: string): string[] {
  const text = new TextDecoder('utf-8').decode(bytes).replace(/^[\r\n]+/, '');
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (quoted) {
      if (char !== '"') field += char;
      else if (text.charAt(i + 1) === '"') {
        field += '"';
        i += 1;
      } else quoted = false;
    } else if (char === '"' && field === '') quoted = true;
    else if (char === delimiter) {
      fields.push(field.trim());
      field = '';
    } else if (char === '\n' || char === '\r') return [...fields, field.trim()];
    else field += char;
  }
  if (quoted || bytes.length === LIMIT) {
    throw new SyndicError('DATA_INVALID', `${path}: the header line does not end; a quote in it may be open.`, {});
  }
  return [...fields, field.trim()];
}
