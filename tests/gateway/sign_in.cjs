// Signs in with amazon-cognito-identity-js: node sign_in.cjs CLIENT '{"endpoint", "poolId", "clientId", "name", "password"}'
const [, , client, text] = process.argv;
const { AuthenticationDetails, CognitoUser, CognitoUserPool } = require(client);
const given = JSON.parse(text);
const pool = new CognitoUserPool({ UserPoolId: given.poolId, ClientId: given.clientId, endpoint: given.endpoint });
const user = new CognitoUser({ Username: given.name, Pool: pool });
const details = new AuthenticationDetails({ Username: given.name, Password: given.password });
user.authenticateUser(details, {
  onSuccess: (session) =>
    user.refreshSession(session.getRefreshToken(), (error, refreshed) =>
      console.log(JSON.stringify({ claims: session.getIdToken().payload, refreshed: !error && refreshed.isValid() }))
    ),
  onFailure: (error) => console.log(JSON.stringify({ refused: error.code })),
});
