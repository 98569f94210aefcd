import {
  ArrowDownWideNarrow,
  Bell,
  Keyboard,
  Link2,
  LogOut,
  Maximize2,
  Monitor,
  Moon,
  Plus,
  Settings,
  Sun,
} from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import type { Findable } from '@/filter/rank.ts';
import { useLive, useLiveSource } from '@/live/hooks.ts';
import { namesakes } from '@/live/namesakes.ts';
import { urgency } from '@/live/status.ts';
import { Mark } from '@/parts/mark.tsx';
import { useMissing, type Taken } from '@/parts/may.ts';
import { alertPages, settingsPages } from '@/parts/places.ts';
import { setTheme } from '@/theme.ts';
import { toClipboard } from '@/ui/clipboard.ts';
import { useItems } from './nav.tsx';

/** Something that the palette offers: a place to go to, or something to do. */
export interface Entry extends Findable {
  key: string;
  icon: ReactNode;
  /** What it is, in a word. */
  kind: string;
  /** Of which system it is, where another is called so too. */
  whose?: string | undefined;
  to?: { to: string; params?: Record<string, string>; search?: Record<string, string> };
  act?: (around: Around) => void;
  need?: Taken;
}

const size = { size: 16, 'aria-hidden': true, strokeWidth: 1.75 } as const;

function usePages(): Entry[] {
  const items = useItems();
  const missing = useMissing();
  const mine = (p: { need?: Taken }) => missing(p.need) === undefined;
  const alerts = alertPages.slice(1).filter(mine);
  const settings = settingsPages.filter(mine);
  const keys = [...alerts, ...settings].map((p) => p.to).join(' ');
  return useMemo(
    () => [
      ...items.map((i) => ({ key: `page ${i.key}`, label: i.label, kind: 'Page', icon: i.icon, to: i.to })),
      ...alerts.map((p) => ({
        key: p.to,
        label: p.label,
        also: `alerts ${p.also}`,
        kind: 'Alerts',
        icon: <Bell {...size} />,
        to: { to: p.to },
      })),
      ...settings.map((p) => ({
        key: p.to,
        label: p.label,
        also: `settings ${p.also}`,
        kind: 'Settings',
        icon: <Settings {...size} />,
        to: { to: p.to },
      })),
    ],
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the keys stand for the pages
    [items, keys],
  );
}

/** What an action may need of its surroundings. */
export interface Around {
  showHelp: () => void;
  logOut: () => void;
  /** Hides all but the page. */
  kiosk: () => void;
}

function action(label: string, also: string, icon: ReactNode, act: (around: Around) => void): Entry {
  return { key: label, label, also, kind: 'Action', icon, act };
}

const actions: readonly Entry[] = [
  {
    key: 'busiest',
    label: 'Busiest',
    also: 'top ranking most cpu memory',
    kind: 'Page',
    icon: <ArrowDownWideNarrow {...size} />,
    to: { to: '/busiest' },
  },
  {
    key: 'add host',
    label: 'Add a host',
    also: 'agent install machine new',
    kind: 'Action',
    icon: <Plus {...size} />,
    to: { to: '/$family', params: { family: 'infrastructure' }, search: { add: 'host' } },
    need: 'write:nodes',
  },
  action('Dark theme', 'night colour look', <Moon {...size} />, () => setTheme('dark')),
  action('Light theme', 'day colour look', <Sun {...size} />, () => setTheme('light')),
  action('Theme as the system', 'colour look', <Monitor {...size} />, () => setTheme('system')),
  action('Kiosk mode', 'wall display full screen', <Maximize2 {...size} />, (a) => a.kiosk()),
  action(
    'Copy the link to this view',
    'share address url',
    <Link2 {...size} />,
    () => void toClipboard(location.href),
  ),
  action('Keyboard and filter help', 'keys shortcuts', <Keyboard {...size} />, (a) => a.showHelp()),
  {
    ...action('Log out', 'leave sign out', <LogOut {...size} />, (a) => a.logOut()),
    need: 'account',
  },
];

/** All that can be found: what is wrong first, then pages and actions, then the other resources. */
export function useEntries(): Entry[] {
  const { store } = useLiveSource();
  // What comes and goes is followed, but not each change of a state: nothing moves under the pointer.
  const ids = useLive((l) => l.ids);
  const types = useLive((l) => l.catalog.types);
  const columns = useLive((l) => l.columns);
  const pages = usePages();
  const missing = useMissing();
  const can = actions.filter((a) => missing(a.need) === undefined);
  const told = can.map((a) => a.key).join(' ');
  const resources = useMemo(() => {
    const labels = new Map(types.map((t) => [t.name, t.label]));
    const { byId } = store.read();
    const { whose } = namesakes(byId);
    const all = [...byId.values()].map((r) => ({
      key: r.id,
      label: r.name,
      whose: whose.get(r.id),
      also: `${labels.get(r.type) ?? r.type} ${r.status} ${r.word} ${whose.get(r.id) ?? ''}`,
      kind: labels.get(r.type) ?? r.type,
      icon: <Mark status={r.status} labelled />,
      to: { to: '/r/$id', params: { id: r.id } },
      urgency: urgency(r.status),
    }));
    return all.sort((a, b) => a.urgency - b.urgency);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the ids and the columns stand for what the store holds
  }, [store, ids, types, columns]);
  return useMemo(() => {
    const wrong = resources.filter((r) => r.urgency <= urgency('degraded')).slice(0, 5);
    return [...wrong, ...pages, ...can, ...resources.slice(wrong.length)];
    // eslint-disable-next-line react-hooks/exhaustive-deps -- told stands for what can be done
  }, [resources, pages, told]);
}
