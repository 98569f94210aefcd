import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ExternalLink, Pencil } from 'lucide-react';
import { useState } from 'react';
import { metadata, saveMetadata, type Metadata } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { useMay } from '@/parts/may.ts';
import { PartProblem } from '@/parts/part-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field, TextArea } from '@/ui/field.tsx';

/** What people write about a resource: where its own page is, what it is for, words to find it by. */
export function NotesCard({ family, id, name }: { family: string; id: string; name: string }) {
  const query = useQuery(metadata(family, id));
  const { data } = query;
  const works = useMay()('write:nodes');
  const [editing, setEditing] = useState(false);
  if (!data) return <PartProblem title="The notes could not be loaded." query={query} />;
  const empty = !data.customUrl && !data.description && !data.tags?.length && !data.notes?.length;
  return (
    <section aria-labelledby="notes" className="bg-surface border-line min-w-0 rounded-lg border">
      <div className="border-line flex min-h-9 items-center justify-between border-b py-1 pr-1 pl-3">
        <h2 id="notes" className="font-semibold">
          Notes
        </h2>
        {works && (
          <Button small look="quiet" onClick={() => setEditing(true)}>
            <Pencil size={14} aria-hidden /> Edit
          </Button>
        )}
      </div>
      <div className="flex flex-col gap-2 px-3 py-2.5 text-sm">
        {empty && <p className="text-muted">Nobody has written anything about it yet.</p>}
        {data.customUrl && (
          <a
            href={data.customUrl}
            target="_blank"
            rel="noreferrer noopener"
            className="text-accent inline-flex items-center gap-1 underline"
          >
            <span className="break-all">{data.customUrl}</span>{' '}
            <ExternalLink size={14} aria-label="(opens another page)" />
          </a>
        )}
        {data.description && <p className="break-words whitespace-pre-line">{data.description}</p>}
        {data.notes?.map((n, i) => (
          <p key={i} className="break-words">
            {n}
          </p>
        ))}
        {data.tags && data.tags.length > 0 && (
          <ul className="flex flex-wrap gap-1" aria-label="Words">
            {data.tags.map((t) => (
              <li key={t} className="border-line rounded-sm border px-1.5 text-xs">
                {t}
              </li>
            ))}
          </ul>
        )}
      </div>
      {editing && (
        <Dialog title={`Notes about ${name}`} onClose={() => setEditing(false)}>
          <NotesForm family={family} id={id} stored={data} onDone={() => setEditing(false)} />
        </Dialog>
      )}
    </section>
  );
}

/** The parts of a text between separators, without blanks around them. */
function parts(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((p) => p.trim())
    .filter((p) => p !== '');
}

function NotesForm({
  family,
  id,
  stored,
  onDone,
}: {
  family: string;
  id: string;
  stored: Metadata;
  onDone: () => void;
}) {
  const client = useQueryClient();
  const [url, setURL] = useState(stored.customUrl);
  const [description, setDescription] = useState(stored.description);
  const [tags, setTags] = useState((stored.tags ?? []).join(', '));
  const [notes, setNotes] = useState((stored.notes ?? []).join('\n'));
  const save = useMutation({
    mutationFn: () =>
      saveMetadata(family, id, {
        customUrl: url.trim(),
        description: description.trim(),
        tags: parts(tags, ','),
        notes: parts(notes, '\n'),
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: metadata(family, id).queryKey });
      onDone();
    },
  });
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <Field
        label="Its own page"
        hint="An address that opens in another tab, for example https://nas.lan:8443."
        value={url}
        onChange={(e) => setURL(e.target.value)}
      />
      <Field label="Description" value={description} onChange={(e) => setDescription(e.target.value)} />
      <Field
        label="Words"
        hint="Separated by commas."
        value={tags}
        onChange={(e) => setTags(e.target.value)}
      />
      <TextArea
        label="Notes"
        hint="One on each line."
        value={notes}
        onChange={(e) => setNotes(e.target.value)}
      />
      {save.isError && <ApiProblem title="It was not saved." error={save.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
