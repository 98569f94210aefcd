import { describe, expect, it } from 'vitest';
import { fieldsOf } from './schema.ts';
import { findingAt, fromText, withMember } from './value.ts';

const schema = {
  type: 'object',
  required: ['url'],
  properties: {
    mode: { title: 'Mode', type: 'string', enum: ['fast', 'thorough'], default: 'fast', 'x-order': 4 },
    url: { title: 'URL', description: 'Where it is.', type: 'string', examples: ['https://a'], 'x-order': 1 },
    password: { type: 'string', writeOnly: true, 'x-secret': true, 'x-order': 2 },
    port: { type: 'integer', minimum: 1, maximum: 65535, default: 3493, 'x-order': 3 },
    limit: { type: ['integer', 'string'], format: 'bytes', default: '64MiB', 'x-order': 5 },
    labels: { type: 'object', additionalProperties: { type: 'string' }, 'x-order': 6 },
    endpoints: {
      type: 'array',
      'x-order': 7,
      items: { type: 'object', properties: { token: { type: 'string', 'x-secret': true } } },
    },
  },
};

describe('fieldsOf', () => {
  const fields = fieldsOf(schema);
  const by = (name: string) => fields.find((f) => f.name === name);

  it('keeps the order of the plugin', () => {
    expect(fields.map((f) => f.name)).toEqual([
      'url',
      'password',
      'port',
      'mode',
      'limit',
      'labels',
      'endpoints',
    ]);
  });

  it('knows kinds, secrets and what is required', () => {
    expect(fields.map((f) => f.kind)).toEqual(['text', 'text', 'number', 'words', 'text', 'map', 'list']);
    expect(by('password')?.secret).toBe(true);
    expect(fields.filter((f) => f.required).map((f) => f.name)).toEqual(['url']);
    expect(by('endpoints')?.items?.fields[0]?.secret).toBe(true);
  });

  it('shows the default, else an example', () => {
    expect(by('port')?.placeholder).toBe('3493');
    expect(by('url')?.placeholder).toBe('https://a');
  });

  it('reads anything without failing', () => {
    for (const odd of [null, 3, 'x', [], { properties: { a: null, b: 3, c: { type: 7, enum: 'x' } } }]) {
      expect(() => fieldsOf(odd)).not.toThrow();
    }
  });
});

describe('values', () => {
  const port = fieldsOf(schema)[2];

  it('leaves out what is not entered, so that defaults hold', () => {
    expect(port && fromText(port, '')).toBeUndefined();
    expect(withMember({ a: 1, b: 2 }, 'a', undefined)).toEqual({ b: 2 });
  });

  it('sends what is no number as it is, for the server to name', () => {
    expect(port && fromText(port, '80')).toBe(80);
    expect(port && fromText(port, 'eighty')).toBe('eighty');
  });

  it('finds what is said about a key', () => {
    const findings = [
      { severity: 'error', path: 'endpoints.0.token', summary: 'Required' },
      { severity: 'error', summary: 'Bad', detail: 'Mend it.' },
    ];
    expect(findingAt(findings, 'endpoints.0.token')).toBe('Required');
    expect(findingAt(findings, '')).toBe('Bad: Mend it.');
    expect(findingAt(findings, 'url')).toBe('');
  });
});
