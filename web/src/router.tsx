import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { ranges, securityStatus } from './api/queries.ts';
import { queries } from './app.ts';
import { Failed, NotFound } from './features/shell/failed.tsx';
import { Shell } from './features/shell/shell.tsx';
import {
  auditSearch,
  historySearch,
  moment,
  parseSearch,
  stringifySearch,
  tableSearch,
  text,
  type ChartSearch,
  type RootSearch,
  type TopSearch,
} from './search.ts';

const root = createRootRoute({
  notFoundComponent: NotFound,
  errorComponent: Failed,
  validateSearch: (raw): RootSearch => {
    const kiosk = text(raw.kiosk);
    return kiosk === undefined ? {} : { kiosk };
  },
  // A wall stays a wall wherever its links lead, until somebody takes it off.
  search: {
    middlewares: [
      ({ search, next }) => {
        const then = next(search);
        return search.kiosk === undefined || 'kiosk' in then ? then : { ...then, kiosk: search.kiosk };
      },
    ],
  },
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  beforeLoad: async () => {
    const status = await queries.query({ ...securityStatus, staleTime: 'static' });
    if (!status.bootstrapTokenPath) throw redirect({ to: '/' });
  },
  component: lazyRouteComponent(() => import('./features/setup/setup.tsx'), 'Setup'),
});

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (raw): { next?: string; refused?: string } => {
    const next = text(raw.next);
    const refused = text(raw.refused);
    return { ...(next ? { next } : {}), ...(refused ? { refused } : {}) };
  },
  component: lazyRouteComponent(() => import('./features/login/login.tsx'), 'Login'),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: async ({ location }) => {
    const status = await queries.query({ ...securityStatus, staleTime: 'static' });
    if (status.bootstrapTokenPath) throw redirect({ to: '/setup' });
    if (!status.authUsername) {
      // A login at a provider that was refused comes back to where it began, with the reason in the address.
      const { oidc, oidc_error: refused } = location.search as Record<string, unknown>;
      if (oidc === 'error') throw redirect({ to: '/login', search: { refused: text(refused) ?? 'unknown' } });
      throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } });
    }
  },
  component: Shell,
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: (raw): { status?: string } => {
    const status = text(raw.status);
    return status ? { status } : {};
  },
  component: lazyRouteComponent(() => import('./features/overview/overview.tsx'), 'Overview'),
});

const busiest = createRoute({
  getParentRoute: () => shell,
  path: '/busiest',
  validateSearch: (raw): TopSearch => ({
    metric: text(raw.metric),
    type: text(raw.type),
    by: text(raw.by),
    range: ranges.find((r) => r === raw.range),
  }),
  component: lazyRouteComponent(() => import('./features/busiest/busiest.tsx'), 'Busiest'),
});

const family = createRoute({
  getParentRoute: () => shell,
  path: '/$family',
  validateSearch: tableSearch,
  component: lazyRouteComponent(() => import('./features/infrastructure/family.tsx'), 'FamilyPage'),
});

const lists = createRoute({
  getParentRoute: () => shell,
  path: '/lists',
  component: lazyRouteComponent(() => import('./features/lists/lists.tsx'), 'Lists'),
});

const list = createRoute({
  getParentRoute: () => shell,
  path: '/lists/$name',
  validateSearch: tableSearch,
  component: lazyRouteComponent(() => import('./features/lists/lists.tsx'), 'ListPage'),
});

const resource = createRoute({
  getParentRoute: () => shell,
  path: '/r/$id',
  // Undefined and not absent: what a route does not name passes through from the root as it came.
  validateSearch: (raw): ChartSearch => ({
    range: ranges.find((r) => r === raw.range),
    from: moment(raw.from),
    to: moment(raw.to),
    compare: text(raw.compare),
    with: text(raw.with),
  }),
  component: lazyRouteComponent(() => import('./features/resource/resource.tsx'), 'ResourcePage'),
});

const plugins = createRoute({
  getParentRoute: () => shell,
  path: '/plugins',
  component: lazyRouteComponent(() => import('./features/plugins/plugins.tsx'), 'Plugins'),
});

const pluginPage = createRoute({
  getParentRoute: () => shell,
  path: '/plugins/$kind',
  component: lazyRouteComponent(() => import('./features/plugins/plugin.tsx'), 'PluginPage'),
});

const alerts = createRoute({
  getParentRoute: () => shell,
  path: '/alerts',
  component: lazyRouteComponent(() => import('./features/alerts/alerts.tsx'), 'Alerts'),
});

const alertsActive = createRoute({
  getParentRoute: () => alerts,
  path: '/',
  component: lazyRouteComponent(() => import('./features/alerts/active.tsx'), 'Active'),
});

const alertsHistory = createRoute({
  getParentRoute: () => alerts,
  path: '/history',
  validateSearch: historySearch,
  component: lazyRouteComponent(() => import('./features/alerts/history.tsx'), 'History'),
});

