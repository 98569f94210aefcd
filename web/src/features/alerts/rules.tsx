import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { deleteRule, rules, type Rule } from '@/api/alerts.ts';
import { useLive } from '@/live/hooks.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { useMay } from '@/parts/may.ts';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Dialog } from '@/ui/dialog.tsx';
import { RuleForm } from './rule-form.tsx';
import { about, judged, sentence } from './rule.ts';
import { Section } from '../settings/section.tsx';

const origins: Partial<Record<string, string>> = {
  default: 'by the plugin',
  legacy: 'by the configuration',
  user: 'yours',
};

/** From when on something is an alert. */
export function Rules() {
  const client = useQueryClient();
  const works = useMay()('write:alerts');
  const list = useQuery(rules);
  const catalog = useLive((l) => l.catalog);
  const [editing, setEditing] = useState<Rule | 'new'>();
  const [all, setAll] = useState(false);
  const remove = useMutation({
    mutationFn: (r: Rule) => deleteRule(r.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  // Types of which nothing is monitored are in the way.
  const present = useLive((l) => [...new Set([...l.byId.values()].map((r) => r.type))].sort().join(' '));
  const what = (r: Rule) => judged(r.kind, r.match.types ?? [], catalog);
  const shown = (list.data ?? []).filter(
    (r) =>
      r.origin === 'user' ||
      all ||
      !r.match.types?.length ||
      r.match.types.some((t) => present.split(' ').includes(t)),
  );
  return (
    <Section
      title="Rules"
      lead="The rules that match a resource are put over one another from top to bottom; the last word counts. Yours come last."
      action={
        works && (
          <Button look="primary" onClick={() => setEditing('new')}>
            <Plus size={16} aria-hidden /> New rule
          </Button>
        )
      }
    >
      <Loaded query={list} failed="The rules could not be loaded.">
        {(known) => (
          <>
            {remove.isError && <ApiProblem title="It was not deleted." error={remove.error} />}
            <ul className="bg-surface border-line rounded-lg border" aria-label="Rules">
              {shown.map((r, i) => (
                <li
                  key={`${r.id} ${i}`}
                  className={cx(
                    'border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2 text-sm last:border-b-0',
                    !r.enabled && 'opacity-60',
                  )}
                >
                  <div className="min-w-0 flex-1 basis-72">
                    <p className="flex flex-wrap gap-x-2">
                      <span className="font-medium">{r.origin === 'user' ? r.name : what(r)}</span>
                      <span className="text-muted">{about(r, catalog)}</span>
                    </p>
                    <p className="text-muted text-xs">
                      {r.origin === 'user' && `${what(r)}: `}
                      {sentence(r, catalog)}
                      {!r.enabled && ' (turned off)'}
                    </p>
                  </div>
                  <span className="text-muted w-32 text-xs">{origins[r.origin] ?? r.origin}</span>
                  <div className={cx('ml-auto flex gap-2', !works && 'hidden')}>
                    {r.origin === 'user' ? (
                      <>
                        <Button small aria-label={`Change ${r.name}`} onClick={() => setEditing(r)}>
                          Change
                        </Button>
                        <Button
                          small
                          look="danger"
                          aria-label={`Delete ${r.name}`}
                          busy={remove.isPending}
                          onClick={() => remove.mutate(r)}
                        >
                          Delete
                        </Button>
                      </>
                    ) : (
                      <Button
                        small
                        aria-label={`Override ${what(r)} of ${about(r, catalog)}`}
                        onClick={() => setEditing({ ...r, id: '', origin: 'user', name: '' })}
                      >
                        Override
                      </Button>
                    )}
                  </div>
                </li>
              ))}
            </ul>
            {!all && shown.length < known.length && (
              <div>
                <Button small onClick={() => setAll(true)}>
                  Show all {known.length}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
      {editing && (
        <Dialog
          title={editing !== 'new' && editing.id ? `Change “${editing.name}”` : 'New rule'}
          onClose={() => setEditing(undefined)}
        >
          <RuleForm
            {...(editing !== 'new' && { stored: editing })}
            catalog={catalog}
            onDone={() => setEditing(undefined)}
          />
        </Dialog>
      )}
    </Section>
  );
}
