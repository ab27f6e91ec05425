// The parts of the real Authentik's recording that are not replayed, with the reason for each.

/** Requests that are not replayed, by name or URL. */
export const skipped: readonly { readonly entry: RegExp; readonly reason: string }[] = [
  {
    entry: / http:\/\/127\.0\.0\.1:5600\//,
    reason: "a request to zot, not to Authentik: tests/lab/zot/transcripts replays zot's recording",
  },
  {
    entry: /^policy bindings of the application /,
    reason:
      "all sixteen bindings of an Authentik, of which the recording has six, all for enrolment, first start and " +
      "notifications, which the lab does not implement: shapes.test.ts checks our own bindings instead",
  },
];

/** Response fields that are not compared. */
const fields: readonly { readonly entry: RegExp; readonly path: RegExp; readonly reason: string }[] = [
  {
    entry: /^root config$/,
    path: /\.sentry_dsn$/,
    reason: "the server that Authentik reports errors to; the lab reports none",
  },
  {
    entry: /^(back|back2|binding removed from file|binding state absent|restored|again) apply$/,
    path: /^\.(status|last_applied_hash)$/,
    reason: "apply/ returns the current state, which depends on whether the watcher was faster than the request",
  },
];

/** Values of which only the format is compared: */
export const forms = [
  "times, UUIDs, hashes, keys and passwords: values are equal exactly where the recorded ones are",
  "codes: random on both sides, but longer in the lab, whose OpenID library generates them",
  "access tokens: a JWT in Authentik, random letters in the lab; both are opaque to a client",
  "pages: Authentik has a single-page application, the lab its own pages",
] as const;

export const ignored = (name: string, path: string): boolean =>
  fields.some((field) => field.entry.test(name) && field.path.test(path));
