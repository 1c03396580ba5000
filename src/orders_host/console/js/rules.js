// Who may do what to an order: the API's own tables, so that pages offer what it will accept and nothing else.

/** What is printed of an order. */
export const PAPERS = ["packing-slip", "invoice"];

export const STATUSES = ["PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED"];

const TRANSITIONS = {
  PENDING: ["CONFIRMED", "CANCELLED"],
  CONFIRMED: ["PROCESSING", "CANCELLED"],
  PROCESSING: ["SHIPPED", "CANCELLED"],
  SHIPPED: ["DELIVERED"],
  DELIVERED: [],
  CANCELLED: [],
};
const RETURN_TRANSITIONS = {
  REQUESTED: ["APPROVED", "REJECTED"],
  APPROVED: ["RECEIVED"],
  RECEIVED: ["REFUNDED"],
  REFUNDED: [],
  REJECTED: [],
};
const ROLES = {
  staff: { settable: STATUSES, editableIn: ["PENDING", "CONFIRMED", "PROCESSING"] },
  customer: { settable: ["CANCELLED"], editableIn: ["PENDING"] },
};
const MOST_RETURNS = 20;
const DELETABLE = ["PENDING", "CANCELLED"];

const roleOf = (user) => (user.staff ? ROLES.staff : ROLES.customer);

/** The statuses that the user may move the order to. */
export const moves = (order, user) =>
  TRANSITIONS[order.status].filter((status) => roleOf(user).settable.includes(status));

/** Whether the order can still become something else. */
export const isOpen = (order) => TRANSITIONS[order.status].length > 0;

export const canEdit = (order, user) => roleOf(user).editableIn.includes(order.status);

export const canDelete = (order) => DELETABLE.includes(order.status);

/** The statuses that the user may move a return to. */
export const returnMoves = (entry, user) => (user.staff ? RETURN_TRANSITIONS[entry.status] : []);

/** How many of each item can still come back, in the order of the items. */
export function returnable(order) {
  if (order.status !== "DELIVERED") return order.items.map(() => 0);
  const lines = (order.returns ?? []).filter((entry) => entry.status !== "REJECTED").flatMap((entry) => entry.lines);
  return order.items.map((item, index) =>
    lines.filter((line) => line.line === index + 1).reduce((left, line) => left - line.quantity, item.quantity),
  );
}

export const canReturn = (order) =>
  (order.returns ?? []).length < MOST_RETURNS && returnable(order).some((quantity) => quantity > 0);
