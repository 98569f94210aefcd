import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Bell, CircleHelp, Ellipsis, LayoutDashboard, Puzzle, Search, Server, Settings } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import { listFamilies } from '@/api/lists.ts';
import { byFamily, familyLabel } from '@/catalog/families.ts';
import { useLive } from '@/live/hooks.ts';
import type { Live } from '@/live/store.ts';
import { Logo } from '@/parts/logo.tsx';
import { useMay } from '@/parts/may.ts';
import { TypeIcon } from '@/parts/type-icon.tsx';
import { cx } from '@/ui/cx.ts';
import { Disclosure } from '@/ui/menu.tsx';
import { split } from './tabs.ts';
import { ThemeMenu, UserMenu } from '@/parts/menus.tsx';

/**
 * Sections of the menu beside infrastructure: one for each family of which there is a resource, with the icon of its first
 * type, or of which there are lists.
 */
function otherFamilies(l: Live, listed: readonly string[]): string {
  const present = new Set([...l.byId.values()].map((r) => r.type));
  // What runs is to be backed up, also where no backup server is watched.
  const runs = l.catalog.types.some((t) => t.family === 'workloads' && present.has(t.name));
  const shown = l.catalog.types.filter((t) => present.has(t.name) || (runs && t.family === 'backups'));
  return byFamily(shown, listed)
    .filter(([family]) => family !== 'infrastructure')
    .map(([family, types]) => `${family}:${types[0]?.icon ?? 'list'}`)
    .join(' ');
}

/** A page of the main menu. */
export interface Item {
  key: string;
  label: string;
  icon: ReactNode;
  to: { to: string; params?: Record<string, string> };
  exact?: boolean;
}

/** The pages of the main menu that somebody may use: those that always are, and a section for each family that has resources. */
export function useItems(): Item[] {
  const may = useMay();
  const nodes = may('read:nodes');
  const alerts = may('read:alerts');
  const { data: listed = [] } = useQuery({ ...listFamilies, enabled: nodes });
  const families = useLive((l) => otherFamilies(l, listed));
  return useMemo(
    () => itemsOf(families.split(' ').filter(Boolean), { nodes, alerts }),
    [families, nodes, alerts],
  );
}

function itemsOf(families: readonly string[], may: { nodes: boolean; alerts: boolean }): Item[] {
  const icon = { size: 18, 'aria-hidden': true, strokeWidth: 1.75 } as const;
  const items: (Item & { hidden?: boolean })[] = [
    { key: 'o', label: 'Overview', icon: <LayoutDashboard {...icon} />, to: { to: '/' }, exact: true },
    {
      key: 'i',
      label: 'Infrastructure',
      icon: <Server {...icon} />,
      to: { to: '/$family', params: { family: 'infrastructure' } },
      hidden: !may.nodes,
    },
    ...families.map((f) => {
      const [family = '', symbol = ''] = f.split(':');
      return {
        key: family,
        label: familyLabel(family),
        icon: <TypeIcon name={symbol} size={18} />,
        to: { to: '/$family', params: { family } },
      };
    }),
    { key: 'a', label: 'Alerts', icon: <Bell {...icon} />, to: { to: '/alerts' }, hidden: !may.alerts },
    { key: 'p', label: 'Plugins', icon: <Puzzle {...icon} />, to: { to: '/plugins' }, hidden: !may.nodes },
    { key: 's', label: 'Settings', icon: <Settings {...icon} />, to: { to: '/settings' } },
  ];
  return items.filter((i) => !i.hidden);
}

/** Whether live data arrive, as a small light. */
function LiveLight() {
  const connection = useLive((l) => l.connection);
  const { phase } = connection;
  const asks = phase === 'live' && connection.by === 'requests';
  const text = { live: asks ? 'Every 5 s' : 'Live', lost: 'Disconnected', connecting: 'Connecting' }[phase];
  const why =
    'No WebSocket gets through to the server, so the page asks every 5 seconds. A proxy may have to allow it.';
  return (
    <span className="text-muted flex items-center gap-2 px-2 text-xs lg:px-3" title={asks ? why : text}>
      <span
        aria-hidden
        className={cx(
          'size-2 shrink-0 rounded-full border',
          phase === 'live' ? 'bg-accent border-accent' : 'border-line-strong',
        )}
      />
      <span className="max-lg:visually-hidden">{text}</span>
    </span>
  );
}

