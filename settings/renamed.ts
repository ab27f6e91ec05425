/** Settings that have a new name, by the old one. */
export const RENAMED_SETTINGS: ReadonlyMap<string, string> = new Map([["ci.unknownKeys", "ci.unmanagedKeys"]]);
