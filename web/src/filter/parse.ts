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

const prefixes = ['', 'k', 'm', 'g', 't'];

const seconds: Record<string, number> = { s: 1, min: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * A number with an optional unit: 80, 80%, 2d (in seconds), 4g or 4GiB (in bytes), 10mbit (in bits). NaN when it is none.
 * A prefix alone counts in steps of the base.
 */
export function quantity(text: string, base = 1024): number {
  const match = /^(-?\d+(?:[.,]\d+)?)\s*([a-z%]*)$/i.exec(text.trim());
  if (!match) return NaN;
  const n = Number((match[1] ?? '').replace(',', '.'));
  const unit = (match[2] ?? '').toLowerCase();
  if (unit === '' || unit === '%') return n;
  const time = seconds[unit];
  if (time !== undefined) return n * time;
  const size = /^([kmgt]?)(i?b|bit|)$/.exec(unit);
  if (!size) return NaN;
  return n * (size[2] === 'bit' ? 1000 : base) ** prefixes.indexOf(size[1] ?? '');
}