/** The navigation at the left: words on a desktop, icons on a tablet. */
export function SideNav({ onHelp, onPalette }: { onHelp: () => void; onPalette: () => void }) {
  const items = useItems();
  return (
    <nav
      aria-label="Main"
      className="border-line bg-surface flex w-14 shrink-0 flex-col gap-1 border-r p-2 max-md:hidden lg:w-48"
    >
      <Link
        to="/"
        aria-label="Pulse, overview"
        className="mb-2 flex h-9 items-center gap-2 px-2.5 text-lg font-semibold tracking-tight"
      >
        <Logo />
        <span className="max-lg:hidden">Pulse</span>
      </Link>
      <button
        type="button"
        onClick={onPalette}
        title="Search resources, pages and actions (Ctrl+K)"
        aria-keyshortcuts="Control+K Meta+K"
        className="border-line text-muted hover:bg-hover hover:text-text mb-1 flex h-9 items-center gap-3 rounded-md border px-2.5 max-lg:justify-center"
      >
        <Search size={16} aria-hidden strokeWidth={1.75} />
        <span className="max-lg:visually-hidden flex-1 text-left text-sm">
          Search<span className="visually-hidden"> resources, pages and actions</span>
        </span>
        <kbd aria-hidden className="font-mono text-xs max-lg:hidden">
          Ctrl K
        </kbd>
      </button>
      {items.map((item) => (
        <Link
          key={item.key}
          {...item.to}
          activeOptions={{ exact: item.exact ?? false, includeSearch: false }}
          className="flex h-9 items-center gap-3 rounded-md px-2.5 max-lg:justify-center"
          activeProps={{ className: 'bg-selected text-accent font-medium' }}
          inactiveProps={{ className: 'text-muted hover:bg-hover hover:text-text' }}
          title={item.label}
        >
          {item.icon}
          <span className="max-lg:visually-hidden">{item.label}</span>
        </Link>
      ))}
      <div className="mt-auto flex flex-col gap-1">
        <LiveLight />
        <div className="border-line mt-2 flex gap-1 border-t pt-2 max-lg:flex-col">
          <UserMenu />
          <ThemeMenu />
          <button
            type="button"
            onClick={onHelp}
            aria-label="Keyboard and filter help"
            title="Keyboard and filter help (?)"
            className="text-muted hover:bg-hover hover:text-text inline-flex h-9 flex-1 items-center justify-center rounded-md max-lg:py-2"
          >
            <CircleHelp size={18} aria-hidden strokeWidth={1.75} />
          </button>
        </div>
      </div>
    </nav>
  );
}

const tab =
  'flex h-14 w-full min-w-0 flex-col items-center justify-center gap-0.5 text-[0.6875rem] tracking-tight';

function Tab({ item, className, onOpen }: { item: Item; className: string; onOpen?: () => void }) {
  return (
    <Link
      {...item.to}
      onClick={onOpen}
      activeOptions={{ exact: item.exact ?? false, includeSearch: false }}
      className={className}
      activeProps={{ className: 'text-accent font-medium' }}
      inactiveProps={{ className: 'text-muted' }}
    >
      {item.icon}
      <span className="max-w-full truncate px-0.5">{item.label}</span>
    </Link>
  );
}

/** The navigation at the bottom of a phone, in reach of a thumb. */
export function BottomNav() {
  const [shown, more] = split(useItems());
  return (
    <nav
      aria-label="Main"
      className="border-line bg-surface flex shrink-0 border-t pb-[env(safe-area-inset-bottom)] *:min-w-0 *:flex-1 md:hidden"
    >
      {shown.map((item) => (
        <Tab key={item.key} item={item} className={tab} />
      ))}
      {more.length > 0 && (
        <Disclosure
          label="More pages"
          up
          end
          className={cx(tab, 'text-muted')}
          button={
            <>
              <Ellipsis size={18} aria-hidden strokeWidth={1.75} />
              <span>More</span>
            </>
          }
        >
          {(close) =>
            more.map((item) => (
              <Tab
                key={item.key}
                item={item}
                onOpen={close}
                className="hover:bg-hover flex h-11 items-center gap-3 rounded-md px-3 text-sm"
              />
            ))
          }
        </Disclosure>
      )}
    </nav>
  );
}
