/** The pages of the settings, in the order of their menu. */
export const settingsPages = [
  { to: '/settings/integrations', label: 'Integrations', also: 'add connect source cluster' },
  { to: '/settings/tokens', label: 'API tokens', also: 'agent key revoke' },
  { to: '/settings/password', label: 'Password', also: 'account change' },
  { to: '/settings/kiosk', label: 'Kiosk links', also: 'wall display screen read-only share' },
  { to: '/settings/metrics', label: 'Metrics', also: 'history store retention influxdb copy' },
  { to: '/settings/system', label: 'System', also: 'public address temperature networks' },
  {
    to: '/settings/backup',
    label: 'Backup & import',
    also: 'export configuration bundle restore migrate arrive',
  },
  { to: '/settings/about', label: 'About', also: 'version licence' },
] as const;

/** The pages about alerts, in the order of their menu. */
export const alertPages = [
  { to: '/alerts', label: 'Active', also: 'firing acknowledge' },
  { to: '/alerts/history', label: 'History', also: 'past incidents' },
  { to: '/alerts/rules', label: 'Rules', also: 'thresholds limits' },
  { to: '/alerts/quiet', label: 'Quiet times', also: 'schedule quiet hours maintenance escalation' },
  { to: '/alerts/channels', label: 'Channels', also: 'email webhook notifications dead letters' },
] as const;
