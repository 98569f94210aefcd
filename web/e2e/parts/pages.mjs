/** The themes and the sizes of screen that every page must bear: a desktop, a tablet and a phone. */
export const themes = ['dark', 'light'];
export const screens = { desktop: [1440, 900], tablet: [1024, 768], phone: [390, 844] };

/** A context's options for one of them. */
export function looks(theme, screen) {
  const [width, height] = screens[screen];
  return { colorScheme: theme, viewport: { width, height }, hasTouch: screen === 'phone' };
}

async function afterLoading(page, what) {
  await what.first().waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
}

/** Every page of the app for who is logged in, and what shows that it is complete. */
export function pagesOf(machine) {
  const heading = (page, name, level) => page.getByRole('heading', { name, level });
  // Names come before numbers.
  const anyMachine = (page) => page.locator('main [data-index]').filter({ hasText: /\d %/ });
  return [
    { name: 'overview', path: '/', complete: anyMachine },
    { name: 'infrastructure', path: '/infrastructure', complete: anyMachine },
    {
      name: 'filtered',
      path: '/infrastructure?q=nowhere',
      complete: (p) => heading(p, 'Nothing passes the filter'),
    },
    { name: 'machine', path: `/r/${machine}?range=5m`, complete: (p) => p.locator('figure canvas') },
    { name: 'no-machine', path: '/r/nobody', complete: (p) => heading(p, 'There is no such resource') },
    { name: 'no-page', path: '/no/such/page', complete: (p) => heading(p, 'There is no such page') },
    {
      name: 'tokens',
      path: '/settings/tokens',
      complete: (p) => p.getByRole('list', { name: 'API tokens' }),
    },
    { name: 'backup', path: '/settings/backup', complete: (p) => heading(p, 'Import', 2) },
    {
      name: 'new-token',
      path: '/settings/tokens',
      complete: (p) => p.getByRole('list', { name: 'API tokens' }),
      act: (p) => p.getByRole('button', { name: 'New token' }).click(),
    },
    { name: 'password', path: '/settings/password', complete: (p) => p.getByLabel('Current password') },
    { name: 'logins', path: '/settings/sessions', complete: (p) => p.getByRole('list', { name: 'Logins' }) },
    { name: 'users', path: '/settings/users', complete: (p) => p.getByRole('list', { name: 'Users' }) },
    {
      name: 'new-user',
      path: '/settings/users',
      complete: (p) => p.getByRole('list', { name: 'Users' }),
      act: (p) => p.getByRole('button', { name: 'New user' }).click(),
    },
    { name: 'roles', path: '/settings/roles', complete: (p) => p.getByRole('list', { name: 'Roles' }) },
    {
      name: 'new-role',
      path: '/settings/roles',
      complete: (p) => p.getByRole('list', { name: 'Roles' }),
      act: (p) => p.getByRole('button', { name: 'New role' }).click(),
    },
    { name: 'audit', path: '/settings/audit', complete: (p) => p.getByRole('list', { name: 'Events' }) },
    { name: 'audit-delivery', path: '/settings/audit-delivery', complete: (p) => p.getByLabel('Days') },
    {
      name: 'licence',
      path: '/settings/licence',
      complete: (p) => p.getByRole('list', { name: 'Features' }),
    },
    {
      name: 'security',
      path: '/settings/security',
      complete: (p) => p.getByRole('list', { name: 'Findings' }),
    },
    { name: 'plugins', path: '/plugins', complete: (p) => p.getByRole('list', { name: 'Plugins' }) },
    { name: 'plugin', path: '/plugins/host', complete: (p) => p.getByRole('log') },
    {
      name: 'install',
      path: '/plugins',
      complete: (p) => p.getByRole('list', { name: 'Plugins' }),
      act: (p) => p.getByRole('button', { name: 'Install' }).click(),
    },
    {
      name: 'alerts',
      path: '/alerts',
      complete: (p) => p.getByRole('list', { name: 'Active alerts' }).or(heading(p, 'Nothing fires')),
    },
    { name: 'alert-history', path: '/alerts/history', complete: (p) => p.locator('main figure') },
    { name: 'rules', path: '/alerts/rules', complete: (p) => p.getByRole('list', { name: 'Rules' }) },
    {
      name: 'new-rule',
      path: '/alerts/rules',
      complete: (p) => p.getByRole('list', { name: 'Rules' }),
      act: (p) => p.getByRole('button', { name: 'New rule' }).click(),
    },
    { name: 'quiet', path: '/alerts/quiet', complete: (p) => p.getByLabel('Quiet hours') },
    { name: 'channels', path: '/alerts/channels', complete: (p) => heading(p, 'Nobody is told') },
    { name: 'kiosk-links', path: '/settings/kiosk', complete: (p) => p.getByLabel('What it is for') },
    { name: 'metrics', path: '/settings/metrics', complete: (p) => p.getByLabel('Keep samples for') },
    { name: 'system', path: '/settings/system', complete: (p) => p.getByLabel('Public address') },
    { name: 'about', path: '/settings/about', complete: (p) => p.locator('dt', { hasText: 'Version' }) },
    {
      name: 'help',
      path: '/',
      complete: anyMachine,
      act: (p) => p.keyboard.press('?'),
    },
  ].map((page) => ({
    ...page,
    open: async (p) => {
      await p.goto(page.path);
      await afterLoading(p, page.complete(p));
      if (page.act) {
        await page.act(p);
        await p.getByRole('dialog').waitFor();
      }
    },
  }));
}
