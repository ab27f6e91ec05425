// Stands in for Authentik: storage for the OpenID provider library's codes and tokens, and its view of sessions.
import type { Adapter, AdapterPayload } from "oidc-provider";
import type { Database } from "../../models/database.ts";
import type { Json } from "../../../shared/json.ts";
import { object } from "../../../shared/json.ts";

/** The signed-in account's subject, by session. */
export type SubjectOf = (session: string) => { readonly subject: string; readonly authTime: number } | undefined;

/** Creates the library's storage for one model. */
export function storageFor(database: Database, subjectOf: SubjectOf): (kind: string) => Adapter {
  return (kind) => (kind === "Session" ? sessionStorage(subjectOf) : keptStorage(database, kind));
}

/** The library uses Authentik's sessions and never creates its own. */
function sessionStorage(subjectOf: SubjectOf): Adapter {
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  const find = (id: string): Promise<AdapterPayload | undefined> => {
    const login = subjectOf(id);
    if (login === undefined) return nothing();
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const payload = { kind: "Session", jti: id, uid: id, iat: login.authTime, exp };
    return Promise.resolve({ ...payload, accountId: login.subject, loginTs: login.authTime });
  };
  return {
    find,
    findByUid: find,
    findByUserCode: nothing,
    upsert: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
}

function keptStorage(database: Database, kind: string): Adapter {
  const nameOf = (id: string): string => `${kind}:${id}`;
  const kept = (): Record<string, Json> => database.state.openid;
  const drop = (unwanted: (name: string, payload: AdapterPayload) => boolean): void => {
    for (const [name, value] of Object.entries(kept()))
      if (unwanted(name, payloadOf(value))) Reflect.deleteProperty(kept(), name);
    database.save();
  };
  const isOver = ({ exp }: AdapterPayload): boolean => exp !== undefined && exp * 1000 <= Date.now();
  const find = (id: string): Promise<AdapterPayload | undefined> => {
    const value = kept()[nameOf(id)];
    const payload = value === undefined ? undefined : payloadOf(value);
    return Promise.resolve(payload === undefined || isOver(payload) ? undefined : payload);
  };
  /** Seconds since 1970 at which the first one expires. After a restart, what the file has may have expired. */
  let expires = 0;
  return {
    find,
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    upsert: (id, payload) => {
      kept()[nameOf(id)] = JSON.parse(JSON.stringify(payload)) as Json;
      expires = Math.min(expires, payload.exp ?? Infinity);
      if (expires * 1000 > Date.now()) database.save();
      else {
        drop((_, other) => isOver(other));
        expires = Math.min(...Object.values(kept()).map((other) => payloadOf(other).exp ?? Infinity));
      }
      return Promise.resolve(undefined);
    },
    consume: (id) => {
      const value = kept()[nameOf(id)];
      if (value !== undefined) kept()[nameOf(id)] = { ...object(value), consumed: Math.floor(Date.now() / 1000) };
      database.save();
      return Promise.resolve(undefined);
    },
    destroy: (id) => {
      Reflect.deleteProperty(kept(), nameOf(id));
      database.save();
      return Promise.resolve(undefined);
    },
    revokeByGrantId: (grantId) => {
      drop((name, payload) => name.startsWith(`${kind}:`) && payload.grantId === grantId);
      return Promise.resolve(undefined);
    },
  };
}

const payloadOf = (value: Json): AdapterPayload => object(value);
