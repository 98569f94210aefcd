import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useParams } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useMemo } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { listsOf } from '@/catalog/lists.ts';
import { limits } from '@/api/alerts.ts';
import { resourceNews } from '@/api/queries.ts';
import { useDocument, useLive, useResource, useResourceType } from '@/live/hooks.ts';
import type { Resource } from '@/live/resource.ts';
import { Page } from '@/parts/page.tsx';
import { TypeIcon } from '@/parts/type-icon.tsx';
import { StatusCell } from '@/table/cell.tsx';
import { Empty, Skeleton } from '@/ui/message.tsx';
import { Charts, ChartSkeletons } from './charts.tsx';
import { Alerts } from './alerts.tsx';
import { useAlertsOf } from './alerts-of.ts';
import { sinceWhen } from './since.ts';
import { thresholdsOf } from './thresholds.ts';
import { Conditions } from './conditions.tsx';
import { Events } from './events.tsx';
import { Facts } from '@/parts/facts.tsx';
import { Gauges } from '@/parts/gauges.tsx';
import { IdentityCard } from './identity.tsx';
import { ListTable } from '@/parts/list-table.tsx';
import { Children, Parents, TagsAndLink } from './place.tsx';
import { NotesCard } from './notes.tsx';
import { RangePicker } from './range.tsx';
import { ReportButton } from '@/parts/report.tsx';
import { Ago, Lasting } from '@/parts/times.tsx';
import { Whose } from '@/parts/whose.tsx';
import { RowLists } from './rows.tsx';

/** One resource: how it is, how it was, and what it is. */
export function ResourcePage() {
  const { id } = useParams({ from: '/shell/r/$id' });
  const resource = useResource(id);
  useDocument(id);
  const type = useResourceType(resource?.type);
  const loaded = useLive((l) => l.loaded);
  if (resource && type) return <Known key={id} resource={resource} type={type} />;
  if (!loaded) return <Loading />;
  return <ByAnotherId id={id} />;
}

function Loading() {
  return (
    <Page title="Loading" heading={<Skeleton className="h-7 w-56" />}>
      <Skeleton className="h-20 w-full" />
      <ChartSkeletons />
    </Page>
  );
}

/** Lists, alerts and messages call a resource by another id than the stream does: the server knows which it is. */
function ByAnotherId({ id }: { id: string }) {
  const { data, isPending } = useQuery({
    ...resourceNews(id).resource,
    retry: false,
    refetchInterval: false,
  });
  if (isPending) return <Loading />;
  if (data && data.stateId !== id) {
    return <Navigate to="/r/$id" params={{ id: data.stateId }} search={(s) => s} replace />;
  }
  return (
    <Page title="Not found">
      <Empty title="There is no such resource">
        <p className="text-muted">
          Nothing that reports has the id <code className="font-mono">{id}</code>. It may have been removed.
        </p>
        <Link to="/$family" params={{ family: 'infrastructure' }} className="text-accent underline">
          Go to infrastructure
        </Link>
      </Empty>
    </Page>
  );
}

function Known({ resource, type: declared }: { resource: Resource; type: ResourceType }) {
  const type = useJudged(resource.id, declared);
  const lists = useMemo(() => listsOf(resource.doc), [resource.doc]);
  return (
    <Page
      title={resource.name}
      heading={<Heading resource={resource} type={type} />}
      actions={
        <>
          <RangePicker id={resource.id} type={type} />
          <ReportButton resources={[resource]} />
        </>
      }
    >
      {resource.status === 'stale' && <StaleNote resource={resource} />}
      {resource.status === 'unknown' && <UnknownNote id={resource.id} />}
      <Alerts id={resource.id} />
      <Conditions id={resource.id} />
      <Gauges resource={resource} type={type} />
      <Charts id={resource.id} name={resource.name} type={type} />
      <Children id={resource.id} name={resource.name} />
      <div className="grid gap-4 lg:grid-cols-2 xl:grid-cols-3">
        <Facts resource={resource} type={type} />
        {lists.map((l) => (
          <ListTable key={l.key} list={l} />
        ))}
        <RowLists id={resource.id} />
        <Events id={resource.id} />
        <NotesCard family={type.family} id={resource.id} name={resource.name} />
        {type.family === 'infrastructure' && <IdentityCard id={resource.id} />}
      </div>
    </Page>
  );
}

