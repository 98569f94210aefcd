import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { clean, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { admin, Pulse } from './parts/pulse.mjs';

let pulse, browser, context, page, proxy, outside;

/** A reverse proxy that shows the server below /pulse and knows nothing else; it hands paths on without the prefix. */
function reverseProxy(target) {
  const { hostname, port } = new URL(target);
  const inside = (url) => (url.startsWith('/pulse/') ? url.slice('/pulse'.length) : undefined);
  const server = http.createServer((req, res) => {
    const path = inside(req.url);
    if (path === undefined) return res.writeHead(404).end('outside');
    const out = http.request({ hostname, port, path, method: req.method, headers: req.headers }, (got) => {
      res.writeHead(got.statusCode, got.headers);
      got.pipe(res);
    });
    out.on('error', () => res.destroy());
    req.pipe(out);
  });
  server.on('upgrade', (req, socket) => {
    const path = inside(req.url);
    if (path === undefined) return socket.destroy();
    const out = http.request({ hostname, port, path, headers: req.headers });
    out.on('upgrade', (got, upstream) => {
      const head = Object.entries(got.headers).map(([k, v]) => `${k}: ${v}`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('\r\n')}\r\n\r\n`);
      upstream.pipe(socket).pipe(upstream);
      for (const s of [upstream, socket]) s.on('error', () => (upstream.destroy(), socket.destroy()));
    });
    out.on('error', () => socket.destroy());
    out.end();
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

before(async () => {
  [pulse, browser] = await Promise.all([
    Pulse.start('--base-url', 'http://tools.example/pulse'),
    startBrowser(),
  ]);
  await pulse.claim();
  pulse.startAgent();
  await eventually('the agent reported', async () => (await pulse.hosts())[0]?.id);
  proxy = await reverseProxy(pulse.url);
  outside = `http://127.0.0.1:${proxy.address().port}`;
  context = await visitor(browser, { url: outside });
  page = await openPage(context, { expected: [/401/] });
});
after(async () => {
  await browser?.close();
  proxy?.closeAllConnections();
  proxy?.close();
  await pulse?.stop();
});

test('below a path people log in, see live data, and reload where they are', async () => {
  const sockets = [];
  page.on('websocket', (ws) => sockets.push(ws.url()));
  await page.goto('/pulse/infrastructure');
  await page.waitForURL(/\/pulse\/login/);
  await page.getByLabel('User name').fill(admin.name);
  await page.getByLabel('Password', { exact: true }).fill(admin.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${outside}/pulse/infrastructure`);
  await page.getByRole('link', { name: 'atlas', exact: true }).click();
  await page.getByRole('heading', { name: 'atlas', level: 1 }).waitFor();
  await soon(async () => assert.ok(new URL(page.url()).pathname.startsWith('/pulse/r/'), page.url()));
  await page.reload();
  await page.getByRole('heading', { name: 'atlas', level: 1 }).waitFor();
  assert.ok(
    sockets.length > 0 && sockets.every((url) => new URL(url).pathname === '/pulse/ws'),
    sockets.join(' '),
  );
  clean(page);
});
