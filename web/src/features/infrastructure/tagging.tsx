import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { tagResources, type Tagged, type TagChange } from '@/api/tags.ts';
import { filterValues } from '@/filter/keys.ts';
import { tagsOf } from '@/filter/match.ts';
import { useColumns, useLive } from '@/live/hooks.ts';
import type { Resource } from '@/live/resource.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';

function rows(n: number): string {
  return n === 1 ? '1 row' : `${n} rows`;
}

function referTo(resources: readonly Resource[]): Tagged[] {
  return resources.map((r) => ({ type: r.type, id: r.id }));
}

/** What was done, in words, and what undoes it. */
interface Done {
  text: string;
  undo: TagChange | undefined;
}

/** Gives the rows that are chosen a tag, or takes one away. Each button says of how many. */
export function Tagging({ resources }: { resources: readonly Resource[] }) {
  const client = useQueryClient();
  const id = useId();
  const [text, setText] = useState('');
  const [done, setDone] = useState<Done>();
  useColumns(['tags']);
  const types = useLive((l) => l.catalog.types);
  const byId = useLive((l) => l.byId);
  const tag = text.trim();
  const without = resources.filter((r) => !tagsOf(r).includes(tag));
  const given = resources.filter((r) => r.given?.includes(tag));
  const fixed = resources.length - without.length - given.length;
  const work = useMutation({
    mutationFn: async ({ change, tell }: { change: TagChange; tell: (n: number) => Done['text'] }) => {
      const { changed } = await tagResources(change);
      return { changed, change, tell };
    },
    onSuccess: ({ changed, change, tell }) => {
      const back = { resources: changed, add: change.remove ?? [], remove: change.add ?? [] };
      setDone({ text: tell(changed.length), undo: changed.length > 0 ? back : undefined });
      void client.invalidateQueries({ queryKey: ['metadata'] });
    },
  });
  return (
    <form
      className="flex flex-wrap items-center gap-2"
      onSubmit={(e) => {
        e.preventDefault();
        if (tag === '' || without.length === 0) return;
        work.mutate({
          change: { resources: referTo(without), add: [tag] },
          tell: (n) => `“${tag}” was added to ${rows(n)}.`,
        });
      }}
    >
      <label htmlFor={id} className="text-muted text-sm">
        Tag
      </label>
      <input
        id={id}
        list={`${id}-tags`}
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        maxLength={64}
        value={text}
        onChange={(e) => {
          setText(e.target.value);
          setDone(undefined);
        }}
        className="bg-surface border-line-strong h-7 w-40 rounded-md border px-2 text-sm max-sm:h-11 max-sm:text-lg"
      />
      <datalist id={`${id}-tags`}>
        {filterValues(types, 'tag')
          .of(byId)
          .map((t) => (
            <option key={t} value={t} />
          ))}
      </datalist>
      <Button type="submit" small busy={work.isPending} disabled={tag === '' || without.length === 0}>
        Add to {rows(without.length)}
      </Button>
      <Button
        small
        busy={work.isPending}
        disabled={tag === '' || given.length === 0}
        onClick={() =>
          work.mutate({
            change: { resources: referTo(given), remove: [tag] },
            tell: (n) => `“${tag}” was removed from ${rows(n)}.`,
          })
        }
      >
        Remove from {rows(tag === '' ? 0 : given.length)}
      </Button>
      {tag !== '' && fixed > 0 && (
        <span className="text-muted text-sm">{rows(fixed)} have it from their source, where it stays.</span>
      )}
      {done && (
        <span className="text-sm" role="status">
          {done.text}{' '}
          {done.undo && (
            <button
              type="button"
              className="text-accent underline"
              onClick={() =>
                done.undo && work.mutate({ change: done.undo, tell: (n) => `Undone for ${rows(n)}.` })
              }
            >
              Undo
            </button>
          )}
        </span>
      )}
      {work.isError && <ApiProblem title="The tags were not changed." error={work.error} />}
    </form>
  );
}
