import type { Taken } from './may.ts';

/** A page of a menu of its own. */
export interface Place {
  to: string;
  label: string;
  /** Other words by which it is looked for. */
  also: string;
  /** What the page takes. */
  need?: Taken;
  /** What it stands under. */
  group?: string;
}

/** The pages of the settings, in the order of their menu. */
export const settingsPages: readonly Place[] = [
  {
    group: 'Sources',
    to: '/settings/integrations',
    label: 'Integrations',
    also: 'add connect source cluster',
    need: 'admin:settings',
  },
  {
    group: 'Access',
    to: '/settings/password',
    label: 'Account',
    also: 'password change one-time codes second factor totp',
    need: 'account',
  },
  {
    group: 'Access',
    to: '/settings/sessions',
    label: 'Logins',
    also: 'sessions browsers lockout',
    need: 'account',
  },
  { group: 'Access', to: '/settings/tokens', label: 'API tokens', also: 'agent key revoke', need: 'account' },
  {
    group: 'Access',
    to: '/settings/kiosk',
    label: 'Kiosk links',
    also: 'wall display screen read-only share',
    need: 'account',
  },
  {
    group: 'Access',
    to: '/settings/users',
    label: 'Users',
    also: 'accounts people roles',
    need: 'admin:users',
  },
  {
    group: 'Access',
    to: '/settings/roles',
    label: 'Roles',
    also: 'permissions rights rbac',
    need: 'admin:users',
  },
  {
    group: 'Access',
    to: '/settings/single-sign-on',
    label: 'Single sign-on',
    also: 'oidc openid connect provider sso groups login',
    need: 'admin:users',
  },
  {
    group: 'Protection',
    to: '/settings/security',
    label: 'Security',
    also: 'posture protection https tls certificate recovery locked out',
    need: 'admin:users',
  },
  {
    group: 'Protection',
    to: '/settings/audit',
    label: 'Audit log',
    also: 'events who changed verify export',
    need: 'read:audit_logs',
  },
  {
    group: 'Protection',
    to: '/settings/audit-delivery',
    label: 'Audit delivery',
    also: 'audit webhooks siem retention keep events elsewhere',
    need: 'admin:audit_logs',
  },
  {
    group: 'Server',
    to: '/settings/metrics',
    label: 'Metrics',
    also: 'history store retention influxdb copy',
    need: 'admin:settings',
  },
  {
    group: 'Server',
    to: '/settings/system',
    label: 'System',
    also: 'public address temperature networks',
    need: 'admin:settings',
  },
  {
    group: 'Server',
    to: '/settings/backup',
    label: 'Backup & import',
    also: 'export configuration bundle restore migrate arrive',
    need: 'admin:*',
  },
  {
    group: 'Server',
    to: '/settings/licence',
    label: 'Licence',
    also: 'license key features',
    need: 'admin:license',
  },
  { group: 'Server', to: '/settings/about', label: 'About', also: 'version' },
];

/** The pages about alerts, in the order of their menu. */
export const alertPages: readonly Place[] = [
  { to: '/alerts', label: 'Active', also: 'firing acknowledge', need: 'read:alerts' },
  { to: '/alerts/history', label: 'History', also: 'past incidents', need: 'read:alerts' },
  { to: '/alerts/rules', label: 'Rules', also: 'thresholds limits', need: 'read:alerts' },
  {
    to: '/alerts/quiet',
    label: 'Quiet times',
    also: 'schedule quiet hours maintenance escalation',
    need: 'read:alerts',
  },
  {
    to: '/alerts/channels',
    label: 'Channels',
    also: 'email webhook notifications dead letters',
    need: 'admin:settings',
  },
];
