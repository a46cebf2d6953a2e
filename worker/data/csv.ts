import type { Plan } from '../../core/plan/Plan.ts';
import type { Slot } from '../../core/values.ts';
import { type CsvOptions, csvRows } from './csvRows.ts';
import { loadSite } from './loadSite.ts';
import type { DataSource, DatasetSchema, SiteData, SourceRow } from './port.ts';

/**
 * A dataset that is one CSV file beside the worker, read with DuckDB.
 *
 * @example
 * const source = new CsvSource({ path: '/data/heart.csv' });
 * const data = await source.load(plan, slot(1));
 */
export class CsvSource implements DataSource {
  private readonly options: CsvOptions & { readonly splitFile?: string };

  /** @param options `splitFile`: the site's own file of row positions, for plans whose split is a file */
  constructor(options: CsvOptions & { readonly splitFile?: string }) {
    this.options = options;
  }

  rows(schema: DatasetSchema): AsyncIterable<readonly SourceRow[]> {
    return csvRows(this.options, schema);
  }

  load(plan: Plan, slot: Slot): Promise<SiteData> {
    return loadSite(this, plan, slot, this.options.splitFile);
  }
}
