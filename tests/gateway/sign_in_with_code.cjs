// As sign_in.cjs, with a second factor: given "step", the time step of the pool's clock, and "secret" if an app was set up before.
const { createHmac } = require("node:crypto");
const [, , client, text] = process.argv;
const { AuthenticationDetails, CognitoUser, CognitoUserPool } = require(client);
const given = JSON.parse(text);
const pool = new CognitoUserPool({ UserPoolId: given.poolId, ClientId: given.clientId, endpoint: given.endpoint });
const user = new CognitoUser({ Username: given.name, Pool: pool });
const details = new AuthenticationDetails({ Username: given.name, Password: given.password });

function code(secret) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(given.step));
  const digest = createHmac("sha1", key).update(message).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

let secret = given.secret;
const callbacks = {
  onSuccess: (session) => console.log(JSON.stringify({ email: session.getIdToken().payload.email, secret })),
  onFailure: (error) => console.log(JSON.stringify({ refused: error.code })),
  totpRequired: () => user.sendMFACode(code(secret), callbacks, "SOFTWARE_TOKEN_MFA"),
  mfaSetup: () =>
    user.associateSoftwareToken({
      ...callbacks,
      associateSecretCode: (offered) => user.verifySoftwareToken(code((secret = offered)), "phone", callbacks),
    }),
};
user.authenticateUser(details, callbacks);
