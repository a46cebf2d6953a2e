import { join } from 'node:path';

/** A hospital of the box: its name, its rows, and its own split where the plan asks for one. */
export interface Site {
  readonly name: string;
  readonly data: string;
  readonly split?: string;
}

/** The four hospitals of the UCI Heart Disease data, in the order of their slots. */
export const HEART_SITES: readonly string[] = ['cleveland', 'hungarian', 'switzerland', 'va'];

/** Where a hospital's rows lie in a folder of the UCI files. */
export function heartFile(dir: string, name: string): string {
  return join(dir, `processed.${name}.data`);
}
