// Every setting, and another value of it.
import { ACCESS, AUTHENTIK, CI, REGISTRY } from "./others.ts";
import { ACCOUNTS } from "./accounts.ts";
import type { Table } from "./row.ts";
import { ZOT } from "./zot.ts";

export const TABLE: Table = { ...REGISTRY, ...ZOT, ...ACCESS, ...AUTHENTIK, ...CI, ...ACCOUNTS };
