/** The samples of a scrape, by name and labels as they are written: `syndic_rounds{state="open"}`. */
export type Samples = ReadonlyMap<string, number>;

/** Reads Prometheus' text format as far as it is used here: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function parseSamples(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

export async function scrape(url: string): Promise<Samples> {
  return parseSamples(await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(120_000) })).text());
}
