// The filters of the orders list: from the URL, into a request, and whether an order passes them.

/** The filters in a URL's parameters; days are `YYYY-MM-DD` in the reader's own time zone. */
export const filtersOf = (query) => ({
  customer: query.get("customer") ?? "",
  status: query.get("status") ?? "",
  from: day(query.get("from")),
  to: day(query.get("to")),
});

export const isFiltered = (filters) => Object.values(filters).some(Boolean);

/** The same as parameters of `GET /v1/orders`. */
export const asQuery = ({ customer, status, from, to }) => ({
  customer_id: customer,
  status,
  created_from: from && new Date(`${from}T00:00:00`).toISOString(),
  created_to: to && new Date(`${to}T23:59:59.999`).toISOString(),
});

/** Whether a list with these filters shows the order. */
export function passes(order, filters) {
  const query = asQuery(filters);
  return (
    (!query.customer_id || order.customer_id === query.customer_id) &&
    (!query.status || order.status === query.status) &&
    (!query.created_from || order.created_at >= query.created_from) &&
    (!query.created_to || order.created_at <= query.created_to)
  );
}

const day = (text) => (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : "");