/** A type with the limits that hold for one resource; until these are known, with those that its plugin declares. */
function useJudged(id: string, type: ResourceType): ResourceType {
  const { data } = useQuery(limits(id));
  return useMemo(() => (data ? { ...type, thresholds: thresholdsOf(data) } : type), [type, data]);
}

function Heading({ resource, type }: { resource: Resource; type: ResourceType }) {
  const family = type.family.charAt(0).toUpperCase() + type.family.slice(1);
  return (
    <div className="min-w-0">
      <nav aria-label="Where this is" className="text-muted flex flex-wrap items-center gap-1 text-sm">
        <Link to="/$family" params={{ family: type.family }} className="hover:text-text hover:underline">
          {family}
        </Link>
        <ChevronRight size={14} aria-hidden />
        <span>{type.plural}</span>
        <Parents id={resource.id} />
      </nav>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5">
        <span className="text-muted">
          <TypeIcon name={type.icon} size={20} />
        </span>
        <h1 className="text-xl font-semibold tracking-tight break-all">{resource.name}</h1>
        <Whose id={resource.id} />
        <StatusCell resource={resource} mark />
        <Since resource={resource} type={type} />
        {resource.lastSeen !== undefined && (
          // On a phone it has a line of its own, or the page would jump each time its words get longer.
          <span className="text-muted basis-full text-sm sm:basis-auto">
            reported <Ago at={resource.lastSeen} />
          </span>
        )}
      </div>
      <TagsAndLink resource={resource} family={type.family} />
    </div>
  );
}

/** Since when it is in its state: a date is shown where "2 h ago" is not enough. */
function Since({ resource, type }: { resource: Resource; type: ResourceType }) {
  const alerts = useAlertsOf(resource.id);
  const conditions = useQuery(resourceNews(resource.id).resource).data?.conditions ?? [];
  // How old what is stale is, its state tells.
  const since = resource.status === 'stale' ? undefined : sinceWhen(resource, type, alerts, conditions);
  if (since === undefined) return null;
  return (
    <span className="text-muted num text-sm">
      for <Lasting at={since} />
    </span>
  );
}

/** Says why nothing is known of what runs on something that is down. */
function UnknownNote({ id }: { id: string }) {
  const parentId = useQuery(resourceNews(id).resource).data?.parentId;
  const parent = useQuery({
    ...resourceNews(parentId ?? '').resource,
    enabled: parentId !== undefined,
  }).data;
  if (parent?.status !== 'offline') return null;
  return (
    <p className="border-line bg-surface rounded-md border px-3 py-2 text-sm" role="status">
      <Link to="/r/$id" params={{ id: parent.stateId }} className="text-accent underline">
        {parent.name}
      </Link>{' '}
      is down, so nobody can tell how this is. What was measured before stays below.
    </p>
  );
}

/** What the server says of an agent that fell silent; people are told in other words. */
const silent = 'no report in time';

function StaleNote({ resource }: { resource: Resource }) {
  const reason = resource.stale?.reason;
  const why =
    reason && reason !== silent
      ? `: ${reason.replace(/\.?$/, '.')}`
      : ', because its source stopped reporting.';
  return (
    <p className="hatched border-line rounded-md border px-3 py-2 text-sm" role="status">
      {resource.lastSeen === undefined ? (
        'Nothing was heard of it'
      ) : (
        <>
          Last seen <Ago at={resource.lastSeen} />
        </>
      )}
      {why} All values are from then. Nobody saw it fail: it may be down, or only its agent or the network.
    </p>
  );
}
