// A certified OpenID provider (panva/node-oidc-provider) on the loopback interface.
// What it is told comes as JSON in the first argument: client, redirect, people by
// what they sign in as. Its issuer is the first line that it prints.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { client, redirect, people } = JSON.parse(process.argv[2]);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirect] }],
    claims: { openid: ['sub'], profile: ['name', 'id_number', 'id_type'] },
    cookies: { keys: ['of the tests'] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => (people[id] ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
    pkce: { required: () => true },
    ttl: { AuthorizationCode: 60, IdToken: 60, AccessToken: 60, Session: 600, Interaction: 600, Grant: 600 },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
