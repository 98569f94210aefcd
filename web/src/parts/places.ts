/** The pages of the settings, in the order of their menu. */
export const settingsPages = [
  { to: '/settings/integrations', label: 'Integrations', also: 'add connect source cluster' },
  { to: '/settings/tokens', label: 'API tokens', also: 'agent key revoke' },
  { to: '/settings/password', label: 'Password', also: 'account change' },
  { to: '/settings/about', label: 'About', also: 'version licence' },
] as const;
