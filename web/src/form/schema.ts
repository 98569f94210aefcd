/** What a form knows of one key: the server's JSON Schema (2020-12 with x-order, x-secret, x-key), read leniently. */
export interface FormField {
  name: string;
  label: string;
  help: string;
  kind: 'text' | 'number' | 'bool' | 'words' | 'list' | 'map' | 'group';
  secret: boolean;
  required: boolean;
  multiline: boolean;
  /** Marks the member that tells the elements of a list apart. */
  key: boolean;
  integer: boolean;
  /** Right for most people as it is. */
  advanced: boolean;
  words: string[];
  /** What holds when nothing is entered, as text. */
  placeholder: string;
  fallback: unknown;
  min?: number;
  max?: number;
  /** Members of a group. */
  fields: FormField[];
  /** Element of a list or a map. */
  items?: FormField;
}

type Json = Record<string, unknown>;

function object(v: unknown): Json {
  return typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Json) : {};
}

function texts(v: unknown): string[] {
  return Array.isArray(v) ? v.filter((x): x is string => typeof x === 'string') : [];
}

function kindOf(s: Json): FormField['kind'] {
  if (texts(s.enum).length > 0) return 'words';
  // A size may be written as a number or with its unit: text holds both.
  const type = Array.isArray(s.type) ? 'string' : s.type;
  switch (type) {
    case 'boolean':
      return 'bool';
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return 'list';
    case 'object':
      return s.properties === undefined && s.additionalProperties !== undefined ? 'map' : 'group';
    default:
      return 'text';
  }
}

/** How a default or an example stands in an empty input. */
export function sample(v: unknown): string {
  if (v === undefined || v === null) return '';
  if (typeof v === 'string') return v;
  return Array.isArray(v) ? v.map(sample).join(', ') : JSON.stringify(v);
}

function field(name: string, raw: unknown, required: boolean): FormField {
  const s = object(raw);
  const kind = kindOf(s);
  const examples = Array.isArray(s.examples) ? (s.examples as unknown[]) : [];
  const items = kind === 'list' ? s.items : kind === 'map' ? s.additionalProperties : undefined;
  return {
    name,
    label: typeof s.title === 'string' ? s.title : name,
    help: typeof s.description === 'string' ? s.description : '',
    kind,
    secret: s['x-secret'] === true,
    required,
    multiline: s.format === 'multiline',
    key: s['x-key'] === true,
    integer: s.type === 'integer',
    advanced: s['x-advanced'] === true,
    words: texts(s.enum),
    placeholder: sample(s.default ?? examples[0]),
    fallback: s.default,
    ...(typeof s.minimum === 'number' && { min: s.minimum }),
    ...(typeof s.maximum === 'number' && { max: s.maximum }),
    fields: kind === 'group' ? members(s) : [],
    ...(items !== undefined && { items: field('', items, true) }),
  };
}

function members(s: Json): FormField[] {
  const required = texts(s.required);
  const order = (v: unknown) => {
    const n = object(v)['x-order'];
    return typeof n === 'number' ? n : Number.MAX_SAFE_INTEGER;
  };
  return Object.entries(object(s.properties))
    .sort(([, a], [, b]) => order(a) - order(b))
    .map(([name, raw]) => field(name, raw, required.includes(name)));
}

/** The keys of a configuration, in the order of the plugin. */
export function fieldsOf(schema: unknown): FormField[] {
  return members(object(schema));
}
