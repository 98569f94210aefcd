// The shapes of answers that the app reads. They name only what it uses.

export interface SecurityStatus {
  hasAuthentication: boolean;
  /** Present while the server waits to be claimed. */
  bootstrapTokenPath?: string;
  /** Empty when nobody is logged in. */
  authUsername?: string;
  hasHTTPS?: boolean;
  /** Where agents find the server. */
  agentUrl?: string;
  isDocker?: boolean;
  inContainer?: boolean;
  dockerContainerName?: string;
}

export interface Version {
  version: string;
  build?: string;
  buildTime?: string;
  goVersion?: string;
  runtime?: string;
  channel?: string;
  deploymentType?: string;
  isDevelopment?: boolean;
}

export interface Health {
  status: string;
  /** Seconds. */
  uptime: number;
}

export interface Token {
  id: string;
  name: string;
  prefix: string;
  suffix: string;
  createdAt: string;
  lastUsedAt?: string;
  scopes?: string[];
}

export interface NewToken {
  /** The token itself, which no later answer holds. */
  token: string;
  record: Token;
}

export interface Plugin {
  kind: string;
  name?: string;
  version?: string;
  state?: string;
  status?: string;
  summary?: string;
  /** Whether integrations of this kind can be made. */
  configurable?: boolean;
  error?: string;
  lastError?: string;
  pid?: number;
  memoryBytes?: number;
  restarts?: number;
  startedAt?: string;
  since?: string;
}

export interface Point {
  /** Unix milliseconds. */
  timestamp: number;
  value: number;
  min?: number;
  max?: number;
}

export interface History {
  start: number;
  end: number;
  metrics?: Record<string, Point[]>;
  source?: string;
}
