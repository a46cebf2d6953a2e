export interface Used {
  /** Series that an expression reads. */
  readonly metrics: readonly string[];
  /** Labels that it selects on, by metric. */
  readonly selected: readonly { readonly metric: string; readonly label: string }[];
  /** Labels that it groups or matches by. */
  readonly grouped: readonly string[];
}

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'on', 'by', 'ignoring', 'without']);

/** What a PromQL expression reads: https://prometheus.io/docs/prometheus/latest/querying/basics/ */
export function readPromql(expression: string): Used {
  const text = expression.replace(/"[^"]*"/g, '""');
  const grouping = /\b(?:by|on|ignoring|without|group_left|group_right)\s*\(([^)]*)\)/g;
  const grouped = [...text.matchAll(grouping)].flatMap(([, labels = '']) => words(labels));
  const selected = [...text.matchAll(/([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g)].flatMap(([, metric = '', labels = '']) =>
    words(labels).map((label) => ({ metric, label })),
  );
  const bare = text
    .replace(grouping, ' ')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  const names = [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])/g)].map(([, name = '']) => name);
  return { metrics: [...new Set(names.filter((name) => !WORDS.has(name)))], selected, grouped };
}

function words(text: string): string[] {
  return [...text.matchAll(/[a-zA-Z_]\w*/g)].map(([word]) => word);
}
