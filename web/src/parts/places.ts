import type { Taken } from './may.ts';

/** The pages of the settings, in the order of their menu. Need is what a page takes. */
export const settingsPages: readonly { to: string; label: string; also: string; need?: Taken }[] = [
  {
    to: '/settings/integrations',
    label: 'Integrations',
    also: 'add connect source cluster',
    need: 'admin:settings',
  },
  { to: '/settings/tokens', label: 'API tokens', also: 'agent key revoke', need: 'account' },
  {
    to: '/settings/password',
    label: 'Account',
    also: 'password change one-time codes second factor totp',
    need: 'account',
  },
  { to: '/settings/sessions', label: 'Logins', also: 'sessions browsers lockout', need: 'account' },
  { to: '/settings/users', label: 'Users', also: 'accounts people roles', need: 'admin:users' },
  { to: '/settings/roles', label: 'Roles', also: 'permissions rights rbac', need: 'admin:users' },
  {
    to: '/settings/single-sign-on',
    label: 'Single sign-on',
    also: 'oidc openid connect provider sso groups login',
    need: 'admin:settings',
  },
  {
    to: '/settings/audit',
    label: 'Audit log',
    also: 'events who changed verify export',
    need: 'read:audit_logs',
  },
  {
    to: '/settings/audit-delivery',
    label: 'Audit delivery',
    also: 'audit webhooks siem retention keep events elsewhere',
    need: 'admin:audit_logs',
  },
  {
    to: '/settings/security',
    label: 'Security',
    also: 'posture protection https tls certificate recovery locked out',
    need: 'admin:users',
  },
  {
    to: '/settings/kiosk',
    label: 'Kiosk links',
    also: 'wall display screen read-only share',
    need: 'account',
  },
  {
    to: '/settings/metrics',
    label: 'Metrics',
    also: 'history store retention influxdb copy',
    need: 'admin:settings',
  },
  {
    to: '/settings/system',
    label: 'System',
    also: 'public address temperature networks',
    need: 'admin:settings',
  },
  {
    to: '/settings/backup',
    label: 'Backup & import',
    also: 'export configuration bundle restore migrate arrive',
    need: 'admin:settings',
  },
  { to: '/settings/licence', label: 'Licence', also: 'license key features', need: 'admin:license' },
  { to: '/settings/about', label: 'About', also: 'version' },
];

/** The pages about alerts, in the order of their menu. */
export const alertPages: readonly { to: string; label: string; also: string; need?: Taken }[] = [
  { to: '/alerts', label: 'Active', also: 'firing acknowledge' },
  { to: '/alerts/history', label: 'History', also: 'past incidents' },
  { to: '/alerts/rules', label: 'Rules', also: 'thresholds limits' },
  { to: '/alerts/quiet', label: 'Quiet times', also: 'schedule quiet hours maintenance escalation' },
  {
    to: '/alerts/channels',
    label: 'Channels',
    also: 'email webhook notifications dead letters',
    need: 'admin:settings',
  },
];
