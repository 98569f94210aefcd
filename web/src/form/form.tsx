import { Plus, X } from 'lucide-react';
import { useEffect, useId, useRef } from 'react';
import { Button, IconButton } from '@/ui/button.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { asList, asObject, blank, findingAt, fromText, toText, withMember } from './value.ts';
import type { Finding, Value } from './value.ts';
import type { FormField } from './schema.ts';

/** How a stored secret stands in an answer of the server; sent back, it keeps what is stored. */
const masked = '***';

interface Part<T> {
  value: T;
  onChange: (v: T) => void;
  findings: readonly Finding[];
  path: string;
  disabled: boolean;
}

function join(path: string, name: string | number): string {
  return path === '' ? String(name) : `${path}.${name}`;
}

/** The inputs of all keys of an object; those that are right for most people as they are can be opened. */
export function Fields({ fields, ...part }: { fields: readonly FormField[] } & Part<Value>) {
  const more = fields.filter((f) => f.advanced);
  if (more.length === 0) return <Inputs fields={fields} {...part} />;
  const wrong = more.some((f) => part.findings.some((x) => x.path?.split('.')[0] === f.name));
  return (
    <>
      <Inputs fields={fields.filter((f) => !f.advanced)} {...part} />
      <details className="border-line rounded-md border px-3 py-2" open={wrong || undefined}>
        <summary className="cursor-pointer font-medium">More settings</summary>
        <div className="mt-3 flex flex-col gap-4">
          <Inputs fields={more} {...part} />
        </div>
      </details>
    </>
  );
}

function Inputs({ fields, ...part }: { fields: readonly FormField[] } & Part<Value>) {
  return (
    <>
      {fields.map((f) => (
        <Input
          key={f.name}
          field={f}
          value={part.value[f.name]}
          onChange={(v) => part.onChange(withMember(part.value, f.name, v))}
          findings={part.findings}
          path={join(part.path, f.name)}
          disabled={part.disabled}
        />
      ))}
    </>
  );
}

function Input({ field: f, ...part }: { field: FormField } & Part<unknown>) {
  const error = findingAt(part.findings, part.path) || undefined;
  switch (f.kind) {
    case 'bool':
      return (
        <Checkbox
          label={f.label}
          hint={error ?? f.help}
          checked={part.value === undefined ? f.fallback === true : part.value === true}
          disabled={part.disabled}
          onChange={(e) => part.onChange(e.target.checked)}
        />
      );
    case 'words':
      return <Words field={f} error={error} {...part} />;
    case 'list':
      return <List field={f} error={error} {...part} />;
    case 'map':
      return <Pairs field={f} error={error} {...part} />;
    case 'group':
      return (
        <Group label={f.label} help={f.help} error={error}>
          <Fields fields={f.fields} {...part} value={asObject(part.value)} />
        </Group>
      );
    default:
      return <Line field={f} error={error} {...part} />;
  }
}

type Shown = { field: FormField; error: string | undefined } & Part<unknown>;

function Line({ field: f, error, value, onChange, disabled }: Shown) {
  const kept = f.secret && value === masked;
  return (
    <Field
      label={f.label}
      hint={f.help}
      error={error}
      type={f.secret ? 'password' : 'text'}
      inputMode={f.kind === 'number' ? (f.integer ? 'numeric' : 'decimal') : undefined}
      autoComplete={f.secret ? 'new-password' : 'off'}
      spellCheck={false}
      required={f.required && !kept}
      disabled={disabled}
      placeholder={kept ? 'Stored. Enter another to replace it.' : f.placeholder}
      value={kept ? '' : toText(value)}
      onChange={(e) => onChange(e.target.value === '' && kept ? masked : fromText(f, e.target.value))}
    />
  );
}

