// What pages remember of each other until the tab is closed or somebody signs out: the list as it was, drafts.

const entries = new Map();

const keyOf = (user, name) => `${user.sub} ${name}`;

export const remember = (user, name, value) => entries.set(keyOf(user, name), value);
export const recall = (user, name) => entries.get(keyOf(user, name));
export const forget = (user, name) => entries.delete(keyOf(user, name));
export const forgetEverything = () => entries.clear();
