import type { ResourceType } from '@/catalog/catalog.ts';
import { measured } from '@/catalog/measured.ts';
import { precise, show } from '@/format/value.ts';
import type { Resource } from '@/live/resource.ts';

/** What a resource is, by groups. A fact that is not known has no line. */
export function Facts({ resource, type }: { resource: Resource; type: ResourceType }) {
  const groups = new Map<string, { label: string; text: string; exact: string | undefined }[]>();
  for (const fact of type.facts) {
    const value = measured(resource, fact);
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    const rows = groups.get(fact.group) ?? [];
    rows.push({ label: fact.label, text: show(value, fact.format), exact: precise(value, fact.format) });
    groups.set(fact.group, rows);
  }
  return [...groups].map(([group, rows]) => (
    <section key={group} className="bg-surface border-line rounded-lg border">
      <h2 className="border-line border-b px-3 py-2 font-semibold">{group}</h2>
      <dl className="grid grid-cols-[minmax(6rem,2fr)_minmax(0,3fr)] gap-x-3 gap-y-1.5 px-3 py-2.5 text-sm">
        {rows.map((row) => (
          <div key={row.label} className="contents">
            <dt className="text-muted">{row.label}</dt>
            <dd className="num break-words" title={row.exact}>
              {row.text}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  ));
}
