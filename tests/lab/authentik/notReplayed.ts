// The parts of the real Authentik's recording that are not replayed, each with its reason.

/** Conversations that are not replayed, by name or address. */
export const skipped: readonly { readonly entry: RegExp; readonly reason: string }[] = [
  {
    entry: / http:\/\/127\.0\.0\.1:5600\//,
    reason: "asked of zot, not of Authentik: tests/lab/zot/transcripts.test.ts has zot's own recording",
  },
  {
    entry: /^policy bindings of the application /,
    reason:
      "the sixteen bindings of a whole Authentik, of which the recording keeps six, all of them about enrolment, " +
      "first start and notifications, which the lab has not: shapes.test.ts checks our own bindings instead",
  },
];

/** Fields of answers that are not compared. */
const fields: readonly { readonly entry: RegExp; readonly path: RegExp; readonly reason: string }[] = [
  {
    entry: /^root config$/,
    path: /\.sentry_dsn$/,
    reason: "where the real Authentik would report its errors to; the lab reports nothing to anybody",
  },
  {
    entry: /^(back|back2|binding removed from file|binding state absent|restored|again) apply$/,
    path: /^\.(status|last_applied_hash)$/,
    reason: "an answer of apply/ is a moment's state, and the watcher may have been faster than the question",
  },
];

/** Values of which only the format is compared: */
export const forms = [
  "times, uuids, hashes, keys and passwords: the same ones have to recur where the recorded ones do",
  "codes: random on both sides, but longer in the lab, which has them from its OpenID library",
  "access tokens: a JWT in Authentik, random letters in the lab; both are opaque to a client",
  "pages: Authentik's are an application in the browser, the lab's are its own",
] as const;

export const ignored = (name: string, path: string): boolean =>
  fields.some((field) => field.entry.test(name) && field.path.test(path));
