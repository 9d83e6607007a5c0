// A real OIDC issuer (oidc-provider) for tests: node issuer.mjs PORT. Standard input takes `{"keys": [private JWKs]}`,
// one line each time the keys change: as a real one does, it then signs with the first and publishes all of them.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const audience = "https://motcua.example/api";

function made(jwks) {
  return new Provider(issuer, {
    jwks,
    clients: ["nightly", "stranger"].map((client_id) => ({
      client_id,
      client_secret: `${client_id}-secret`,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    clientDefaults: { id_token_signed_response_alg: jwks.keys[0].alg },
    ttl: { ClientCredentials: 600 },
    scopes: ["dossiers"],
    extraTokenClaims: (ctx, token) => ({
      realm_access: { roles: ["offline_access", "motcua-supervisor"] },
      agency: "44",
      asked_by: token.clientId,
    }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource) => ({
          scope: "dossiers",
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: jwks.keys[0].alg } },
        }),
      },
    },
  });
}

let answer;
const server = createServer((request, response) => answer(request, response));
for await (const line of createInterface({ input: process.stdin })) {
  answer = made(JSON.parse(line)).callback();
  if (!server.listening) await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  console.log("ready");
}
server.close();
process.exit(0);
