// An OpenID provider on loopback for tests: whoever is named at its sign-in is let in.
// node provider.mjs CALLBACK MODULES — tells "listening on URL" once it does.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import http from "node:http";
import { generateKeyPairSync } from "node:crypto";

const [callback, modules] = process.argv.slice(2);
const path = createRequire(`${modules}/package.json`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(path).href);

const server = http.createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${server.address().port}`;
const keys = [generateKeyPairSync("rsa", { modulusLength: 2048 }), generateKeyPairSync("ec", { namedCurve: "P-256" })];
const provider = new Provider(url, {
  jwks: { keys: keys.map((pair) => pair.privateKey.export({ format: "jwk" })) },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256"] },
  clients: [
    {
      client_id: "rollcall",
      client_secret: "between the two of us",
      redirect_uris: [callback],
      id_token_signed_response_alg: process.env.ALGORITHM || "RS256",
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  // The login is "SUBJECT EMAIL", or "SUBJECT EMAIL unverified".
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => {
      const [sub, email, unverified] = id.split(" ");
      return { sub, email, email_verified: !unverified, name: `The one called ${sub}` };
    },
  }),
  cookies: { keys: ["of no worth"] },
});
server.on("request", provider.callback());
console.log(`listening on ${url}`);
