import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { List as Icon } from 'lucide-react';
import { lists } from '@/api/lists.ts';
import { number } from '@/format/number.ts';
import { ListView } from '@/parts/list-view.tsx';
import { Page } from '@/parts/page.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { asButton } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Empty } from '@/ui/message.tsx';

/** All lists that plugins keep: backups, snapshots, jobs, packages. */
export function Lists() {
  const query = useQuery(lists);
  return (
    <Page title="Lists">
      <Loaded query={query} failed="The lists could not be loaded." skeleton={<TableSkeleton />}>
        {(known) =>
          known.length === 0 ? (
            <Empty title="There are no lists" icon={<Icon size={24} aria-hidden strokeWidth={1.5} />}>
              <p className="text-muted">No plugin that is installed keeps one.</p>
              <Link to="/plugins" className={asButton}>
                See the plugins
              </Link>
            </Empty>
          ) : (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Lists">
              {known.map((l) => (
                <li key={l.name} className="border-line border-b last:border-b-0">
                  <Link
                    to="/lists/$name"
                    params={{ name: l.name }}
                    className="hover:bg-hover flex min-h-10 items-center justify-between gap-4 px-3 py-2 max-sm:min-h-11"
                  >
                    <span className="font-medium">{l.label}</span>
                    <span className={cx('num', l.total === 0 && 'text-muted')}>{number(l.total)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}

/** One list on a page of its own. */
export function ListPage() {
  const { name } = useParams({ from: '/shell/lists/$name' });
  const { q = '' } = useSearch({ from: '/shell/lists/$name' });
  const navigate = useNavigate({ from: '/lists/$name' });
  const label = useQuery(lists).data?.find((l) => l.name === name)?.label;
  return (
    <Page
      title={label ?? 'List'}
      actions={
        <Link to="/lists" className="text-accent underline max-sm:py-2">
          All lists
        </Link>
      }
    >
      <ListView
        key={name}
        name={name}
        q={q}
        onQuery={(next) => void navigate({ search: (s) => ({ ...s, q: next || undefined }), replace: true })}
      />
    </Page>
  );
}
