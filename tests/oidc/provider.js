// A certified OpenID Connect provider with accounts of the tests. Its configuration comes as JSON on standard input:
// {port, jwks, accounts: {login: claims}, clients, audience}, the folder of its packages as its first argument. It says
// "ready" once it listens.
import { text } from 'node:stream/consumers';

const { default: Provider } = await import(`${process.argv[2]}/node_modules/oidc-provider/lib/index.js`);
const { port, jwks, accounts, clients, audience } = JSON.parse(await text(process.stdin));
const claimsOf = (login) => ({ sub: login, ...(accounts[login] ?? {}) });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  jwks,
  claims: { openid: ['sub', 'sid', 'roles', 'police_force'] },
  conformIdTokenClaims: false, // an ID token has the claims itself: nobody needs to ask for them once more
  findAccount: (_context, login) => ({ accountId: login, claims: () => claimsOf(login) }),
  extraTokenClaims: (_context, token) => (token.accountId ? claimsOf(token.accountId) : undefined),
  cookies: { keys: ['only for tests'] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context, client) => (client.grantTypes.includes('client_credentials') ? audience : undefined),
      useGrantedResource: () => false,
      getResourceServerInfo: () => ({
        scope: 'api',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  ttl: { Session: 3600, Grant: 3600, Interaction: 600, IdToken: 600, AccessToken: 600, ClientCredentials: 600 },
  fetch: (url, options) => {
    delete options.dispatcher; // it would refuse the tests' own loopback address
    return globalThis.fetch(url, options);
  },
});
provider.on('backchannel.error', (_context, error) => console.error(`back-channel: ${error.message}`));
provider.on('server_error', (_context, error) => console.error(error));
provider.listen(port, '127.0.0.1', () => console.log('ready'));
