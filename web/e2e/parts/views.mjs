/**
 * Every view of the app with what there is to see in each of its states. A view without asks lives on the stream alone.
 * - asks: the request that its main part waits for, and failed: what is said when that fails
 * - works: what shows that it is complete
 * - empty: what a server says where nothing is configured, and what mends that
 * - filtered: a path whose filter lets nothing pass, what is said, and what clears it
 * - takes: what somebody needs to see it, a permission or an account; own: what it offers is about the account itself
 */
export function viewsOf({ machine, incident, rows }) {
  const heading = (name, level) => (p) => p.getByRole('heading', { name, level });
  const list = (name) => (p) => p.getByRole('list', { name, exact: true });
  const field = (name) => (p) => p.getByLabel(name, { exact: true });
  const tokens = (p) => list('API tokens')(p).or(heading('There are no tokens')(p));
  const row = (name) => (p) => p.locator('main [data-index]').filter({ hasText: name });
  const live = { asks: /\/api\/types$/, failed: 'What can be shown is not known.', live: true };
  const noMachine = { says: 'No machine reports yet', mends: 'Add a host' };
  const nothingPasses = { says: 'Nothing passes the filter', clears: 'Clear the filter' };
  return [
    {
      ...{ name: 'overview', path: '/', works: row(machine), ...live, empty: noMachine },
      filtered: { path: '/?status=maintenance', says: 'Nothing is maintenance', clears: 'Show everything' },
    },
    {
      ...{ name: 'infrastructure', path: '/infrastructure', works: row(machine), ...live, empty: noMachine },
      filtered: { path: '/infrastructure?q=nowhere', ...nothingPasses },
    },
    {
      ...{ name: 'workloads', path: '/workloads', works: row(/\d/), ...live },
      empty: { says: 'No workloads yet', mends: 'Connect one' },
      filtered: { path: '/workloads?q=nowhere', ...nothingPasses },
    },
    {
      ...{ name: 'storage', path: '/storage', works: row(/\d/), ...live },
      empty: { says: 'No storage yet', mends: 'Connect one' },
      filtered: { path: '/storage?q=nowhere', ...nothingPasses },
    },
    {
      ...{ name: 'disks', path: '/disks', works: row(/nvme/), ...live },
      empty: { says: 'No disks yet', mends: 'Connect one' },
      filtered: { path: '/disks?q=nowhere', ...nothingPasses },
    },
    {
      ...{ name: 'ceph', path: '/ceph', works: row(/Ceph/), ...live },
      filtered: { path: '/ceph?q=nowhere', ...nothingPasses },
    },
    {
      ...{ name: 'backups', path: '/backups', works: list('Guests'), asks: /\/api\/protection/ },
      failed: 'The backups could not be loaded.',
      empty: { says: 'There is nothing to back up', mends: 'Connect one' },
      filtered: { path: '/backups?find=nowhere', ...nothingPasses },
    },
    {
      ...{ name: 'lists', path: '/lists', works: list('Lists'), asks: /\/api\/lists$/ },
      failed: 'The lists could not be loaded.',
    },
    {
      ...{
        name: 'one list',
        path: `/lists/${rows}`,
        works: (p) => p.locator('tbody tr'),
        asks: /\/api\/lists\//,
      },
      failed: 'The list could not be loaded.',
      filtered: { path: `/lists/${rows}?q=nowhere`, ...nothingPasses },
    },
    { name: 'a machine', path: `/r/${machine}?range=5m`, works: (p) => p.locator('figure'), ...live },
    {
      ...{ name: 'alerts', path: '/alerts', works: list('Active alerts'), asks: /\/api\/alerts\/active/ },
      failed: 'The alerts could not be loaded.',
      empty: { says: 'Nothing fires', mends: 'See the rules' },
    },
    {
      ...{ name: 'history', path: '/alerts/history', works: list('History'), asks: /\/api\/alerts\/history/ },
      failed: 'The history could not be loaded.',
      empty: { says: 'Nothing has fired in four weeks' },
      filtered: {
        path: '/alerts/history?severity=critical',
        says: 'Nothing critical has fired in four weeks',
        clears: 'Show all severities',
      },
    },
    {
      ...{ name: 'an incident', path: `/alerts/incident?id=${encodeURIComponent(incident)}` },
      ...{ works: heading('What happened'), asks: /\/api\/alerts\/incidents/ },
      failed: 'The incident could not be loaded.',
    },
    {
      ...{ name: 'rules', path: '/alerts/rules', works: list('Rules'), asks: /\/api\/rules/ },
      failed: 'The rules could not be loaded.',
    },
    {
      ...{ name: 'quiet times', path: '/alerts/quiet', works: (p) => p.getByLabel(/^Quiet hours/) },
      ...{ asks: /\/api\/alerts\/config/, failed: 'The settings could not be loaded.' },
    },
    {
      ...{ name: 'channels', path: '/alerts/channels', works: list('Channels'), asks: /\/api\/channels$/ },
      ...{ failed: 'The channels could not be loaded.', takes: 'admin:settings' },
      empty: { says: 'Nobody is told', mends: 'Make a channel' },
      owned: { line: 5 },
    },
    {
      ...{ name: 'plugins', path: '/plugins', works: list('Plugins'), asks: /\/api\/plugins$/ },
      failed: 'The plugins could not be loaded.',
    },
    {
      ...{
        name: 'a plugin',
        path: '/plugins/host',
        works: heading(/host/i, 1),
        asks: /\/api\/plugins\/host$/,
      },
      failed: 'The plugin could not be loaded.',
    },
    {
      ...{ name: 'integrations', path: '/settings/integrations', works: list('Integrations') },
      ...{ asks: /\/api\/integrations$/, failed: 'The integrations could not be loaded.' },
      takes: 'admin:settings',
      empty: { says: 'There are no integrations', mends: 'Make an integration' },
    },
    {
      ...{ name: 'tokens', path: '/settings/tokens', works: tokens, takes: 'account', own: true },
      ...{ asks: /\/api\/security\/tokens$/, failed: 'The tokens could not be loaded.' },
      none: '{"tokens":[]}',
      empty: { says: 'There are no tokens', mends: 'Make a token' },
    },
    {
      ...{ name: 'account', path: '/settings/password', works: field('Current password') },
      ...{ takes: 'account', own: true },
    },
    {
      ...{ name: 'logins', path: '/settings/sessions', works: list('Logins'), takes: 'account', own: true },
      ...{ asks: /\/api\/security\/sessions$/, failed: 'The logins could not be loaded.' },
    },
    {
      ...{ name: 'users', path: '/settings/users', works: list('Users'), takes: 'admin:users' },
      ...{ asks: /\/api\/admin\/users$/, failed: 'The users could not be loaded.' },
    },
    {
      ...{ name: 'roles', path: '/settings/roles', works: list('Roles'), takes: 'admin:users' },
      ...{ asks: /\/api\/admin\/roles$/, failed: 'The roles could not be loaded.' },
    },
    {
      ...{ name: 'single sign-on', path: '/settings/single-sign-on', takes: 'admin:settings' },
      ...{ works: field('Issuer URL'), asks: /\/api\/security\/oidc$/ },
      failed: 'The settings could not be loaded.',
    },
    {
      ...{ name: 'audit log', path: '/settings/audit', works: list('Events'), takes: 'read:audit_logs' },
      ...{ asks: /\/api\/audit\?/, failed: 'The audit log could not be loaded.' },
      filtered: {
        path: '/settings/audit?text=nowhere',
        says: 'No event passes the filter',
        clears: 'Clear the filter',
      },
    },
    {
      ...{ name: 'audit delivery', path: '/settings/audit-delivery', takes: 'admin:audit_logs' },
      ...{ works: (p) => p.getByText('Nobody is told yet.'), asks: /\/api\/admin\/webhooks\/audit$/ },
      failed: 'The addresses could not be loaded.',
      owned: { line: 11 },
    },
    {
      ...{ name: 'security', path: '/settings/security', works: list('Findings'), takes: 'admin:users' },
      ...{ asks: /\/api\/admin\/users$/, failed: 'How the server is protected could not be loaded.' },
    },
    {
      ...{ name: 'kiosk links', path: '/settings/kiosk', works: field('What it is for') },
      ...{ takes: 'account', own: true },
    },
    {
      ...{
        name: 'metrics',
        path: '/settings/metrics',
        works: field('Keep samples for'),
        takes: 'admin:settings',
      },
      ...{ asks: /\/api\/metrics-store\/settings/, failed: 'The settings could not be loaded.' },
      owned: { line: 2, field: 'Keep samples for' },
    },
    {
      ...{
        name: 'system',
        path: '/settings/system',
        works: field('Public address'),
        takes: 'admin:settings',
      },
      ...{ asks: /\/api\/system\/settings/, failed: 'The settings could not be loaded.' },
      owned: { line: 15, field: 'Sites whose pages may call the API' },
    },
    {
      ...{ name: 'licence', path: '/settings/licence', works: list('Features'), takes: 'admin:license' },
      ...{ asks: /\/api\/license\/status/, failed: 'The licence could not be loaded.' },
    },
    {
      ...{ name: 'export', path: '/settings/backup', works: heading('Import', 2), takes: 'admin:*' },
    },
    {
      ...{ name: 'about', path: '/settings/about', works: (p) => p.locator('dt', { hasText: 'Version' }) },
      ...{ asks: /\/api\/version/, failed: 'The version is not known.' },
    },
  ];
}

