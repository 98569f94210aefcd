/** The rights that a token can have. */
export const scopes: readonly { scope: string; text: string }[] = [
  { scope: 'monitoring:read', text: 'See state, charts and alerts' },
  { scope: 'monitoring:write', text: 'Acknowledge alerts, edit notes' },
  { scope: 'host-agent:report', text: 'Report hosts' },
  { scope: 'host-agent:config:read', text: 'Read an agent’s own settings' },
  { scope: 'host-agent:manage', text: 'Change settings of agents' },
  { scope: 'settings:read', text: 'See the configuration' },
  { scope: 'settings:write', text: 'Change the configuration' },
  { scope: 'docker:report', text: 'Report container engines' },
  { scope: 'docker:manage', text: 'Act on containers' },
  { scope: 'kubernetes:report', text: 'Report clusters' },
  { scope: 'kubernetes:manage', text: 'Act on clusters' },
  { scope: 'metrics:read', text: 'Read present values for Prometheus' },
  { scope: 'metrics:write', text: 'Send samples by Prometheus’ remote write' },
  { scope: 'ai:chat', text: 'Ask the assistant' },
  { scope: 'ai:execute', text: 'Have the assistant act' },
  { scope: 'agent:exec', text: 'Run commands through agents' },
];

/** What tokens are mostly made for. */
export const presets: readonly { label: string; scopes: readonly string[] }[] = [
  { label: 'Read only', scopes: ['monitoring:read'] },
  { label: 'Agent', scopes: ['host-agent:report', 'host-agent:config:read'] },
  { label: 'Everything', scopes: ['*'] },
];