const alertsIncident = createRoute({
  getParentRoute: () => alerts,
  path: '/incident',
  validateSearch: (raw): { id?: string } => {
    const id = text(raw.id);
    return id ? { id } : {};
  },
  component: lazyRouteComponent(() => import('./features/alerts/incident.tsx'), 'Incident'),
});

const alertsRules = createRoute({
  getParentRoute: () => alerts,
  path: '/rules',
  component: lazyRouteComponent(() => import('./features/alerts/rules.tsx'), 'Rules'),
});

const alertsQuiet = createRoute({
  getParentRoute: () => alerts,
  path: '/quiet',
  component: lazyRouteComponent(() => import('./features/alerts/quiet.tsx'), 'Quiet'),
});

const alertsChannels = createRoute({
  getParentRoute: () => alerts,
  path: '/channels',
  component: lazyRouteComponent(() => import('./features/alerts/channels.tsx'), 'Channels'),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('./features/settings/settings.tsx'), 'Settings'),
});

const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/tokens' });
  },
});

const settingsTokens = createRoute({
  getParentRoute: () => settings,
  path: '/tokens',
  component: lazyRouteComponent(() => import('./features/settings/tokens.tsx'), 'Tokens'),
});

const settingsIntegrations = createRoute({
  getParentRoute: () => settings,
  path: '/integrations',
  component: lazyRouteComponent(() => import('./features/settings/integrations.tsx'), 'Integrations'),
});

const settingsPassword = createRoute({
  getParentRoute: () => settings,
  path: '/password',
  component: lazyRouteComponent(() => import('./features/settings/password.tsx'), 'Password'),
});

const settingsSessions = createRoute({
  getParentRoute: () => settings,
  path: '/sessions',
  component: lazyRouteComponent(() => import('./features/settings/sessions.tsx'), 'Sessions'),
});

const settingsUsers = createRoute({
  getParentRoute: () => settings,
  path: '/users',
  component: lazyRouteComponent(() => import('./features/settings/users.tsx'), 'Users'),
});

const settingsRoles = createRoute({
  getParentRoute: () => settings,
  path: '/roles',
  component: lazyRouteComponent(() => import('./features/settings/roles.tsx'), 'Roles'),
});

const settingsSingleSignOn = createRoute({
  getParentRoute: () => settings,
  path: '/single-sign-on',
  component: lazyRouteComponent(() => import('./features/settings/single-sign-on.tsx'), 'SingleSignOn'),
});

const settingsAudit = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./features/settings/audit.tsx'), 'Audit'),
});

const settingsAuditDelivery = createRoute({
  getParentRoute: () => settings,
  path: '/audit-delivery',
  component: lazyRouteComponent(() => import('./features/settings/audit-delivery.tsx'), 'AuditDelivery'),
});

const settingsLicence = createRoute({
  getParentRoute: () => settings,
  path: '/licence',
  component: lazyRouteComponent(() => import('./features/settings/licence.tsx'), 'Licence'),
});

const settingsSecurity = createRoute({
  getParentRoute: () => settings,
  path: '/security',
  component: lazyRouteComponent(() => import('./features/settings/security.tsx'), 'Security'),
});

const settingsKiosk = createRoute({
  getParentRoute: () => settings,
  path: '/kiosk',
  component: lazyRouteComponent(() => import('./features/settings/kiosk.tsx'), 'Kiosk'),
});

const settingsMetrics = createRoute({
  getParentRoute: () => settings,
  path: '/metrics',
  component: lazyRouteComponent(() => import('./features/settings/metrics.tsx'), 'Metrics'),
});

const settingsSystem = createRoute({
  getParentRoute: () => settings,
  path: '/system',
  component: lazyRouteComponent(() => import('./features/settings/system.tsx'), 'System'),
});

const settingsBackup = createRoute({
  getParentRoute: () => settings,
  path: '/backup',
  component: lazyRouteComponent(() => import('./features/settings/backup.tsx'), 'Backup'),
});

const settingsAbout = createRoute({
  getParentRoute: () => settings,
  path: '/about',
  component: lazyRouteComponent(() => import('./features/settings/about.tsx'), 'About'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    setup,
    login,
    shell.addChildren([
      overview,
      busiest,
      family,
      lists,
      list,
      resource,
      plugins,
      pluginPage,
      alerts.addChildren([
        alertsActive,
        alertsHistory,
        alertsIncident,
        alertsRules,
        alertsQuiet,
        alertsChannels,
      ]),
      settings.addChildren([
        settingsIndex,
        settingsIntegrations,
        settingsTokens,
        settingsPassword,
        settingsSessions,
        settingsUsers,
        settingsRoles,
        settingsSingleSignOn,
        settingsAudit,
        settingsAuditDelivery,
        settingsLicence,
        settingsSecurity,
        settingsKiosk,
        settingsMetrics,
        settingsSystem,
        settingsBackup,
        settingsAbout,
      ]),
    ]),
  ]),
  // Where the app is mounted, from the page's <base>.
  basepath: new URL(document.baseURI).pathname,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: true,
  scrollToTopSelectors: ['main'],
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
