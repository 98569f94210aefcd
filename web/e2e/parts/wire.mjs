import { connect, createServer } from 'node:net';

/** A way to a server that counts what comes back over it, with all headers and as compressed as it travels. */
export class Wire {
  received = 0;
  #sockets = new Set();

  static async to(url) {
    const wire = new Wire();
    const { hostname, port } = new URL(url);
    wire.server = createServer((near) => {
      const far = connect(Number(port), hostname);
      far.on('data', (chunk) => (wire.received += chunk.length));
      near.pipe(far).pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ]) {
        wire.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          wire.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
    await new Promise((done) => wire.server.listen(0, '127.0.0.1', done));
    wire.url = `http://127.0.0.1:${wire.server.address().port}`;
    return wire;
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}
