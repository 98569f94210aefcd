import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { createToken, tokens } from '@/api/queries.ts';
import { guestLink } from '@/guest.ts';
import { useLive } from '@/live/hooks.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Field } from '@/ui/field.tsx';
import { Section } from './section.tsx';

/** What a kiosk may do. */
const scopes = ['monitoring:read'];

/** Makes links for walls and for people who shall only look. */
export function Kiosk() {
  const client = useQueryClient();
  const types = useLive((l) => l.catalog.types);
  const [name, setName] = useState('');
  const [path, setPath] = useState('/');
  const families = [...new Set(['infrastructure', ...types.map((t) => t.family)])];
  const made = useMutation({
    mutationFn: () => createToken(`Kiosk: ${name.trim() || 'wall'}`, scopes),
    onSuccess: () => client.invalidateQueries({ queryKey: tokens.queryKey }),
  });
  return (
    <Section
      title="Kiosk links"
      lead="A link that opens a view without an account: no menus, the screen stays on, and nothing can be changed."
    >
      <form
        className="flex max-w-md flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          made.mutate();
        }}
      >
        <Field
          label="What it is for"
          maxLength={80}
          placeholder="wall"
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
        <label className="flex flex-col gap-1 text-sm font-medium">
          It opens
          <select
            value={path}
            onChange={(e) => setPath(e.target.value)}
            className="bg-surface border-line-strong h-9 rounded-md border px-2 font-normal max-sm:h-11"
          >
            <option value="/">Overview</option>
            {families.map((f) => (
              <option key={f} value={`/${f}`}>
                {f.charAt(0).toUpperCase() + f.slice(1)}
              </option>
            ))}
          </select>
        </label>
        <p className="text-muted text-sm">
          Whoever has the link sees all state, charts and alerts (
          <code className="font-mono">{scopes[0]}</code>) until its token is revoked under{' '}
          <Link to="/settings/tokens" className="text-accent underline">
            API tokens
          </Link>
          . It can change nothing.
        </p>
        {made.isError && <ApiProblem title="No link was made." error={made.error} />}
        <div>
          <Button type="submit" look="primary" busy={made.isPending}>
            Make the link
          </Button>
        </div>
      </form>
      {made.data && (
        <div className="mt-4 max-w-2xl">
          <p className="mb-2 text-sm">
            Link of “{made.data.record.name}”. Copy it now: it is shown only this once.
          </p>
          <CopyText label="The kiosk link" text={guestLink(document.baseURI, path, made.data.token)} />
        </div>
      )}
    </Section>
  );
}
