import { Bell, Keyboard, Link2, LogOut, Maximize2, Monitor, Moon, Plus, Settings, Sun } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import type { Findable } from '@/filter/rank.ts';
import { useLive, useLiveSource } from '@/live/hooks.ts';
import { urgency } from '@/live/status.ts';
import { Mark } from '@/parts/mark.tsx';
import { useMay } from '@/parts/may.ts';
import { alertPages, settingsPages } from '@/parts/places.ts';
import { setTheme } from '@/theme.ts';
import { useItems } from './nav.tsx';

/** Something that the palette offers: a place to go to, or something to do. */
export interface Entry extends Findable {
  key: string;
  icon: ReactNode;
  /** What it is, in a word. */
  kind: string;
  to?: { to: string; params?: Record<string, string>; search?: Record<string, string> };
  act?: (around: Around) => void;
}

const size = { size: 16, 'aria-hidden': true, strokeWidth: 1.75 } as const;

function usePages(): Entry[] {
  const items = useItems();
  const may = useMay();
  const mine = settingsPages.filter((p) => p.need === undefined || may(p.need));
  return useMemo(
    () => [
      ...items.map((i) => ({ key: `page ${i.key}`, label: i.label, kind: 'Page', icon: i.icon, to: i.to })),
      ...alertPages.slice(1).map((p) => ({
        key: p.to,
        label: p.label,
        also: `alerts ${p.also}`,
        kind: 'Alerts',
        icon: <Bell {...size} />,
        to: { to: p.to },
      })),
      ...mine.map((p) => ({
        key: p.to,
        label: p.label,
        also: `settings ${p.also}`,
        kind: 'Settings',
        icon: <Settings {...size} />,
        to: { to: p.to },
      })),
    ],
    [items, mine],
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
    key: 'add host',
    label: 'Add a host',
    also: 'agent install machine new',
    kind: 'Action',
    icon: <Plus {...size} />,
    to: { to: '/$family', params: { family: 'infrastructure' }, search: { add: 'host' } },
  },
  action('Dark theme', 'night colour look', <Moon {...size} />, () => setTheme('dark')),
  action('Light theme', 'day colour look', <Sun {...size} />, () => setTheme('light')),
  action('Theme as the system', 'colour look', <Monitor {...size} />, () => setTheme('system')),
  action('Kiosk mode', 'wall display full screen', <Maximize2 {...size} />, (a) => a.kiosk()),
  action('Copy the link to this view', 'share address url', <Link2 {...size} />, copyLink),
  action('Keyboard and filter help', 'keys shortcuts', <Keyboard {...size} />, (a) => a.showHelp()),
  action('Log out', 'leave sign out', <LogOut {...size} />, (a) => a.logOut()),
];

/** Over plain HTTP browsers give no clipboard: then the old way is tried. */
function copyLink() {
  const old = () => {
    const field = document.createElement('textarea');
    field.value = location.href;
    document.body.append(field);
    field.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without HTTPS
    document.execCommand('copy');
    field.remove();
  };
  if (!isSecureContext) old();
  else navigator.clipboard.writeText(location.href).catch(old);
}

/** All that can be found: what is wrong first, then pages and actions, then the other resources. */
export function useEntries(): Entry[] {
  const { store } = useLiveSource();
  // What comes and goes is followed, but not each change of a state: nothing moves under the pointer.
  const ids = useLive((l) => l.ids);
  const types = useLive((l) => l.catalog.types);
  const pages = usePages();
  const resources = useMemo(() => {
    const labels = new Map(types.map((t) => [t.name, t.label]));
    const all = [...store.read().byId.values()].map((r) => ({
      key: r.id,
      label: r.name,
      also: `${labels.get(r.type) ?? r.type} ${r.status} ${r.word}`,
      kind: labels.get(r.type) ?? r.type,
      icon: <Mark status={r.status} labelled />,
      to: { to: '/r/$id', params: { id: r.id } },
      urgency: urgency(r.status),
    }));
    return all.sort((a, b) => a.urgency - b.urgency);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the ids stand for what the store holds
  }, [store, ids, types]);
  return useMemo(() => {
    const wrong = resources.filter((r) => r.urgency <= urgency('degraded')).slice(0, 5);
    return [...wrong, ...pages, ...actions, ...resources.slice(wrong.length)];
  }, [resources, pages]);
}
