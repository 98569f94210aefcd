import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { activateLicense, clearLicense, license, type License } from '@/api/access.ts';
import { exactTime, instant } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Button } from '@/ui/button.tsx';
import { TextArea } from '@/ui/field.tsx';
import { Section } from './section.tsx';

/** The features that this server asks a licence for, by their keys. */
const features: readonly [key: string, name: string][] = [
  ['rbac', 'Users and roles'],
  ['audit_logging', 'Audit log'],
  ['advanced_reporting', 'Reports'],
  ['long_term_metrics', 'History beyond seven days'],
];

/** Which features are open, and the key that opens them where licences are asked for. */
export function Licence() {
  const status = useQuery(license);
  return (
    <Loaded query={status} failed="The licence could not be loaded." skeleton={<TableSkeleton rows={4} />}>
      {(l) => <Known licence={l} />}
    </Loaded>
  );
}

function Known({ licence: l }: { licence: License }) {
  return (
    <div className="flex flex-col gap-8">
      <Section
        title="Licence"
        lead={
          l.enforced
            ? 'Whoever runs this server asks for a licence (license.enforce in config.hcl).'
            : 'Every feature is open. This server asks nobody for a licence.'
        }
      >
        {l.enforced && <Facts licence={l} />}
        <ul className="bg-surface border-line max-w-md rounded-lg border" aria-label="Features">
          {features.map(([key, name]) => {
            const open = l.features.includes(key);
            return (
              <li
                key={key}
                className="border-line flex items-center justify-between gap-3 border-b px-3 py-2 text-sm last:border-b-0"
              >
                {name}
                <span className={open ? 'text-muted' : 'text-down font-medium'}>
                  {open ? 'open' : 'closed'}
                </span>
              </li>
            );
          })}
        </ul>
      </Section>
      {l.enforced && <Key licence={l} />}
    </div>
  );
}

function Facts({ licence: l }: { licence: License }) {
  const ends = instant(l.expires_at);
  const grace = instant(l.grace_period_end);
  const none = l.tier === 'free' && !l.valid;
  const rows: [string, string | undefined][] = [
    ['State', none ? 'no key' : l.in_grace_period ? 'ended, still open' : l.valid ? 'active' : 'ended'],
    ['Tier', none ? undefined : l.tier],
    ['For', l.email],
    ['Ends', none ? undefined : l.is_lifetime ? 'never' : ends === undefined ? undefined : exactTime(ends)],
    ['Features close', grace === undefined ? undefined : exactTime(grace)],
  ];
  return (
    <dl className="grid max-w-md grid-cols-[8rem_1fr] gap-y-1.5 text-sm">
      {rows
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Key({ licence: l }: { licence: License }) {
  const client = useQueryClient();
  const [key, setKey] = useState('');
  const refresh = () => client.invalidateQueries({ queryKey: license.queryKey });
  const activate = useMutation({
    mutationFn: () => activateLicense(key.trim()),
    onSuccess: async () => {
      setKey('');
      await refresh();
    },
  });
  const clear = useMutation({ mutationFn: clearLicense, onSuccess: refresh });
  const held = l.valid || l.tier !== 'free';
  return (
    <Section
      title="Key"
      lead="A key is kept sealed and never shown again. A new one takes the place of the old."
    >
      <form
        className="flex max-w-2xl flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          clear.reset();
          activate.mutate();
        }}
      >
        <TextArea
          label="Licence key"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={(e) => {
            activate.reset();
            setKey(e.target.value);
          }}
        />
        {activate.isError && <ApiProblem title="The key was not taken." error={activate.error} />}
        {clear.isError && <ApiProblem title="The key was not forgotten." error={clear.error} />}
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" look="primary" busy={activate.isPending} disabled={key.trim() === ''}>
            Activate
          </Button>
          {held && (
            <Button
              look="danger"
              busy={clear.isPending}
              onClick={() => {
                activate.reset();
                clear.mutate();
              }}
            >
              Forget the key
            </Button>
          )}
          <span role="status" className="text-muted text-sm">
            {activate.isSuccess ? 'The licence is active.' : clear.isSuccess ? 'The key is forgotten.' : ''}
          </span>
        </div>
      </form>
    </Section>
  );
}
