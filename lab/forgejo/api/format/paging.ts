// Stands in for Forgejo 14.0.2: its two kinds of pagination.

const DEFAULT_LIMIT = 30;
const MOST = 50;

/** For secrets and variables: everything, unless a page is requested. */
export function pageIfAsked<T>(items: readonly T[], query: Readonly<Record<string, string>>): T[] {
  return numberOf(query["page"]) < 1 ? [...items] : page(items, query);
}

/** For runs and tasks: always a page. */
export function page<T>(items: readonly T[], query: Readonly<Record<string, string>>): T[] {
  const asked = numberOf(query["limit"]);
  const limit = asked < 1 ? DEFAULT_LIMIT : Math.min(asked, MOST);
  const start = (Math.max(1, numberOf(query["page"])) - 1) * limit;
  return items.slice(start, start + limit);
}

function numberOf(text: string | undefined): number {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : 0;
}
