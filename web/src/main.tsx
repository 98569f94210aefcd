import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Fragment, StrictMode, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { onUnauthorized } from './api/client.ts';
import { onSessionEnd, queries, sessionEnded, store, stream, trends } from './app.ts';
import './app.css';
import { onUnits, units } from './format/units.ts';
import { LiveContext } from './live/hooks.ts';
import { router } from './router.tsx';

onUnauthorized(sessionEnded);
onSessionEnd(() => {
  const here = router.state.location;
  if (here.pathname === '/login' || here.pathname === '/setup') return;
  void router.navigate({ to: '/login', search: { next: here.href } });
});

/** Everything is written anew when the units change. */
function App() {
  const chosen = useSyncExternalStore(onUnits, units);
  return (
    <Fragment key={`${chosen.size} ${chosen.network}`}>
      <RouterProvider router={router} />
    </Fragment>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LiveContext value={{ store, stream, trends }}>
        <App />
      </LiveContext>
    </QueryClientProvider>
  </StrictMode>,
);