function Words({ field: f, error, value, onChange, disabled }: Shown) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {f.label}
      </label>
      <select
        id={id}
        disabled={disabled}
        aria-invalid={error ? true : undefined}
        className="bg-surface border-line-strong h-9 rounded-md border px-2 max-sm:h-11 max-sm:text-lg"
        value={toText(value ?? f.fallback)}
        onChange={(e) => onChange(e.target.value === '' ? undefined : e.target.value)}
      >
        {f.fallback === undefined && <option value="">–</option>}
        {f.words.map((w) => (
          <option key={w}>{w}</option>
        ))}
      </select>
      <p className={error ? 'text-down text-xs' : 'text-muted text-xs'}>{error ?? f.help}</p>
    </div>
  );
}

function Group({
  label,
  help,
  error,
  children,
}: {
  label: string;
  help: string;
  error: string | undefined;
  children: React.ReactNode;
}) {
  return (
    <fieldset className="border-line flex min-w-0 flex-col gap-3 rounded-md border p-3">
      <legend className="px-1 text-sm font-medium">{label}</legend>
      {help && <p className="text-muted -mt-1 text-xs">{help}</p>}
      {error && (
        <p className="text-down text-xs" role="alert">
          {error}
        </p>
      )}
      {children}
    </fieldset>
  );
}

function List({ field: f, error, value, onChange, findings, path, disabled }: Shown) {
  const list = asList(value);
  const item = f.items;
  const last = useRef<HTMLDivElement>(null);
  const added = useRef(false);
  useEffect(() => {
    if (!added.current) return;
    added.current = false;
    last.current?.querySelector<HTMLElement>('input, select, textarea')?.focus();
  }, [list.length]);
  return (
    <Group label={f.label} help={f.help} error={error}>
      {list.map((v, i) => (
        <div key={i} ref={i === list.length - 1 ? last : undefined} className="flex items-start gap-2">
          <div className="flex min-w-0 flex-1 flex-col gap-3">
            {item && (
              <Input
                field={{ ...item, label: `${f.label} ${i + 1}`, help: '', required: true }}
                value={v}
                onChange={(next) => onChange(list.map((old, at) => (at === i ? (next ?? '') : old)))}
                findings={findings}
                path={join(path, i)}
                disabled={disabled}
              />
            )}
          </div>
          <IconButton
            label={`Remove ${f.label} ${i + 1}`}
            disabled={disabled}
            onClick={() => {
              const rest = list.filter((_, at) => at !== i);
              onChange(rest.length === 0 ? undefined : rest);
            }}
          >
            <X size={16} aria-hidden />
          </IconButton>
        </div>
      ))}
      <div className="flex items-center gap-3">
        <Button
          small
          disabled={disabled}
          onClick={() => {
            added.current = true;
            onChange([...list, blank(item)]);
          }}
        >
          <Plus size={14} aria-hidden /> Add
        </Button>
        {list.length === 0 && f.placeholder !== '' && (
          <span className="text-muted text-xs">Default: {f.placeholder}</span>
        )}
      </div>
    </Group>
  );
}

function Pairs({ field: f, error, value, onChange, disabled }: Shown) {
  const pairs = Object.entries(asObject(value));
  const put = (next: [string, unknown][]) =>
    onChange(next.length === 0 ? undefined : Object.fromEntries(next));
  return (
    <Group label={f.label} help={f.help} error={error}>
      {pairs.map(([name, v], i) => (
        <div key={i} className="flex items-end gap-2">
          <Field
            label="Name"
            value={name}
            disabled={disabled}
            onChange={(e) => put(pairs.map((p, at) => (at === i ? [e.target.value, p[1]] : p)))}
          />
          <Field
            label="Value"
            value={toText(v)}
            disabled={disabled}
            type={f.items?.secret ? 'password' : 'text'}
            onChange={(e) => put(pairs.map((p, at) => (at === i ? [p[0], e.target.value] : p)))}
          />
          <IconButton
            label={`Remove ${name}`}
            disabled={disabled}
            onClick={() => put(pairs.filter((_, at) => at !== i))}
          >
            <X size={16} aria-hidden />
          </IconButton>
        </div>
      ))}
      <div>
        <Button
          small
          disabled={disabled || pairs.some(([name]) => name === '')}
          onClick={() => put([...pairs, ['', '']])}
        >
          <Plus size={14} aria-hidden /> Add
        </Button>
      </div>
    </Group>
  );
}
