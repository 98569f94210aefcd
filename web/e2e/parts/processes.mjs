import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { patience } from './eventually.mjs';

const root = path.resolve(import.meta.dirname, '../../..');

/** Where the programs under test lie. */
export const bin = process.env.PULSE_BIN ?? path.join(root, 'bin');

/** The browser that the tests drive. */
export const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Says in one sentence what is missing to run at all, or nothing. */
export function missing() {
  if (!existsSync(chromium)) {
    return `There is no Chromium at ${chromium}: install it, or name it in the variable CHROMIUM.`;
  }
  for (const program of ['pulse', 'pulse-agent', 'plugins/pulse-plugin-host']) {
    if (!existsSync(path.join(bin, program))) {
      return `There is no ${path.join(bin, program)}: run make build first.`;
    }
  }
  if (process.env.PULSE_BIN === undefined && !existsSync(path.join(root, 'web/dist/index.html'))) {
    return 'The web app is not built: run make build first.';
  }
  return '';
}

/** That of a service: no settings of the developer's own. */
const environment = { PATH: process.env.PATH, HOME: '/tmp', TZ: 'UTC' };

const running = new Set();

/** Whatever way this process ends, nothing that it started outlives it. */
process.on('exit', () => {
  for (const p of running) p.killGroup();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A program that runs, with the end of what it wrote. */
class Program {
  output = '';
  over = false;

  constructor(name, args) {
    this.name = name;
    // A group of its own, so that plugins that survive their server do not survive the test.
    this.child = spawn(path.join(bin, name), args, {
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk) => (this.output = (this.output + chunk).slice(-16_384));
    this.child.stdout.on('data', keep);
    this.child.stderr.on('data', keep);
    this.ended = new Promise((resolve) => {
      const done = () => {
        this.over = true;
        resolve();
      };
      this.child.on('exit', done);
      this.child.on('error', (error) => {
        keep(error.message);
        done();
      });
    });
    running.add(this);
  }

  signal(signal) {
    this.child.kill(signal);
  }

  killGroup() {
    running.delete(this);
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch {
      // The whole group is gone already.
    }
  }

  /** Ends the program and what it started, the hard way. */
  async kill() {
    this.killGroup();
    await this.ended;
  }
}

/** Starts one of our programs. */
export function launch(name, ...args) {
  return new Program(name, args);
}

/** Runs one of our programs to its end and returns what it wrote to its standard output. */
export function once(name, ...args) {
  const got = spawnSync(path.join(bin, name), args, {
    env: environment,
    encoding: 'utf8',
    timeout: patience,
  });
  if (got.status !== 0) throw new Error(`${name} ${args.join(' ')}: status ${got.status}: ${got.stderr}`);
  return got.stdout;
}

/**
 * A loopback port that nobody listens on now. It is below those that the system takes for connections and for whoever
 * listens on any port, so that none is taken before it is used, nor while a server starts again. A socket of its name, which
 * is there as long as this process, keeps others who test beside us away from it.
 */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    const lock = await bound(`\0pulse-test-port-${port}`);
    lock?.unref();
    const server = lock && (await bound(port, '127.0.0.1'));
    if (server) {
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
}

/** A server that listens there; undefined when another does. */
function bound(...where) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(...where, () => resolve(server));
  });
}
