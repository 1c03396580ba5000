// Where the API and its user pool are: the host says it in config.json, which is beside this folder.

import { reach } from "./http.js";

/** `environment`, `store`, `api_url`, `cognito_url`, `user_pool_id`, `client_id` and, where the API wants one, `api_key`. */
export let config = null;

export async function loadConfig() {
  const response = await reach(new URL("../config.json", import.meta.url));
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  config = await response.json();
}

/** Whether the API looks for words, sorts by more than the time of placing and counts: no index of DynamoDB does. */
export const isSearchable = () => config.store === "sqlite";

/** Whether letters, such as those with codes, are kept as files beside the data instead of being sent. */
export const keepsLetters = () => config.mail === "folder";
