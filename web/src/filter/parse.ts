/** One condition of a filter. */
export interface Term {
  /** A key in lower case, or empty for a plain word. */
  key: string;
  op: ':' | '>' | '<';
  value: string;
  not: boolean;
  /** The term as it was typed. */
  text: string;
}

/** Splits at spaces outside quotes. */
function split(input: string): string[] {
  return input.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

function unquote(s: string): string {
  return s.replaceAll('"', '');
}

/** Reads a filter: words and key:value, key>number, key<number, with - in front for "not" and quotes for spaces. */
export function parseFilter(input: string): Term[] {
  const terms: Term[] = [];
  for (const text of split(input)) {
    const not = text.length > 1 && text.startsWith('-');
    const body = not ? text.slice(1) : text;
    const match = /^([a-z][\w.-]*)([:<>])(.*)$/i.exec(body);
    const [, key = '', op = ':', value = body] = match ?? [];
    terms.push({ key: key.toLowerCase(), op: op as Term['op'], value: unquote(value), not, text });
  }
  return terms;
}

/** The filter with a term put in, replacing others of its key; an empty value takes the key out. */
export function withTerm(input: string, key: string, value: string): string {
  const rest = parseFilter(input)
    .filter((t) => t.key !== key)
    .map((t) => t.text);
  if (value !== '') rest.push(`${key}:${/\s/.test(value) ? `"${value}"` : value}`);
  return rest.join(' ');
}

/** The value that a filter asks of a key, or empty. */
export function valueOf(input: string, key: string): string {
  return parseFilter(input).find((t) => t.key === key && !t.not && t.op === ':')?.value ?? '';
}

const scale: Record<string, number> = {
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  s: 1,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** A number with an optional unit: 80, 80%, 2d (in seconds), 4g (in bytes). NaN when it is none. */
export function quantity(text: string): number {
  const match = /^(-?\d+(?:[.,]\d+)?)\s*([a-z%]*)$/i.exec(text.trim());
  if (!match) return NaN;
  const n = Number((match[1] ?? '').replace(',', '.'));
  const unit = (match[2] ?? '').toLowerCase().replace(/(?<=^[kmgt])i?b$/, '');
  if (unit === '' || unit === '%') return n;
  return n * (scale[unit] ?? NaN);
}
