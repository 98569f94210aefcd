import { useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { catalog } from '@/api/queries.ts';
import { useColumns, useLive, useLiveSource } from '@/live/hooks.ts';
import { namesakes, origins } from '@/live/namesakes.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { useAwake } from '@/ui/awake.ts';
import { useKeys } from '@/ui/keys.ts';
import { Banner } from './banner.tsx';
import { Help } from './help.tsx';
import { LeaveKiosk } from './kiosk.tsx';
import { going } from './keymap.ts';
import { BottomNav, SideNav } from './nav.tsx';

const Palette = lazy(() => import('./palette.tsx'));

/** The frame around every page: navigation, the banner of a lost connection, and keys that work everywhere. */
export function Shell() {
  const types = useQuery(catalog);
  useLiveData(types.data);
  useNamesakes();
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const main = useRef<HTMLElement>(null);
  const kiosk = useSearch({ from: '__root__' }).kiosk === '1';
  useAwake(kiosk);
  useGlobalKeys(() => setHelp(true));
  usePaletteKey(() => setPalette((open) => !open));
  useFocusOnNavigation(main);
  return (
    <div className="flex h-full max-md:flex-col">
      <button
        type="button"
        className="bg-accent text-accent-text absolute top-1 left-1 z-50 -translate-y-16 rounded-md px-3 py-2 focus:translate-y-0"
        onClick={() => main.current?.focus()}
      >
        Skip to content
      </button>
      {!kiosk && <SideNav onHelp={() => setHelp(true)} onPalette={() => setPalette(true)} />}
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Banner />
        <main ref={main} tabIndex={-1} className="relative min-h-0 flex-1 overflow-y-auto">
          {types.isError ? (
            <div className="p-4">
              <ApiProblem
                title="What can be shown is not known."
                error={types.error}
                retry={() => void types.refetch()}
              />
            </div>
          ) : (
            <Outlet />
          )}
        </main>
      </div>
      {kiosk ? <LeaveKiosk /> : <BottomNav />}
      {help && <Help onClose={() => setHelp(false)} />}
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} onHelp={() => setHelp(true)} />
        </Suspense>
      )}
    </div>
  );
}

/** Live data flow while the shell is there and the catalogue, which explains them, is known. */
function useLiveData(
  types: Parameters<ReturnType<typeof useLiveSource>['store']['setCatalog']>[0] | undefined,
) {
  const { store, stream } = useLiveSource();
  const known = types !== undefined;
  useEffect(() => {
    if (types) store.setCatalog(types);
  }, [store, types]);
  useEffect(() => {
    if (!known) return;
    stream.start();
    return () => stream.stop();
  }, [stream, known]);
}

const none: readonly string[] = [];

/** Where resources share a name, what tells them apart is known of all. */
function useNamesakes() {
  const any = useLive((l) => namesakes(l.byId).any);
  useColumns(any ? origins : none);
}

/** Screen readers hear a new page and the keyboard starts at its top, but not when only the search changed. */
function useFocusOnNavigation(main: React.RefObject<HTMLElement | null>) {
  const path = useRouterState({ select: (s) => s.resolvedLocation?.pathname });
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      if (path !== undefined) first.current = false;
      return;
    }
    main.current?.focus({ preventScroll: true });
  }, [path, main]);
}

function useGlobalKeys(openHelp: () => void) {
  const navigate = useNavigate();
  useKeys({
    '/': () => {
      const filter = document.querySelector<HTMLInputElement>('[data-filter]');
      if (filter) filter.select();
      else void navigate({ to: '/$family', params: { family: 'infrastructure' } });
    },
    '?': openHelp,
    ...Object.fromEntries(going.map((g) => [g.keys, () => void navigate(g.to)])),
  });
}

/** Ctrl+K works in fields too, but not over another dialog. */
function usePaletteKey(toggle: () => void) {
  const current = useRef(toggle);
  useEffect(() => {
    current.current = toggle;
  });
  useEffect(() => {
    function onKey(e: KeyboardEvent) {
      if (!(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || e.key.toLowerCase() !== 'k') return;
      e.preventDefault();
      const open = document.querySelector('dialog[open]');
      if (!open || open.querySelector('[role=combobox]')) current.current();
    }
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
