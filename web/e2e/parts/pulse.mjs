import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually, patience } from './eventually.mjs';
import { freePort, launch, once } from './processes.mjs';

export const admin = { name: 'admin', password: 'correct horse battery staple' };

const adminToken = '0123456789abcdef0123456789abcdef0123456789abcdef';

/** A server on a data directory of its own, with the agents that were started for it. */
export class Pulse {
  #agents = [];

  /** With extra arguments for the server. */
  static async start(...args) {
    const pulse = new Pulse();
    pulse.args = args;
    pulse.dir = await mkdtemp(path.join(tmpdir(), 'pulse-web-'));
    pulse.data = path.join(pulse.dir, 'data');
    pulse.address = `127.0.0.1:${await freePort()}`;
    pulse.url = `http://${pulse.address}`;
    await pulse.up();
    return pulse;
  }

  /** Starts the server (again) and waits until it is healthy. */
  async up() {
    this.server = launch('pulse', 'serve', '--data', this.data, '--listen', this.address, ...this.args);
    await eventually('the server is healthy', async () => {
      if (this.server.over) throw new Error(`the server ended: ${this.server.output}`);
      return (await fetch(`${this.url}/api/health`)).ok;
    });
  }

  /** Kills the server as a crash would, and its plugins with it. */
  async crash() {
    await this.server.kill();
  }

  /** The token that proves access to the server's machine. */
  bootstrapToken() {
    return once('pulse', 'bootstrap-token', '--data', this.data).trim().split('\n').at(-1);
  }

  /** Reports this machine, under a neutral name, every two seconds. */
  startAgent(hostname = 'atlas') {
    this.#agents.push(
      launch(
        'pulse-agent',
        ...['--url', this.url, '--token-file', path.join(this.data, 'local-agent.token')],
        ...['--state-dir', path.join(this.dir, `agent-${hostname}`), '--hostname', hostname],
        ...['--interval', '2s', '--health-addr', ''],
      ),
    );
  }

  /** Makes the account, as the wizard does. */
  async claim() {
    await this.call('POST', '/api/security/quick-setup', {
      body: { username: admin.name, password: admin.password, apiToken: adminToken },
      headers: { 'X-Setup-Token': this.bootstrapToken() },
      token: '',
    });
  }

  /** Makes a token with these scopes and returns it. */
  async mint(name, ...scopes) {
    return (await this.call('POST', '/api/security/tokens', { body: { name, scopes } })).token;
  }

  /** Calls the API and returns the JSON of the answer. */
  async call(method, where, { body, headers, token = adminToken } = {}) {
    const answer = await fetch(this.url + where, {
      method,
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patience),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** The hosts that the server knows. */
  async hosts() {
    return (await this.call('GET', '/api/state')).hosts;
  }

  async stop() {
    await Promise.all([...this.#agents, this.server].map((p) => p.kill()));
    await rm(this.dir, { recursive: true, force: true });
  }
}
