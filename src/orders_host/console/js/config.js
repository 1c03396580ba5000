// Where the API and its user pool are: the host says it in /config.json.

import { reach } from "./http.js";

/** `environment`, `api_url`, `cognito_url`, `user_pool_id`, `client_id` and, where the API wants one, `api_key`. */
export let config = null;

export async function loadConfig() {
  const response = await reach("/config.json");
  if (!response.ok) throw new Error(`/config.json: ${response.status}`);
  config = await response.json();
}
