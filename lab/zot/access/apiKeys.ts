// Stands in for zot: the routes with which users create, list and revoke API keys.
import type { Subject } from "./accessControl.ts";
import { authenticate } from "./authentication.ts";
import type { Answered, Exchange } from "../server/http.ts";
import { answered, readBody, sendEmpty, sendJson, setCorsHeaders } from "../server/http.ts";
import type { ZotState } from "../server/state.ts";
import type { ApiKey } from "./users.ts";
import { never } from "./users.ts";

const bodyLimit = 8192;

/** Answers `/zot/auth/apikey`. */
export async function apiKeyRoutes(zot: ZotState, exchange: Exchange): Promise<Answered> {
  const { method } = exchange;
  if (!["GET", "POST", "DELETE", "OPTIONS"].includes(method)) return sendEmpty(exchange, 405);
  const subject = method === "OPTIONS" ? undefined : await authenticate(zot, exchange);
  if (subject === answered) return answered;
  setCorsHeaders(exchange, "GET,POST,DELETE,OPTIONS", zot.startConfig.http.allowOrigin);
  if (subject === undefined) return sendEmpty(exchange, 204);
  // zot finds no record of an anonymous user and reports an internal error.
  if (subject.name === "") return sendEmpty(exchange, 500);
  if (method === "GET") return sendJson(exchange, 200, { apiKeys: zot.users.apiKeys(subject.name) });
  if (method === "DELETE") return revoke(zot, exchange, subject);
  return create(zot, exchange, subject);
}

/** Answers 200 even if the key does not exist or belongs to another user, whose key is kept. */
function revoke(zot: ZotState, exchange: Exchange, subject: Subject): Answered {
  const ids = exchange.query.getAll("id");
  const [id] = ids;
  if (id === undefined || ids.length > 1) return sendEmpty(exchange, 400);
  zot.users.removeApiKey(subject.name, id);
  return sendEmpty(exchange, 200);
}

async function create(zot: ZotState, exchange: Exchange, subject: Subject): Promise<Answered> {
  const body = await readBody(exchange.request, zot.version.apiKeyBodyLimited ? bodyLimit : Infinity);
  if (body === undefined) return sendEmpty(exchange, 413);
  const settings = parseSettings(body.toString());
  if (settings === undefined) return sendEmpty(exchange, 400);
  const creatorUa = exchange.request.headers["user-agent"] ?? "";
  return sendJson(exchange, 201, zot.users.addApiKey(subject.name, { ...settings, creatorUa }));
}

type Settings = Pick<ApiKey, "label" | "scopes" | "expirationDate">;

function parseSettings(body: string): Settings | undefined {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof document !== "object" || Array.isArray(document)) return undefined;
  // Go matches field names case-insensitively, ignores unknown fields and treats null as absent.
  const fields = new Map(Object.entries(document ?? {}).map(([key, value]) => [key.toLowerCase(), value as unknown]));
  const label = fields.get("label") ?? "";
  const scopes = fields.get("scopes") ?? null;
  const expires = fields.get("expirationdate") ?? "";
  if (typeof label !== "string" || typeof expires !== "string" || !isListOfTexts(scopes)) return undefined;
  const expirationDate = expires === "" ? never : normalDate(expires);
  return expirationDate === undefined ? undefined : { label, scopes, expirationDate };
}

function isListOfTexts(value: unknown): value is string[] | null {
  return value === null || (Array.isArray(value) && value.every((item) => typeof item === "string"));
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** The date as Go formats it. Undefined if it is not RFC 3339, not a valid date, or in the past. */
function normalDate(text: string): string | undefined {
  const [, year = "", month = "", day = "", time = "", fraction = "", zone = ""] = rfc3339.exec(text) ?? [];
  const milliseconds = Date.parse(text);
  const daysInMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (zone === "" || Number.isNaN(milliseconds) || Number(day) > daysInMonth || milliseconds <= Date.now())
    return undefined;
  const digits = fraction.replace(/0+$/, "").replace(/^\.$/, "");
  return `${year}-${month}-${day}T${time}${digits}${zone === "+00:00" ? "Z" : zone}`;
}