/** Parts of views that have a request of their own: when it fails, only they say so. */
export function partsOf(machine) {
  const path = `/r/${machine}?range=5m`;
  const figure = (p) => p.locator('figure').first();
  return [
    { path, asks: /metrics-store\/history/, failed: 'The charts could not be loaded.', works: figure },
    { path, asks: /\/events\?/, failed: 'The events could not be loaded.', works: figure },
    {
      ...{ path, asks: /hosts\/metadata/, failed: 'The notes could not be loaded.' },
      works: (p) => p.getByRole('heading', { name: 'Notes' }),
    },
    {
      ...{ path: '/', asks: /\/api\/v2\/conditions/, failed: 'What plugins find wrong could not be loaded.' },
      works: (p) => p.getByRole('link', { name: machine }).first(),
    },
    {
      ...{ path: '/alerts/quiet', asks: /\/api\/maintenance/ },
      failed: 'The maintenance windows could not be loaded.',
      works: (p) => p.getByText('There is no maintenance window.'),
    },
    {
      ...{
        path: '/settings/metrics',
        asks: /metrics-store\/stats/,
        failed: 'The figures could not be loaded.',
      },
      works: (p) => p.locator('dt', { hasText: 'Series' }),
    },
    {
      ...{ path: '/settings/sessions', asks: /\/api\/security\/lockouts/ },
      failed: 'Who is locked out could not be loaded.',
      works: (p) => p.getByText('Nobody is.'),
    },
  ];
}
