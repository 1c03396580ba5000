// Cognito's API as a browser needs it: one POST an operation, no SDK.

import { config } from "./config.js";
import { reach } from "./http.js";

const TARGET = "AWSCognitoIdentityProviderService.";

/** A refusal; `type` is Cognito's name for it, such as NotAuthorizedException. */
export class CognitoError extends Error {
  constructor(type, message) {
    super(message);
    this.type = type;
  }
}

/** Performs an operation. Raises CognitoError, or Unreachable when no answer came. */
export async function cognito(operation, request) {
  const response = await reach(`${config.cognito_url.replace(/\/$/, "")}/`, {
    method: "POST",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET + operation },
    body: JSON.stringify(request),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const type = String(answer.__type ?? "InternalErrorException").split("#").pop();
  throw new CognitoError(type, answer.message ?? `The user pool answered ${response.status}.`);
}

/** The same for the operations that name the client. */
export const asClient = (operation, request) => cognito(operation, { ClientId: config.client_id, ...request });
