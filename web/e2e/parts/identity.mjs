import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

// A real provider of OpenID Connect for tests: oidc-provider with its pages for development, on which every password is
// right. Beside it, PUT /test/accounts/NAME says what the provider tells about somebody.

/** What the client, Pulse, is called there. */
export const client = { id: 'pulse', secret: 'a secret of the client under test' };

/**
 * Starts a provider on a port of its own.
 * @param {{ back: string[], out?: string[] }} where the client's callbacks and where logouts lead back to
 */
export async function startProvider({ back, out = [] }) {
  const accounts = new Map();
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: back,
        post_logout_redirect_uris: out,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    cookies: { keys: ['only for tests'] },
    ttl: { AccessToken: 300, IdToken: 300, Session: 3600, Grant: 3600, Interaction: 600 },
    issueRefreshToken: (_ctx, c) => c.grantTypeAllowed('refresh_token'),
    findAccount: (_ctx, name) => ({
      accountId: name,
      claims: () => ({
        sub: name,
        preferred_username: name,
        email: `${name}@example.com`,
        email_verified: true,
        groups: [],
        ...accounts.get(name),
      }),
    }),
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    const [, name] = /^\/test\/accounts\/(\w+)$/.exec(request.url) ?? [];
    if (!name || request.method !== 'PUT') return answer(request, response);
    let body = '';
    for await (const chunk of request) body += chunk;
    accounts.set(name, JSON.parse(body));
    response.writeHead(204).end();
  });
  return {
    issuer,
    /** Says what the provider tells about somebody. */
    account: (name, claims) => accounts.set(name, claims),
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

// For tests that are not written in JavaScript: node identity.mjs CALLBACK LOGGED-OUT writes the issuer, and serves
// until its input ends.
if (process.argv[1] === import.meta.filename) {
  const { issuer } = await startProvider({ back: [process.argv[2]], out: [process.argv[3]] });
  console.log(issuer);
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}
