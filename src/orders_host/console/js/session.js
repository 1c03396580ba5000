// Who is signed in: tokens in memory, the refresh token in this tab's session storage, renewed before they expire.
// A tab that is opened beside it asks for the session of the tabs there are.
// Why it is kept like this: docs/decisions/console-tokens.md

import { asClient, cognito, CognitoError } from "./cognito.js";
import { untilReached } from "./http.js";
import { roleOf } from "./rules.js";
import { signal } from "./view.js";

const STORED = "orders-console.refresh-token";
const ANSWERABLE = new Set(["NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA", "MFA_SETUP"]);
const EARLY = 300; // seconds before expiry at which tokens are renewed

/** `{sub, email, staff, permissions}`; null when nobody is signed in, undefined while that is not known yet. */
export const user = signal(undefined);
/** Whether the session ended by itself, which the sign-in page then says. */
export const ended = signal(false);

let tokens = null; // {id, access, refresh, expires: milliseconds}
let renewal = null; // the one that is under way
let timer = 0;

const HELD = "orders-console.session"; // a lock that every tab with a session shares
const LONGEST_ASKING = 2_000; // milliseconds; a tab that holds the lock answers at once

const otherTabs = new BroadcastChannel("orders-console");
otherTabs.onmessage = ({ data }) => {
  if (data.ended && data.ended === user.peek()?.sub) forget();
  if (data.revoked && data.revoked === tokens?.refresh) forget();
  if (data.asked && tokens && user.peek()) otherTabs.postMessage({ offered: tokens.refresh });
  if (data.offered) offered?.(data.offered);
};
let offered = null; // takes the answer to a question that is open
let release = null; // gives the lock back

/** Signs in; returns the challenge `{name, session, username}` that must be answered first, else null. */
export async function signIn(username, password) {
  const answer = await asClient("InitiateAuth", {
    AuthFlow: "USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: username, PASSWORD: password },
  });
  return outcome(answer, username);
}

/** Answers a challenge; returns the next one, else null. */
export async function answerChallenge(challenge, responses) {
  const answer = await asClient("RespondToAuthChallenge", {
    ChallengeName: challenge.name,
    Session: challenge.session,
    ChallengeResponses: { USERNAME: challenge.username, ...responses },
  });
  return outcome(answer, challenge.username);
}

/** Takes up this tab's session again, if there is one. */
export async function restore() {
  const refresh = stored.get() ?? (await fromOtherTab());
  if (!refresh) return user.set(null);
  tokens = { refresh, expires: 0 };
  await untilReached(renew).catch(() => user.peek() ?? user.set(null));
}

/** An ID token that is good for the next request. */
export async function idToken() {
  if (tokens && tokens.expires - Date.now() < 30_000) await renew();
  return tokens?.id ?? "";
}

/** Performs an operation of the user pool for whoever is signed in. */
export async function asUser(operation, request) {
  await idToken();
  return cognito(operation, { AccessToken: tokens.access, ...request });
}

/** When the present tokens expire, in milliseconds since 1970. */
export const expiry = () => tokens?.expires ?? 0;

/** Renews the tokens; whoever asks meanwhile shares the answer. A refusal ends the session and is raised. */
export function renew() {
  renewal ??= renewOnce().finally(() => (renewal = null));
  return renewal;
}

/** Ends the session of this tab. */
export async function signOut() {
  const { refresh } = tokens;
  forget();
  otherTabs.postMessage({ revoked: refresh });
  await asClient("RevokeToken", { Token: refresh });
}

/** Ends the sessions of this user wherever they are. */
export async function signOutEverywhere() {
  await asUser("GlobalSignOut");
  otherTabs.postMessage({ ended: user.peek().sub });
  forget();
}

async function renewOnce() {
  const { refresh } = tokens;
  try {
    const answer = await asClient("InitiateAuth", {
      AuthFlow: "REFRESH_TOKEN_AUTH",
      AuthParameters: { REFRESH_TOKEN: refresh },
    });
    if (tokens) keep({ RefreshToken: refresh, ...answer.AuthenticationResult });
  } catch (error) {
    if (error instanceof CognitoError && error.type === "NotAuthorizedException") {
      forget();
      ended.set(true);
    }
    throw error;
  }
}

function outcome(answer, username) {
  const name = answer.ChallengeName;
  if (ANSWERABLE.has(name)) return { name, session: answer.Session, username };
  if (!answer.AuthenticationResult) throw new CognitoError("UnsupportedChallenge", name);
  keep(answer.AuthenticationResult);
  return null;
}

function keep(result) {
  const lifetime = result.ExpiresIn * 1000;
  tokens = {
    id: result.IdToken,
    access: result.AccessToken,
    refresh: result.RefreshToken,
    expires: Date.now() + lifetime,
  };
  stored.set(tokens.refresh);
  hold();
  clearTimeout(timer);
  timer = setTimeout(() => renew().catch(() => {}), Math.max(lifetime - EARLY * 1000, lifetime / 2));
  const claims = claimsOf(tokens.id);
  ended.set(false);
  if (user.peek()?.sub !== claims.sub) {
    user.set({ sub: claims.sub, email: claims.email, ...roleOf(claims["cognito:groups"] ?? []) });
  }
}

function forget() {
  tokens = null;
  release?.();
  clearTimeout(timer);
  stored.set(null);
  user.set(null);
}

/** The refresh token of another tab that is signed in, or null: links open in new tabs without signing in again. */
async function fromOtherTab() {
  const held = await navigator.locks?.query().catch(() => null); // absent where the page is not from a secure origin
  if (!held?.held.some(({ name }) => name === HELD)) return null;
  return new Promise((resolve) => {
    const answer = (token) => ((offered = null), clearTimeout(timeout), resolve(token));
    const timeout = setTimeout(() => answer(null), LONGEST_ASKING);
    offered = answer;
    otherTabs.postMessage({ asked: true });
  });
}

/** Lets other tabs know that this one has a session, until it ends. */
function hold() {
  if (release || !navigator.locks) return;
  const done = new Promise((resolve) => (release = () => ((release = null), resolve())));
  navigator.locks.request(HELD, { mode: "shared" }, () => done).catch(() => {});
}

/** The claims of a token, unverified: they decide what is shown, the API decides what is allowed. */
function claimsOf(token) {
  const payload = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (char) => char.charCodeAt(0))));
}

const stored = {
  get() {
    try {
      return sessionStorage.getItem(STORED);
    } catch {
      return null; // storage is switched off: the session ends with the page
    }
  },
  set(token) {
    try {
      if (token) sessionStorage.setItem(STORED, token);
      else sessionStorage.removeItem(STORED);
    } catch {
      // As above.
    }
  },
};
